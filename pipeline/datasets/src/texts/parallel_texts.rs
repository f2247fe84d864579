//! The same items in several languages: one file of lines each.

use super::items::{TextItem, read_source, wrong};
use crate::Task;
use crate::{DatasetError, Exception};
use clika_base::text::{TextRules, folded};
use clika_base::types::{Language, LanguageCode};
use clika_base::{ProjectPath, ToProjectPath};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Items in several languages, in the order of English: equal ids, labels and numbers of choices.
#[derive(Clone, Debug)]
pub struct ParallelTexts {
    /// The task.
    pub task: Task,
    /// The items of each language.
    pub languages: BTreeMap<LanguageCode, Vec<TextItem>>,
    /// What differed between the languages and was made equal to English.
    pub(crate) differences: Vec<Exception>,
}

impl ParallelTexts {
    /// Reads a folder of `<language>.jsonl`.
    pub fn read(task: Task, folder: &(impl ToProjectPath + ?Sized)) -> Result<Self, DatasetError> {
        let folder = &folder.to_project_path();
        let mut files = BTreeMap::new();
        for file in entries(folder)? {
            let (name, path) = (file.file_name(), file.shown());
            let Some(_) = name.strip_suffix(".jsonl") else {
                // Skipped, `pt-BR.JSONL` or `pt-BR.json` would be missed by nobody but the one who wrote it.
                let first = name.split('.').next().unwrap_or_default();
                if LanguageCode::try_from(first.to_owned()).is_ok() {
                    let problem = format!("`{name}` is read by nobody");
                    let expected = "items lie in files such as `pt-BR.jsonl`";
                    return Err(wrong(&path, 1, problem, expected));
                }
                continue;
            };
            // Skipped, it would be missed by nobody but the one who wrote it.
            let code = LanguageCode::try_from(file.stem()).map_err(|problem| {
                wrong(
                    &path,
                    1,
                    problem,
                    "items lie in files that are named by their language's code, such as `pt-BR.jsonl`",
                )
            })?;
            if let Some(other) = files.insert(code.clone(), file) {
                let problem = format!(
                    "`{code}` has its items in {} already",
                    other.shown().display()
                );
                return Err(wrong(
                    &path,
                    1,
                    problem,
                    "a language has one file of items; codes differ in more than in capitals",
                ));
            }
        }
        Self::read_files(task, &folder.shown(), files, false)
    }

    /// Reads a task of the paper's release: `x_copa/DE/test.jsonl`, `x_csqa/DE_trans/validation.jsonl`.
    ///
    /// Four Italian items of its xCOPA ask for the effect where all other languages ask for the cause:
    /// English decides, and they are listed.
    pub fn read_release(task: Task, release: &Path) -> Result<Self, DatasetError> {
        let Some(files_of) = task
            .dataset()
            .release
            .as_ref()
            .filter(|_| task.texts().is_some())
        else {
            return Err(DatasetError::NotBuilt { task });
        };
        let folder = release.join(files_of.folder);
        let mut files = BTreeMap::new();
        for path in entries(&folder.to_project_path())? {
            let name = path.file_name().to_ascii_lowercase();
            if !path.is_dir() || name.starts_with('.') {
                continue;
            }
            // Nothing of a release is left aside without a word.
            let wrong = |problem: String, remedy: &str| DatasetError::Rule {
                dataset: task.name(),
                problem: format!("{}: {problem}", path.shown().display()),
                remedy: remedy.to_owned(),
            };
            let Ok(code) = LanguageCode::try_from(name.replace("_trans", "")) else {
                let remedy = "name it after a language, such as `DE_trans`, or move it elsewhere";
                return Err(wrong("the folder's name is no language".to_owned(), remedy));
            };
            let lines = path.join(files_of.file_of(code.as_str()));
            if !lines.is_file() {
                let missing = lines.file_name();
                let remedy = "add the file, or move the folder elsewhere";
                return Err(wrong(format!("the folder has no {missing}"), remedy));
            }
            if files.contains_key(&code) {
                let remedy = "keep one of them";
                return Err(wrong(format!("another folder is `{code}`, too"), remedy));
            }
            {
                files.insert(code, lines);
            }
        }
        Self::read_files(task, &folder, files, true)
    }

    fn read_files(
        task: Task,
        folder: &Path,
        files: BTreeMap<LanguageCode, ProjectPath>,
        english_decides: bool,
    ) -> Result<Self, DatasetError> {
        let english = LanguageCode::try_from("en".to_owned()).expect("`en` is a code");
        let Some(reference) = files.get(&english) else {
            return Err(DatasetError::NoEnglish {
                path: folder.to_owned(),
            });
        };
        let order = read_source(task, reference)?;
        let mut languages = BTreeMap::new();
        let mut differences = Vec::new();
        for (code, path) in &files {
            let mut items = read_source(task, path)?;
            if english_decides {
                differences.extend(ask_as_in_english(&mut items, &order, code));
            }
            languages.insert(
                code.clone(),
                align(items, &order, &path.shown(), &reference.shown())?,
            );
        }
        languages.insert(english, order);
        Ok(Self {
            task,
            languages,
            differences,
        })
    }

    /// The same with codes as the languages' files spell them, which name folders and configs.
    #[must_use]
    pub(crate) fn spelled_as(&self, files: &[Language]) -> Self {
        let spelled = |code: &LanguageCode| {
            let mut files = files.iter();
            files
                .find(|it| it.code == *code)
                .map_or_else(|| code.clone(), |it| it.code.clone())
        };
        let languages = self.languages.iter();
        Self {
            task: self.task,
            languages: languages
                .map(|(code, items)| (spelled(code), items.clone()))
                .collect(),
            differences: self.differences.clone(),
        }
    }

    /// Puts items of several languages together that are in the same order already.
    pub fn new(task: Task, languages: BTreeMap<LanguageCode, Vec<TextItem>>) -> Self {
        Self {
            task,
            languages,
            differences: Vec::new(),
        }
    }

    /// What was made equal to English, and texts that no reader could choose between: empty ones, and
    /// choices that read the same.
    pub fn faults(&self) -> Vec<Exception> {
        let mut faults = self.differences.clone();
        for (language, items) in &self.languages {
            for item in items {
                let texts = item.texts();
                let fault = |reason: String| Exception {
                    language: language.clone(),
                    qid: None,
                    name: item.id.clone(),
                    reason,
                };
                if texts.iter().any(|text| text.trim().is_empty()) {
                    faults.push(fault("a text is empty".to_owned()));
                }
                let distinct: BTreeSet<_> = item
                    .choices
                    .iter()
                    .map(|choice| folded(choice, TextRules::of_code(language.as_str())))
                    .collect();
                if distinct.len() < item.choices.len() {
                    faults.push(fault("two choices read the same".to_owned()));
                }
            }
        }
        faults
    }
}

/// Makes every item ask for what English asks for, and lists what was changed.
fn ask_as_in_english(
    items: &mut [TextItem],
    order: &[TextItem],
    language: &LanguageCode,
) -> Vec<Exception> {
    let asked: BTreeMap<_, _> = order.iter().map(|item| (&item.id, item.asks)).collect();
    let mut changed = Vec::new();
    for item in items {
        if let Some(&asks) = asked.get(&item.id)
            && asks != item.asks
        {
            item.asks = asks;
            changed.push(Exception {
                language: language.clone(),
                qid: None,
                name: item.id.clone(),
                reason: "asks for another thing than in English, which decides".to_owned(),
            });
        }
    }
    changed
}

/// Brings items into the order of English.
fn align(
    items: Vec<TextItem>,
    order: &[TextItem],
    path: &Path,
    reference: &Path,
) -> Result<Vec<TextItem>, DatasetError> {
    let differs = |difference: String| DatasetError::NotParallel {
        difference,
        path: path.to_owned(),
        reference: reference.to_owned(),
    };
    if items.len() != order.len() {
        return Err(differs(format!(
            "{} items instead of {}",
            items.len(),
            order.len()
        )));
    }
    let mut by_id: BTreeMap<_, _> = items
        .into_iter()
        .map(|item| (item.id.clone(), item))
        .collect();
    order
        .iter()
        .map(|english| {
            let id = &english.id;
            let item = by_id
                .remove(id)
                .ok_or_else(|| differs(format!("item {id} is missing")))?;
            if item.choices.len() != english.choices.len() {
                return Err(differs(format!(
                    "item {id} has {} choices instead of {}",
                    item.choices.len(),
                    english.choices.len()
                )));
            }
            if item.label != english.label || item.asks != english.asks {
                return Err(differs(format!(
                    "item {id} has another right choice or asks for something else"
                )));
            }
            Ok(item)
        })
        .collect()
}

fn entries(folder: &ProjectPath) -> Result<Vec<ProjectPath>, DatasetError> {
    folder.entries().map_err(|source| DatasetError::SourceFile {
        path: folder.shown(),
        source,
    })
}
