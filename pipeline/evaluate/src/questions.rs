//! What is asked: questions, how they become prompts, and what comes of them.

use crate::{AnswerReader, EvaluateError, Question, RequestOptions, SetQuestions};
use clika_base::files::sha256_hex;
use clika_base::templates::{AnswerForm, ItemPrompt, PromptTemplate, TemplateError};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_scores::predictions::{Prediction, item_sha256};
use std::collections::BTreeSet;

/// The questions of a task in one language that a model is asked.
#[derive(Clone, Debug)]
pub struct QuestionSet {
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
    /// The items.
    pub questions: SetQuestions,
    /// Answered items in this language, which stand in the place of the prompt's own example; empty where none are shown.
    pub exemplars: String,
    /// Reads what a model writes in this language.
    pub reader: AnswerReader,
}

/// The version of how answers become scores, for everything that evaluates: prompts, tokens, letters, scores, the choice
/// among them.
///
/// It is raised whenever a change may move a number, however little. Predictions of two versions do not stand under one
/// name, and answers that a local model gave under another version are not used again.
pub const SCORING_VERSION: u32 = 6;

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
    /// How exemplars are answered; `None` where none are shown.
    pub exemplars: Option<AnswerForm>,
}

/// How many items a pilot has.
const PILOT_ITEMS: usize = 5;

/// A few items from all over the sets, for a pilot.
pub(crate) fn pilot_questions(
    sets: &[QuestionSet],
) -> Result<Vec<(&QuestionSet, Question)>, EvaluateError> {
    let sets: Vec<&QuestionSet> = sets
        .iter()
        .filter(|set| !set.questions.is_empty())
        .collect();
    let mut items = Vec::new();
    for number in 0..PILOT_ITEMS {
        if let Some(set) = sets.get(number * sets.len() / PILOT_ITEMS) {
            let question = set.questions.get(number % set.questions.len())?;
            items.extend(question.map(|question| (*set, question)));
        }
    }
    Ok(items)
}

/// `None` of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
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
    /// How items of this one's kind are written.
    pub fn kind(&self, question: &Question) -> &ItemPrompt {
        question.kind(&self.prompt)
    }

    /// The prompt of an item of `set`.
    pub fn render(&self, set: &QuestionSet, question: &Question) -> String {
        self.render_after(&set.exemplars, question)
    }

    /// The prompt of an item, after exemplars or, where there are none, the prompt's own example.
    fn render_after(&self, exemplars: &str, question: &Question) -> String {
        let kind = self.kind(question);
        if exemplars.is_empty() {
            return kind.render(
                question.premise.as_deref(),
                &question.question,
                question.relation.as_deref(),
                &question.choices,
            );
        }
        let item = question.asked(&self.prompt);
        format!("{}{exemplars}{item}", kind.instruction)
    }

    /// SHA-256 over prompts of made-up items, one of each kind and number of choices: it changes where the template does.
    /// Where exemplars are shown, each item comes after itself with its answer.
    ///
    /// `wrap` puts a prompt into the form in which the model gets it.
    pub fn template_sha256<E: From<TemplateError>>(
        &self,
        wrap: impl Fn(&str) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut text = String::new();
        let counts: BTreeSet<usize> = Task::all().map(Task::choices).collect();
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
                let exemplars = match self.exemplars {
                    Some(form) => sample.answered(&self.prompt, form)?,
                    None => String::new(),
                };
                text += &wrap(&self.render_after(&exemplars, &sample))?;
                text.push('\0');
            }
        }
        Ok(sha256_hex(text))
    }
}
