//! The rows of a dataset's file, and what keeps one from being asked.

use super::Question;
use crate::Task;
use polars::prelude::*;
use std::{collections::BTreeSet, io::Cursor};

/// A row, and what it says about itself.
pub(super) struct CheckedRow {
    pub(super) question: Question,
    label: i64,
    answer: Option<String>,
    pub(super) origin: Option<String>,
}

impl CheckedRow {
    /// What keeps an answer from being right or wrong.
    pub(super) fn problem(&self, task: Task) -> Option<String> {
        let Question {
            id,
            cluster_id,
            choices,
            ..
        } = &self.question;
        let (found, expected) = (choices.len(), task.choices());
        for (name, text) in [("id", id), ("cluster_id", cluster_id)] {
            if text.trim().is_empty() {
                return Some(format!("has an empty `{name}`"));
            }
        }
        if found != expected {
            return Some(format!("has {found} choices, and {task} has {expected}"));
        }
        let Some(right) = usize::try_from(self.label)
            .ok()
            .and_then(|label| choices.get(label))
        else {
            let label = self.label;
            return Some(format!(
                "has the label {label}, which is not a position among {found} choices"
            ));
        };
        let answer = self.answer.as_ref().filter(|answer| *answer != right)?;
        Some(format!(
            "has the answer `{answer}`, and its label is that of `{right}`"
        ))
    }

    /// What keeps anybody from choosing between the texts.
    pub(super) fn fault(&self) -> Option<String> {
        let Question {
            premise,
            question,
            choices,
            ..
        } = &self.question;
        let texts = premise.iter().chain([question]).chain(choices);
        if texts.into_iter().any(|text| text.trim().is_empty()) {
            return Some("has an empty text".to_owned());
        }
        let mut seen = BTreeSet::new();
        let twice = choices.iter().find(|choice| !seen.insert(choice.trim()))?;
        Some(format!("has the choice `{twice}` twice"))
    }
}

/// What is wrong with a file.
pub(super) enum FileFault {
    /// Its columns are not those of our format.
    Columns(PolarsError),
    /// A row, counted from 0, lacks something.
    Row(usize, String),
}

impl From<PolarsError> for FileFault {
    fn from(error: PolarsError) -> Self {
        Self::Columns(error)
    }
}

/// How many rows a file has.
pub(super) fn count(bytes: &[u8]) -> PolarsResult<usize> {
    ParquetReader::new(Cursor::new(bytes)).num_rows()
}

/// At most `count` rows of a file from `start` on.
pub(super) fn read_rows(
    bytes: &[u8],
    start: usize,
    count: usize,
) -> Result<Vec<CheckedRow>, FileFault> {
    let reader = ParquetReader::new(Cursor::new(bytes)).with_slice(Some((start, count)));
    rows(&reader.finish()?).map_err(|fault| match fault {
        FileFault::Row(row, problem) => FileFault::Row(start + row, problem),
        FileFault::Columns(error) => FileFault::Columns(error),
    })
}

fn rows(frame: &DataFrame) -> Result<Vec<CheckedRow>, FileFault> {
    let text = |name: &str| frame.column(name).and_then(Column::str);
    let optional = |name: &str| match frame.get_column_index(name) {
        Some(_) => text(name).map(Some),
        None => Ok(None),
    };
    let (ids, questions, clusters) = (text("id")?, text("question")?, text("cluster_id")?);
    let (premises, relations) = (optional("premise")?, optional("relation")?);
    let (answers, origins) = (optional("answer")?, optional("origin_language")?);
    let choices = frame.column("choices").and_then(Column::list)?;
    let labels = frame.column("label").and_then(Column::i64)?;
    let mut rows = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let lacks = |name: &str| FileFault::Row(row, format!("has no `{name}`"));
        let cell = |column: &StringChunked| {
            let text = column.get(row).map(str::to_owned);
            text.ok_or_else(|| lacks(column.name()))
        };
        let list = choices.get_as_series(row).ok_or_else(|| lacks("choices"))?;
        let list = list.str()?.iter();
        let list: Option<Vec<_>> = list.map(|choice| choice.map(str::to_owned)).collect();
        let label = labels.get(row).ok_or_else(|| lacks("label"))?;
        rows.push(CheckedRow {
            question: Question {
                id: cell(ids)?,
                cluster_id: cell(clusters)?,
                premise: premises.map(cell).transpose()?,
                question: cell(questions)?,
                relation: relations.map(cell).transpose()?,
                choices: list.ok_or_else(|| lacks("text for one of its `choices`"))?,
                // Out of range it is refused before anybody looks at it.
                label: u8::try_from(label).unwrap_or(u8::MAX),
            },
            label,
            answer: answers.map(cell).transpose()?,
            origin: origins.map(cell).transpose()?,
        });
    }
    Ok(rows)
}
