use crate::{
    EvaluateError, ItemAnswer, PilotResult, Question, RequestOptions,
    pilot::{PILOT_ITEMS, PilotItem},
};
use clika_base::files::sha256_hex;
use clika_base::templates::{ItemPrompt, PromptTemplate};
use clika_base::types::{LanguageCode, Progress, Task};
use clika_network::services::OpenAi;
use clika_scores::predictions::{Prediction, item_sha256};
use futures_util::{StreamExt, stream};
use std::{cell::RefCell, collections::BTreeSet};

/// The questions of a task in one language that a model is asked.
#[derive(Clone, Debug)]
pub struct QuestionSet {
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
    /// The items.
    pub questions: Vec<Question>,
}

/// The version of how answers become scores, for everything that evaluates: prompts, tokens, letters, scores, the choice
/// among them.
///
/// It is raised whenever a change may move a number, however little. Predictions of two versions do not stand under one
/// name, and answers that a local model gave under another version are not used again.
pub const SCORING_VERSION: u32 = 2;

/// A model's answers to a [`QuestionSet`].
#[derive(Clone, Debug, PartialEq)]
pub struct SetAnswers {
    /// In the order of the items.
    pub predictions: Vec<Prediction>,
    /// What stood between the prompts and their options; `None` where the model wrote its answers.
    pub separator: Option<String>,
    /// The share of the probability that the options' letters hold where the answer is read, mean over the items, in 0 to
    /// 1; `None` where letters are not read. Far below 1 the model would have written something else.
    pub letters_probability: Option<f64>,
}

/// How items become prompts, and how an endpoint is asked: everything that moves a score.
#[derive(Clone, Debug)]
pub struct EvaluationSettings {
    /// How an item becomes a prompt.
    pub prompt: PromptTemplate,
    /// How the endpoint is asked.
    pub options: RequestOptions,
}

/// Asks a model every item of every set.
///
/// Also returns the way of asking that was found. Stops at the first error; what was answered until then is
/// kept by the service, so the next run goes on from there.
pub async fn evaluate(
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
    let pilot = settings.pilot(sets);
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

/// `None` of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
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

/// What tells a question from another version of it, as it stands in predictions.
pub fn question_sha256(question: &Question) -> String {
    item_sha256(
        question.premise.as_deref(),
        &question.question,
        question.relation.as_deref(),
        &question.choices,
    )
}

impl EvaluationSettings {
    /// A few items from all over the sets, for the pilot.
    pub(crate) fn pilot(&self, sets: &[QuestionSet]) -> Vec<PilotItem> {
        let sets: Vec<&QuestionSet> = sets
            .iter()
            .filter(|set| !set.questions.is_empty())
            .collect();
        let items = (0..PILOT_ITEMS).filter_map(|number| {
            let set = sets.get(number * sets.len() / PILOT_ITEMS)?;
            let question = &set.questions[number % set.questions.len()];
            Some(PilotItem {
                id: question.id.clone(),
                prompt: self.render(question),
                choices: question.choices.clone(),
                separator: self.kind(question).separator().to_owned(),
            })
        });
        items.collect()
    }

    /// How items of this one's kind are written.
    pub fn kind(&self, question: &Question) -> &ItemPrompt {
        match question.premise {
            Some(_) => &self.prompt.premise,
            None => &self.prompt.question,
        }
    }

    /// The prompt of an item.
    pub fn render(&self, question: &Question) -> String {
        self.kind(question).render(
            question.premise.as_deref(),
            &question.question,
            question.relation.as_deref(),
            &question.choices,
        )
    }

    /// SHA-256 over prompts of made-up items, one of each kind and number of choices: it changes where the template does.
    ///
    /// `wrap` puts a prompt into the form in which the model gets it.
    pub fn template_sha256<E>(
        &self,
        wrap: impl Fn(&str) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut text = String::new();
        let counts: BTreeSet<usize> = Task::ALL.map(Task::choices).into();
        for count in counts {
            for (premise, relation) in [
                (None, None),
                (Some("premise"), Some("cause")),
                (Some("premise"), Some("effect")),
            ] {
                let sample = Question {
                    id: String::new(),
                    cluster_id: String::new(),
                    premise: premise.map(str::to_owned),
                    question: "question".to_owned(),
                    relation: relation.map(str::to_owned),
                    choices: (0..count)
                        .map(|number| format!("choice {number}"))
                        .collect(),
                    label: 0,
                };
                text += &wrap(&self.render(&sample))?;
                text.push('\0');
            }
        }
        Ok(sha256_hex(text))
    }
}
