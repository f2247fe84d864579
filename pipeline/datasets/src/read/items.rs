use super::{
    DatasetFolder, Question,
    rows::{CheckedRow, FileFault, count, read_rows},
};
use crate::Task;
use crate::{DatasetError, parquet};
use clika_base::types::LanguageCode;
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

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

/// The file of a dataset's items in one language: every row was checked, and items are decoded a part at a time.
///
/// In memory is the file as it is on the disk, compressed, so that what is asked is what was checked.
#[derive(Clone, Debug)]
pub struct ItemFile {
    path: PathBuf,
    /// What rebuilds the dataset.
    command: String,
    bytes: Arc<[u8]>,
    rows: usize,
    /// Rows, from 0, and ids of the items that the manifest lists.
    listed: Vec<(usize, String)>,
}

impl DatasetFolder {
    /// Reads one language of a multiple-choice dataset, all of it: see [`item_file`](Self::item_file).
    pub fn items(
        &self,
        task: Task,
        language: &LanguageCode,
    ) -> Result<LanguageItems, DatasetError> {
        self.item_file(task, language)?.items()
    }

    /// Opens one language of a multiple-choice dataset, and checks every row.
    ///
    /// Fails on the first row that cannot be asked: without an id of its own, with another number of choices than the
    /// task has, a label that is not a position among them or not that of the `answer`, an empty text, or two choices
    /// that are equal. The last two may stand where the manifest lists them.
    pub fn item_file(&self, task: Task, language: &LanguageCode) -> Result<ItemFile, DatasetError> {
        let name = parquet::file_name(language.as_str(), "test");
        let wrong = |(row, problem): (usize, String)| self.row(&name, row, problem);
        let none = |problem: String| self.no_rows(&name, problem);
        let mut file = ItemFile {
            path: self.path().join(&name),
            command: self.command(),
            bytes: self.bytes(&name)?.into(),
            rows: 0,
            listed: Vec::new(),
        };
        file.rows = count(&file.bytes).map_err(|error| none(error.to_string()))?;
        let excepted = self.excepted(language);
        let mut first = HashMap::new();
        // Of no rows, too, the columns are looked at.
        for start in (0..file.rows.max(1)).step_by(ItemFile::PART) {
            let rows = read_rows(&file.bytes, start, ItemFile::PART);
            let rows = rows.map_err(|fault| match fault {
                FileFault::Columns(error) => none(error.to_string()),
                FileFault::Row(row, problem) => wrong((row, problem)),
            })?;
            for (number, row) in (start..).zip(rows) {
                let id = &row.question.id;
                if let Some(first) = first.insert(id.clone(), number) {
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
                    file.listed.push((number, id.clone()));
                }
            }
        }
        if file.rows == 0 {
            return Err(none("it has no rows".to_owned()));
        }
        Ok(file)
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

impl ItemFile {
    /// Items that are decoded at a time.
    pub const PART: usize = 4096;

    /// How many items it has, at least one.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The ids among the first `rows` items that have a fault which the manifest lists.
    pub fn listed(&self, rows: usize) -> Vec<String> {
        let listed = self.listed.iter().filter(|(row, _)| *row < rows);
        listed.map(|(_, id)| id.clone()).collect()
    }

    /// The first `rows` items in order, [`PART`](Self::PART) at a time.
    pub fn parts(&self, rows: usize) -> impl Iterator<Item = Result<Vec<Question>, DatasetError>> {
        let rows = rows.min(self.rows);
        (0..rows).step_by(Self::PART).map(move |start| {
            let part = self.read(start, Self::PART.min(rows - start))?;
            Ok(part.into_iter().map(|row| row.question).collect())
        })
    }

    /// All items.
    pub fn items(&self) -> Result<LanguageItems, DatasetError> {
        let mut items = LanguageItems {
            questions: Vec::with_capacity(self.rows),
            origins: Vec::with_capacity(self.rows),
            listed: self.listed(self.rows),
        };
        for start in (0..self.rows).step_by(Self::PART) {
            for row in self.read(start, Self::PART)? {
                items.origins.push(row.origin);
                items.questions.push(row.question);
            }
        }
        Ok(items)
    }

    /// Rows that were read before, and were sound.
    fn read(&self, start: usize, count: usize) -> Result<Vec<CheckedRow>, DatasetError> {
        read_rows(&self.bytes, start, count).map_err(|fault| DatasetError::NoRows {
            path: self.path.clone(),
            problem: match fault {
                FileFault::Columns(error) => error.to_string(),
                FileFault::Row(row, problem) => format!("row {} {problem}", row + 1),
            },
            command: self.command.clone(),
        })
    }
}
