use crate::EvaluateError;
use clika_core::{LanguageCode, Task};
use polars::prelude::*;
use std::{fs::File, path::Path};

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

/// The languages of a dataset's folder, by code.
pub fn languages(task: Task, folder: &Path) -> Result<Vec<LanguageCode>, EvaluateError> {
    let missing = || EvaluateError::NoDataset {
        folder: folder.to_owned(),
        task,
    };
    let entries = std::fs::read_dir(folder.join("data")).map_err(|_| missing())?;
    let mut codes = Vec::new();
    for entry in entries {
        let name = entry.map_err(|_| missing())?.file_name();
        if let Some(code) = name
            .to_str()
            .and_then(|name| LanguageCode::try_from(name.to_owned()).ok())
        {
            codes.push(code);
        }
    }
    codes.sort();
    Ok(codes)
}

/// Reads one language of a dataset.
pub fn read_dataset(
    task: Task,
    folder: &Path,
    language: &LanguageCode,
) -> Result<Vec<Question>, EvaluateError> {
    let path = folder.join(format!("data/{language}/test-00000-of-00001.parquet"));
    let problem = |problem: String| EvaluateError::Dataset {
        path: path.clone(),
        problem,
    };
    let file = File::open(&path).map_err(|_| EvaluateError::NoDataset {
        folder: folder.to_owned(),
        task,
    })?;
    let frame = ParquetReader::new(file)
        .finish()
        .map_err(|error| problem(error.to_string()))?;
    rows(&frame, task).map_err(problem)
}

fn rows(frame: &DataFrame, task: Task) -> Result<Vec<Question>, String> {
    let said = |error: PolarsError| error.to_string();
    let text = |name: &str| frame.column(name).and_then(Column::str).map_err(said);
    let optional = |name: &str| match frame.column(name) {
        Ok(column) => column.str().map(Some).map_err(said),
        Err(_) => Ok(None),
    };
    let (ids, questions, clusters) = (text("id")?, text("question")?, text("cluster_id")?);
    let (premises, relations) = (optional("premise")?, optional("relation")?);
    let choices = frame
        .column("choices")
        .and_then(Column::list)
        .map_err(said)?;
    let labels = frame.column("label").and_then(Column::i64).map_err(said)?;
    let mut rows = Vec::new();
    for row in 0..frame.height() {
        let (Some(id), Some(question), Some(cluster), Some(list), Some(label)) = (
            ids.get(row),
            questions.get(row),
            clusters.get(row),
            choices.get_as_series(row),
            labels.get(row),
        ) else {
            return Err(format!("row {} has an empty field", row + 1));
        };
        let list: Option<Vec<_>> = list
            .str()
            .map_err(said)?
            .iter()
            .map(|choice| choice.map(str::to_owned))
            .collect();
        let (Some(list), Ok(label)) = (list, u8::try_from(label)) else {
            return Err(format!("row {} has no choices or no label", row + 1));
        };
        if list.len() != task.choices() || usize::from(label) >= list.len() {
            return Err(format!(
                "row {} has {} choices and the label {label}, and {task} has {} choices",
                row + 1,
                list.len(),
                task.choices()
            ));
        }
        rows.push(Question {
            id: id.to_owned(),
            cluster_id: cluster.to_owned(),
            premise: premises
                .and_then(|column| column.get(row))
                .map(str::to_owned),
            question: question.to_owned(),
            relation: relations
                .and_then(|column| column.get(row))
                .map(str::to_owned),
            choices: list,
            label,
        });
    }
    if rows.is_empty() {
        return Err("it has no rows".to_owned());
    }
    Ok(rows)
}
