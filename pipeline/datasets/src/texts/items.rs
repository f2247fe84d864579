//! Items that are texts, not facts: COPA's and CSQA's, in the two line formats that the field uses.

use super::lines;
use crate::DatasetError;
use crate::Task;
use clika_base::types::{FilePosition, Id};
use clika_base::{ProjectPath, ToProjectPath};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::path::Path;

/// A multiple-choice item in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextItem {
    /// Equal in every language: COPA's number, CSQA's identifier.
    pub id: String,
    /// What is asked about a premise; `None` for an item that is a question.
    pub asks: Option<CopaQuestion>,
    /// COPA's premise or CSQA's question.
    pub text: String,
    /// The choices in the order shown.
    pub choices: Vec<String>,
    /// The position of the right choice, from 0.
    pub label: usize,
}

/// What an item of COPA asks about its premise: its cause or its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CopaQuestion {
    /// Which choice is the more plausible cause.
    Cause,
    /// Which choice is the more plausible effect.
    Effect,
}

impl CopaQuestion {
    /// The name in files and columns: `cause`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Effect => "effect",
        }
    }
}

impl TextItem {
    /// Premise or question, then the choices.
    pub fn texts(&self) -> Vec<String> {
        let texts = [&self.text].into_iter().chain(&self.choices);
        texts.cloned().collect()
    }

    /// The item with other texts, as [`texts`](Self::texts) orders them.
    ///
    /// # Panics
    /// If there is no text.
    #[must_use]
    pub fn with_texts(&self, texts: &[String]) -> Self {
        let (text, choices) = texts.split_first().expect("an item has a text");
        Self {
            text: text.clone(),
            choices: choices.to_vec(),
            ..self.clone()
        }
    }

    /// The item as a line, in the form that it is read from.
    pub fn line(&self) -> Value {
        match self.asks {
            Some(asks) => json!({
                "id": self.id,
                "question": asks,
                "premise": self.text,
                "choice1": self.choices[0],
                "choice2": self.choices[1],
                "label": self.label,
            }),
            None => json!({
                "id": self.id,
                "question": {
                    "stem": self.text,
                    "choices": {
                        "label": (0..self.choices.len()).map(letter).collect::<Vec<_>>(),
                        "text": self.choices,
                    },
                },
                "answerKey": letter(self.label),
            }),
        }
    }
}

fn letter(position: usize) -> String {
    char::from(b'A' + u8::try_from(position).expect("an item has few choices")).to_string()
}

/// A line of COPA in the form of XCOPA and SuperGLUE.
#[derive(Deserialize)]
struct CopaLine {
    id: Id,
    question: CopaQuestion,
    premise: String,
    choice1: String,
    choice2: String,
    label: usize,
}

/// A line of CSQA or X-CSQA.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CsqaLine {
    id: Id,
    question: CsqaQuestion,
    answer_key: Option<String>,
}

#[derive(Deserialize)]
struct CsqaQuestion {
    stem: String,
    choices: CsqaChoices,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CsqaChoices {
    /// CSQA's own.
    Listed(Vec<CsqaChoice>),
    /// As Hugging Face's `datasets` writes a list of structs.
    Columns {
        label: Vec<String>,
        text: Vec<String>,
    },
}

#[derive(Deserialize)]
struct CsqaChoice {
    label: String,
    text: String,
}

/// Reads the items of a task from a file, English ones or those of another language.
pub fn read_source(
    task: Task,
    file: &(impl ToProjectPath + ?Sized),
) -> Result<Vec<TextItem>, DatasetError> {
    match task.texts() {
        Some(texts) => (texts.read)(&file.to_project_path()),
        None => Err(DatasetError::NotBuilt { task }),
    }
}

/// Reads COPA-shaped lines: `id`, `premise`, `question`, `choice1`, `choice2`, `label`.
pub(crate) fn read_copa_lines(file: &ProjectPath) -> Result<Vec<TextItem>, DatasetError> {
    const EXPECTED: &str = "a line of COPA has id, premise, question (cause or effect), choice1, \
                            choice2 and label (0 or 1), as XCOPA and SuperGLUE write it";
    read(file, EXPECTED, |line: CopaLine| {
        if line.label > 1 {
            return Err(format!("label is {}, not 0 or 1", line.label));
        }
        Ok(TextItem {
            id: line.id.into(),
            asks: Some(line.question),
            text: line.premise,
            choices: vec![line.choice1, line.choice2],
            label: line.label,
        })
    })
}

/// Reads lines of CSQA or X-CSQA: `id`, `question.stem`, `question.choices`, `answerKey`.
pub(crate) fn read_csqa_lines(
    file: &ProjectPath,
    expected: usize,
) -> Result<Vec<TextItem>, DatasetError> {
    const EXPECTED: &str = "a line of CSQA has id, question.stem, question.choices with labels \
                            and texts, and answerKey, as dev_rand_split.jsonl and X-CSQA write it";
    read(file, EXPECTED, |line: CsqaLine| {
        let (labels, choices): (Vec<_>, Vec<_>) = match line.question.choices {
            CsqaChoices::Listed(choices) => choices
                .into_iter()
                .map(|choice| (choice.label, choice.text))
                .unzip(),
            CsqaChoices::Columns { label, text } => (label, text),
        };
        if labels.len() != choices.len() {
            return Err(format!(
                "{} labels for {} choices",
                labels.len(),
                choices.len()
            ));
        }
        // Found here and not when the dataset is built: a translation in between may cost money.
        if choices.len() != expected {
            return Err(format!(
                "the item has {} choices, not {expected}",
                choices.len()
            ));
        }
        let Some(key) = line.answer_key.filter(|key| !key.is_empty()) else {
            return Err("no answerKey; the test split of CSQA has none".to_owned());
        };
        let Some(label) = labels.iter().position(|label| *label == key) else {
            return Err(format!("answerKey {key} is not the label of a choice"));
        };
        Ok(TextItem {
            id: line.id.into(),
            asks: None,
            text: line.question.stem,
            choices,
            label,
        })
    })
}

fn read<T: DeserializeOwned>(
    file: &ProjectPath,
    expected: &'static str,
    item: impl Fn(T) -> Result<TextItem, String>,
) -> Result<Vec<TextItem>, DatasetError> {
    let path = file.shown();
    let bytes = file.bytes().map_err(|source| DatasetError::SourceFile {
        path: path.clone(),
        source,
    })?;
    lines::read(&bytes, &path, expected, item)
}

/// An error at a line of a source.
pub(crate) fn wrong(
    path: &Path,
    line: usize,
    problem: String,
    expected: &'static str,
) -> DatasetError {
    DatasetError::Source {
        problem,
        expected,
        position: FilePosition {
            path: path.to_owned(),
            line,
        },
    }
}
