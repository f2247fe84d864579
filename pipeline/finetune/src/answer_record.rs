//! What was answered, as it is recorded.

use clika_datasets::{FictionalRow, RowKind};
use serde::{Deserialize, Serialize};

/// How the answer to a row is read from the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerMethod {
    /// The likeliest of the choices, each in the sentence that answers the question.
    Ranking,
    /// What the model writes: right if it contains the right name, as in the paper.
    Free,
}

/// The part of the experiment that a row belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Before training.
    Recall,
    /// What the model has to know.
    Gate,
    /// What crossed.
    Test,
    /// A control that is tested with the same training, by its name.
    #[serde(rename = "beside")]
    ControlTest(String),
}

/// A line of `answers.jsonl`: what the model answered to a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a recorded answer", deny_unknown_fields)]
pub struct AnswerRecord {
    /// Where the row stands.
    pub split: Split,
    /// The row.
    pub id: String,
    /// The place or continent.
    pub entity: String,
    /// `qa` or `translation`.
    pub kind: RowKind,
    /// The language of the answer.
    pub language: String,
    /// 0 for a place whose facts are taught in the target language, 1 for one whose are not.
    #[serde(rename = "type")]
    pub type_: Option<i64>,
    /// How it was asked.
    pub mode: AnswerMethod,
    /// The name that is to be translated; `None` for a question, and in records of clika 0.2.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What a right answer contains.
    pub gold: String,
    /// The choice, or what the model wrote.
    pub answer: String,
    /// Whether it is right.
    pub right: bool,
    /// The log-probability of each choice in its sentence, in the row's order, up to what all share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Vec<f64>>,
}

impl AnswerRecord {
    /// The answer that was chosen or written for a row.
    pub(crate) fn new(
        split: &Split,
        row: &FictionalRow,
        mode: AnswerMethod,
        answer: String,
        right: bool,
        scores: Option<Vec<f64>>,
    ) -> Self {
        Self {
            split: split.clone(),
            id: row.id.clone(),
            entity: row.entity.clone(),
            kind: row.kind,
            language: row.language.clone(),
            type_: row.type_,
            mode,
            query: (row.kind == RowKind::Translation).then(|| row.query.clone()),
            gold: row.answer.clone(),
            answer,
            right,
            scores,
        }
    }
}

impl AnswerMethod {
    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ranking => "ranking",
            Self::Free => "free",
        }
    }
}

/// How many are right.
pub(crate) fn right<'a>(answers: impl IntoIterator<Item = &'a AnswerRecord>) -> usize {
    answers.into_iter().filter(|answer| answer.right).count()
}
