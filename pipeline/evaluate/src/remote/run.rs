use super::{ItemAnswer, PilotResult, pilot::PilotItem};
use crate::{
    EvaluateError, EvaluationSettings, Question, QuestionSet, SetAnswers, question_sha256,
    questions::{mean, pilot_questions},
};
use clika_base::files::sha256_hex;
use clika_base::types::Progress;
use clika_network::services::OpenAi;
use clika_scores::predictions::Prediction;
use futures_util::{StreamExt, stream};
use std::cell::RefCell;

/// Asks a model every item of every set.
///
/// Also returns the way of asking that was found. Stops at the first error; what was answered until then is
/// kept by the service, so the next run goes on from there.
pub async fn evaluate_remote(
    model: &OpenAi,
    settings: &EvaluationSettings,
    sets: &[QuestionSet],
    progress: &dyn Progress,
) -> Result<(PilotResult, Vec<SetAnswers>), EvaluateError> {
    let options = &settings.options;
    let questions = || sets.iter().flat_map(|set| &set.questions);
    let most_choices = questions().map(|it| it.choices.len()).max();
    let Some(most_choices) = most_choices else {
        return Err(EvaluateError::NoMode);
    };
    let pilot = pilot(settings, sets);
    let way = options.find(model, &pilot, most_choices, progress).await?;
    let total: usize = sets.iter().map(|set| set.questions.len()).sum();
    progress.start(total as u64, "items");
    let items = sets.iter().enumerate().flat_map(|(index, set)| {
        let questions = set.questions.iter();
        questions.map(move |question| (index, set, question))
    });
    // After a failure nothing more is sent, but what is under way is paid for, and ends in the cache.
    let failure = RefCell::new(None);
    let answering = RefCell::new(None);
    // `buffered` keeps the order; prompts are written when their turn comes.
    let mut answers = stream::iter(items)
        .map(|(index, set, question)| {
            let (failure, way, answering) = (&failure, &way, &answering);
            async move {
                if failure.borrow().is_some() {
                    return None;
                }
                let prompt = settings.render(question);
                match options.ask(way, model, &prompt, question, progress).await {
                    Ok(asked) => {
                        if let Err(error) = one_model(answering, asked.model.as_deref()) {
                            failure.borrow_mut().get_or_insert(error);
                            return None;
                        }
                        progress.step(&format!("{} {}", set.task, set.language));
                        let share = asked.letters_probability;
                        Some((index, share, prediction(question, &prompt, asked)))
                    }
                    Err(error) => {
                        let error = EvaluateError::about(error, &question.id);
                        failure.borrow_mut().get_or_insert(error);
                        None
                    }
                }
            }
        })
        .buffered(model.concurrency());
    let empty = || SetAnswers {
        predictions: Vec::new(),
        separator: way.separator.clone(),
        letters_probability: None,
    };
    let mut answered: Vec<SetAnswers> = sets.iter().map(|_| empty()).collect();
    let mut shares = vec![Vec::new(); sets.len()];
    while let Some(answer) = answers.next().await {
        if let Some((index, share, prediction)) = answer {
            shares[index].extend(share);
            answered[index].predictions.push(prediction);
        }
    }
    drop(answers);
    progress.finish();
    match failure.into_inner() {
        Some(error) => Err(error),
        None => {
            for (answers, shares) in answered.iter_mut().zip(shares) {
                answers.letters_probability = mean(&shares);
            }
            Ok((way, answered))
        }
    }
}

/// Fails where another model answers than before: an alias that moved, or a router's second choice.
fn one_model(seen: &RefCell<Option<String>>, model: Option<&str>) -> Result<(), EvaluateError> {
    let (mut seen, Some(model)) = (seen.borrow_mut(), model) else {
        return Ok(());
    };
    let first = seen.get_or_insert_with(|| model.to_owned());
    if first == model {
        return Ok(());
    }
    Err(EvaluateError::SeveralModels {
        first: first.clone(),
        other: model.to_owned(),
    })
}

fn prediction(question: &Question, prompt: &str, asked: ItemAnswer) -> Prediction {
    Prediction {
        item_id: question.id.clone(),
        cluster_id: question.cluster_id.clone(),
        scores: asked.scores,
        answer: asked.answer,
        response: Some(asked.response),
        label: question.label,
        item_sha256: Some(question_sha256(question)),
        prompt_sha256: Some(sha256_hex(prompt)),
    }
}

/// What the pilot asks.
fn pilot(settings: &EvaluationSettings, sets: &[QuestionSet]) -> Vec<PilotItem> {
    let items = pilot_questions(sets).into_iter().map(|question| PilotItem {
        id: question.id.clone(),
        prompt: settings.render(question),
        choices: question.choices.clone(),
        separator: settings.kind(question).separator().to_owned(),
    });
    items.collect()
}
