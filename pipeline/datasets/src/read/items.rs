use super::DatasetFolder;
use crate::Task;
use crate::{DatasetError, parquet};
use clika_base::templates::{AnswerForm, ItemPrompt, PromptTemplate, TemplateError};
use clika_base::types::LanguageCode;
use polars::prelude::*;
use std::{
    collections::{BTreeSet, HashMap},
    io::Cursor,
};

/// An item of a dataset in one language, as a model is asked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Equal in every language.
    pub id: String,
    /// Items that share this are not independent.
    pub cluster_id: String,
    /// xCOPA's premise.
    pub premise: Option<String>,
    /// The question, in the item's language.
    pub question: String,
    /// What is asked: `cause`, `birth`; `None` where the dataset has no such column.
    pub relation: Option<String>,
    /// The choices in the order shown.
    pub choices: Vec<String>,
    /// The position of the right choice, from 0.
    pub label: u8,
}

impl Question {
    /// How a prompt template writes items of this one's kind.
    pub fn kind<'a>(&self, prompt: &'a PromptTemplate) -> &'a ItemPrompt {
        match self.premise {
            Some(_) => &prompt.premise,
            None => &prompt.question,
        }
    }

    /// The item as a prompt writes it, without instruction and example.
    pub fn asked(&self, prompt: &PromptTemplate) -> String {
        self.kind(prompt).item(
            self.premise.as_deref(),
            &self.question,
            self.relation.as_deref(),
            &self.choices,
        )
    }

    /// The same with its right answer.
    ///
    /// # Errors
    /// A prompt that does not say how an answered item is written.
    pub fn answered(
        &self,
        prompt: &PromptTemplate,
        form: AnswerForm,
    ) -> Result<String, TemplateError> {
        let answer = self.kind(prompt).answer(&self.choices, self.label, form)?;
        Ok(self.asked(prompt) + &answer)
    }
}

/// The items of a dataset in one language, read from its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageItems {
    /// The items, in the file's order.
    pub questions: Vec<Question>,
    /// The language that each question's knowledge comes from; `None` where the dataset has no such column.
    pub origins: Vec<Option<String>>,
    /// Items with an empty text or with choices that read the same, which the manifest lists as exceptions: the
    /// authors' own translations have some.
    pub listed: Vec<String>,
}

impl DatasetFolder {
    /// Reads one language of a multiple-choice dataset.
    ///
    /// Fails on the first row that cannot be asked: without an id of its own, with another number of choices than the
    /// task has, a label that is not a position among them or not that of the `answer`, an empty text, or two choices
    /// that are equal. The last two may stand where the manifest lists them.
    pub fn items(
        &self,
        task: Task,
        language: &LanguageCode,
    ) -> Result<LanguageItems, DatasetError> {
        let file = parquet::file_name(language.as_str(), "test");
        let wrong = |(row, problem): (usize, String)| self.row(&file, row, problem);
        let none = |problem: String| self.no_rows(&file, problem);
        let frame = ParquetReader::new(Cursor::new(self.bytes(&file)?)).finish();
        let frame = frame.map_err(|error| none(error.to_string()))?;
        let rows = rows(&frame).map_err(|fault| match fault {
            FileFault::Columns(error) => none(error.to_string()),
            FileFault::Row(row, problem) => wrong((row, problem)),
        })?;
        if rows.is_empty() {
            return Err(none("it has no rows".to_owned()));
        }
        let excepted = self.excepted(language);
        let mut first = HashMap::new();
        let mut listed = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let id = &row.question.id;
            if let Some(first) = first.insert(id, number) {
                let problem = format!("has the id `{id}` of row {}", first + 1);
                return Err(wrong((number, problem)));
            }
            if let Some(problem) = row.problem(task) {
                return Err(wrong((number, problem)));
            }
            if let Some(problem) = row.fault() {
                let source_id = id.strip_prefix(&format!("{task}-")).unwrap_or(id);
                if !excepted.contains(id.as_str()) && !excepted.contains(source_id) {
                    return Err(wrong((number, problem)));
                }
                listed.push(id.clone());
            }
        }
        Ok(LanguageItems {
            origins: rows.iter().map(|row| row.origin.clone()).collect(),
            questions: rows.into_iter().map(|row| row.question).collect(),
            listed,
        })
    }

    /// The names of items in a language that the build has listed as exceptions.
    fn excepted(&self, language: &LanguageCode) -> BTreeSet<&str> {
        let listed = self.manifest().report["exceptions"].as_array();
        let listed = listed.into_iter().flatten();
        listed
            .filter(|it| it["qid"].is_null() && it["language"].as_str() == Some(language.as_str()))
            .filter_map(|exception| exception["name"].as_str())
            .collect()
    }
}

/// A row, and what it says about itself.
struct CheckedRow {
    question: Question,
    label: i64,
    answer: Option<String>,
    origin: Option<String>,
}

impl CheckedRow {
    /// What keeps an answer from being right or wrong.
    fn problem(&self, task: Task) -> Option<String> {
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
    fn fault(&self) -> Option<String> {
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
enum FileFault {
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
