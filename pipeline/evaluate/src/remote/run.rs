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

/// What an endpoint has answered.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteAnswers {
    /// The way of asking that was found.
    pub pilot: PilotResult,
    /// The answers to each set.
    pub sets: Vec<SetAnswers>,
    /// The model that answered, where the server says so.
    pub model: Option<String>,
}

/// Asks a model every item of every set.
///
/// Stops at the first error; what was answered until then is
/// kept by the service, so the next run goes on from there.
pub async fn evaluate_remote(
    model: &OpenAi,
    settings: &EvaluationSettings,
    sets: &[QuestionSet],
    progress: &dyn Progress,
) -> Result<RemoteAnswers, EvaluateError> {
    let options = &settings.options;
    let asked = sets.iter().filter(|set| !set.questions.is_empty());
    let most_choices = asked.map(|set| set.task.choices()).max();
    let Some(most_choices) = most_choices else {
        return Err(EvaluateError::NoMode);
    };
    let pilot = pilot(settings, sets)?;
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
                let question = match question {
                    Ok(question) => question,
                    Err(error) => {
                        failure.borrow_mut().get_or_insert(error);
                        return None;
                    }
                };
                let prompt = settings.render(set, &question);
                let asked = options.ask(way, model, &prompt, &question, &set.reader, progress);
                match asked.await {
                    Ok(asked) => {
                        if let Err(error) = one_model(answering, &asked, model, progress) {
                            failure.borrow_mut().get_or_insert(error);
                            return None;
                        }
                        progress.step(&format!("{} {}", set.task, set.language));
                        let share = asked.letters_probability;
                        Some((index, share, prediction(&question, &prompt, asked)))
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
    if let Some(error) = failure.into_inner() {
        return Err(error);
    }
    for (answers, shares) in answered.iter_mut().zip(shares) {
        answers.letters_probability = mean(&shares);
    }
    Ok(RemoteAnswers {
        pilot: way,
        sets: answered,
        model: answering.into_inner(),
    })
}

/// Fails where another model answers than before: an alias that moved, or a router's second choice. Says so the first time if
/// it is not the one that was asked.
fn one_model(
    seen: &RefCell<Option<String>>,
    answer: &ItemAnswer,
    asked: &OpenAi,
    progress: &dyn Progress,
) -> Result<(), EvaluateError> {
    let (mut seen, Some(model)) = (seen.borrow_mut(), answer.model.as_deref()) else {
        return Ok(());
    };
    let asked = asked.model();
    let first = seen.get_or_insert_with(|| {
        if !is_form_of(model, asked) {
            progress.note(&format!(
                "the endpoint was asked for `{asked}` and says that `{model}` answers; the predictions say so, too"
            ));
        }
        model.to_owned()
    });
    if first == model {
        return Ok(());
    }
    Err(EvaluateError::SeveralModels {
        first: first.clone(),
        other: model.to_owned(),
    })
}

/// Whether a name is the asked one with a date, a revision or a provider: `gpt-4o-2024-08-06`, `llama3.2:latest`, `org/name`.
fn is_form_of(name: &str, asked: &str) -> bool {
    let Some((before, after)) = name.split_once(asked) else {
        return false;
    };
    let path = before.is_empty() || before.ends_with('/');
    let mut after = after.chars();
    let version = match after.next() {
        None => true,
        Some('-') => after.all(|c| c.is_ascii_digit() || c == '-'),
        Some(':' | '@') => true,
        Some(_) => false,
    };
    path && version
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
fn pilot(
    settings: &EvaluationSettings,
    sets: &[QuestionSet],
) -> Result<Vec<PilotItem>, EvaluateError> {
    let questions = pilot_questions(sets)?.into_iter();
    let items = questions.map(|(set, question)| PilotItem {
        reader: set.reader.clone(),
        prompt: settings.render(set, &question),
        separator: settings.kind(&question).separator().to_owned(),
        id: question.id,
        choices: question.choices,
    });
    Ok(items.collect())
}

#[cfg(test)]
mod tests {
    use super::is_form_of;

    #[test]
    fn a_date_or_a_provider_is_no_other_model() {
        for (name, asked, same) in [
            ("gpt-4o-2024-08-06", "gpt-4o", true),
            ("gpt-4-0613", "gpt-4", true),
            ("gpt-4o", "gpt-4o", true),
            ("openai/gpt-4o", "gpt-4o", true),
            ("llama3.2:latest", "llama3.2", true),
            ("folder/tiny@main", "folder/tiny", true),
            ("gpt-4o-mini", "gpt-4o", false),
            ("gpt-4o-mini-2024-07-18", "gpt-4o", false),
            ("llama-3", "gpt-4o", false),
        ] {
            assert_eq!(is_form_of(name, asked), same, "{name} for {asked}");
        }
    }
}
