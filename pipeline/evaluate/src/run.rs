use crate::{Asked, EvaluateError, Mode, Question, Wish};
use clika_api::OpenAi;
use clika_core::{LanguageCode, Progress, Task};
use clika_predictions::Prediction;
use clika_templates::{ItemPrompt, PromptTemplate};
use futures_util::{StreamExt, stream};
use std::cell::RefCell;

/// Items of a task in a language.
#[derive(Clone, Debug)]
pub struct Set {
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
    /// The items.
    pub questions: Vec<Question>,
}

/// What a model answered to a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// In the order of the items.
    pub predictions: Vec<Prediction>,
    /// What stood between the prompts and their options; `None` where the model wrote its answers.
    pub separator: Option<String>,
    /// The share of the probability that the options' letters hold where the answer is read, mean over the items, in 0 to
    /// 1; `None` where letters are not read. Far below 1 the model would have written something else.
    pub letters_probability: Option<f64>,
}

/// Everything that moves a score.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How an item becomes a prompt.
    pub prompt: PromptTemplate,
    /// How the endpoint is asked.
    pub wish: Wish,
}

/// Asks a model every item of every set.
///
/// Also returns the way of asking that was found. Stops at the first error; what was answered until then is
/// kept by the service, so the next run goes on from there.
pub async fn evaluate(
    model: &OpenAi,
    settings: &Settings,
    sets: &[Set],
    progress: &dyn Progress,
) -> Result<(Mode, Vec<Answers>), EvaluateError> {
    let Some(first) = sets.iter().find_map(|set| set.questions.first()) else {
        return Err(EvaluateError::NoMode);
    };
    let wish = &settings.wish;
    let prompt = settings.render(first);
    let mode = wish
        .find(model, &prompt, first.choices.len(), progress)
        .await?;
    let total: usize = sets.iter().map(|set| set.questions.len()).sum();
    progress.start(total as u64, "items");
    let items = sets.iter().enumerate().flat_map(|(index, set)| {
        let questions = set.questions.iter();
        questions.map(move |question| (index, set, question))
    });
    // After a failure nothing more is sent, but what is under way is paid for, and ends in the cache.
    let failure = RefCell::new(None);
    // `buffered` keeps the order; prompts are written when their turn comes.
    let mut answers = stream::iter(items)
        .map(|(index, set, question)| {
            let failure = &failure;
            async move {
                if failure.borrow().is_some() {
                    return None;
                }
                let prompt = settings.render(question);
                match wish.ask(mode, model, &prompt, question, progress).await {
                    Ok(asked) => {
                        progress.step(&format!("{} {}", set.task, set.language));
                        Some((index, prediction(question, asked)))
                    }
                    Err(error) => {
                        failure.borrow_mut().get_or_insert(error);
                        None
                    }
                }
            }
        })
        .buffered(model.concurrency());
    let mut predictions = vec![Vec::new(); sets.len()];
    while let Some(answer) = answers.next().await {
        if let Some((index, prediction)) = answer {
            predictions[index].push(prediction);
        }
    }
    drop(answers);
    progress.finish();
    match failure.into_inner() {
        Some(error) => Err(error.into()),
        None => {
            let answers = predictions.into_iter().map(|predictions| Answers {
                predictions,
                separator: None,
                letters_probability: None,
            });
            Ok((mode, answers.collect()))
        }
    }
}

fn prediction(question: &Question, asked: Asked) -> Prediction {
    Prediction {
        item_id: question.id.clone(),
        cluster_id: question.cluster_id.clone(),
        scores: asked.scores,
        answer: asked.answer,
        response: Some(asked.response),
        label: question.label,
    }
}

impl Settings {
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
}
