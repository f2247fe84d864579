//! The items of the mini sets: files that nobody reads, and items that are not those of English.

use super::{FileFinding, LanguageFile, entries, texts};
use crate::text::shortened;
use crate::{AuditError, Severity};
use clika_base::text::{TextRules, folded};
use clika_base::types::LanguageCode;
use clika_base::{Project, ProjectPath};
use clika_datasets::{DatasetError, Task, TextItem, TextsOrigin, read_source};
use miette::Diagnostic;
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The tasks whose items were written for the project.
fn tasks() -> Vec<Task> {
    let is_own = |task: &Task| {
        let texts = task.texts();
        texts.is_some_and(|texts| matches!(texts.origin, TextsOrigin::Original))
    };
    Task::all().filter(is_own).collect()
}

/// Which languages have items, and what is wrong with them.
pub(super) struct ItemFiles {
    files: BTreeMap<Key, Vec<FileFinding>>,
}

/// A task, and a language's code in lower case.
type Key = (Task, String);

impl ItemFiles {
    /// Whether a language has items of a task.
    pub(super) fn has(&self, task: Task, code: &str) -> bool {
        self.files.contains_key(&(task, code.to_lowercase()))
    }

    /// What is wrong with a language's items.
    pub(super) fn findings_of(&self, code: &str) -> Vec<FileFinding> {
        tasks()
            .into_iter()
            .filter_map(|task| self.files.get(&(task, code.to_lowercase())))
            .flatten()
            .cloned()
            .collect()
    }
}

/// Checks the files of items of the languages that are asked for; what belongs to no language goes to `others`.
pub(super) fn check(
    project: &Project,
    (languages, is_asked): (&[LanguageFile], impl Fn(&str) -> bool + Sync),
    known: &texts::KnownLanguages,
    others: &mut Vec<FileFinding>,
) -> Result<ItemFiles, AuditError> {
    let is_task = |name: &str| tasks().iter().any(|task| task.name() == name);
    if project.items().is_dir() {
        let folders = entries(&project.items())?.into_iter();
        let strange = folders.filter(|it| it.is_dir() && !is_task(&it.file_name()));
        others.extend(strange.map(|folder| {
            let names = tasks()
                .iter()
                .map(|task| task.name())
                .collect::<Vec<_>>()
                .join(", ");
            unread(&folder.shown(), format!("the folders of items are {names}"))
        }));
    }
    let mut owned = BTreeMap::new();
    let mut english = BTreeMap::new();
    for task in tasks() {
        let folder = project.items().join(task.name());
        if !folder.is_dir() {
            continue;
        }
        let reference = folder.join("en.jsonl");
        match read_source(task, &reference) {
            Ok(items) => drop(english.insert(task, items)),
            Err(error) => others.push(source_error(&reference.shown(), &error)),
        }
        for file in entries(&folder)? {
            let code = LanguageCode::try_from(file.stem()).ok();
            if code.is_some_and(|code| project.language(&code).is_left_out()) {
                continue;
            }
            match owner(&file, languages, &owned, task) {
                Ok(language) => {
                    let key = (task, language.code.to_lowercase());
                    owned.insert(key, (file, language));
                }
                Err(finding) => others.push(finding),
            }
        }
    }
    let check = |(key, (file, language)): (&Key, &(ProjectPath, &LanguageFile))| {
        let english = english.get(&key.0).filter(|_| is_asked(&language.code));
        let findings = english.map(|english| check_file(key.0, file, language, english, known));
        (key.clone(), findings.unwrap_or_default())
    };
    let files = owned.par_iter().map(check).collect();
    Ok(ItemFiles { files })
}

fn check_file(
    task: Task,
    file: &ProjectPath,
    language: &LanguageFile,
    english: &[TextItem],
    known: &texts::KnownLanguages,
) -> Vec<FileFinding> {
    let path = &file.shown();
    let items = match read_source(task, file) {
        Ok(items) => items,
        Err(error) => return vec![source_error(path, &error)],
    };
    let mut findings = parallel(path, &items, english);
    let english = (!language.is_english()).then_some(english);
    findings.extend(texts_of(path, &items, english, language, known));
    findings
}

/// The language of a file of items, or why there is none.
fn owner<'a>(
    file: &ProjectPath,
    languages: &'a [LanguageFile],
    owned: &BTreeMap<Key, (ProjectPath, &LanguageFile)>,
    task: Task,
) -> Result<&'a LanguageFile, FileFinding> {
    let path = &file.shown();
    if !file.has_extension("jsonl") || file.is_dir() {
        return Err(unread(
            path,
            "items lie in files named by their language's code, such as pt-BR.jsonl".to_owned(),
        ));
    }
    let stem = file.stem();
    let wrong = |problem: String, remedy: String| {
        FileFinding::new(Severity::Error, (path, 1), problem, remedy)
    };
    if let Err(problem) = LanguageCode::try_from(stem.to_lowercase()) {
        return Err(wrong(
            problem,
            "name the file by its language's code".to_owned(),
        ));
    }
    if owned.contains_key(&(task, stem.to_lowercase())) {
        return Err(wrong(
            format!("there is another file for `{stem}`, in other letters"),
            "keep one of the two".to_owned(),
        ));
    }
    let is_owner = |file: &&LanguageFile| file.code.eq_ignore_ascii_case(&stem);
    languages.iter().find(is_owner).ok_or_else(|| {
        wrong(
            format!("there are items in `{stem}`, and templates/languages has no such language"),
            format!("`clika language new {stem}` writes a file for it; or remove the items"),
        )
    })
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn unread(path: &Path, remedy: String) -> FileFinding {
    let problem = format!("{} is not read", name_of(path));
    FileFinding::new(Severity::Warning, (path, 1), problem, remedy)
}

fn source_error(path: &Path, error: &DatasetError) -> FileFinding {
    let remedy = error.help().map(|help| help.to_string());
    let (line, problem) = match error {
        DatasetError::Source {
            problem, position, ..
        } => (position.line, problem.clone()),
        other => (1, other.to_string()),
    };
    FileFinding::new(
        Severity::Error,
        (path, line),
        problem,
        remedy.unwrap_or_default(),
    )
}

/// What differs from English: items, right choices, what is asked for.
fn parallel(path: &Path, items: &[TextItem], english: &[TextItem]) -> Vec<FileFinding> {
    let error = |line: usize, problem: String| {
        FileFinding::new(
            Severity::Error,
            (path, line),
            problem,
            "items are those of en.jsonl: the same ids, right choices and questions",
        )
    };
    let expected: BTreeMap<&str, &TextItem> = english
        .iter()
        .map(|item| (item.id.as_str(), item))
        .collect();
    let ours: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    let mut findings = Vec::new();
    let missing: Vec<_> = expected
        .keys()
        .copied()
        .filter(|id| !ours.contains(id))
        .collect();
    if !missing.is_empty() {
        let problem = format!("{} items are missing: {}", missing.len(), few(&missing));
        findings.push(error(items.len(), problem));
    }
    for (index, item) in items.iter().enumerate() {
        let id = &item.id;
        let problem = match expected.get(id.as_str()) {
            None => format!("English has no item {id}"),
            Some(english) if english.label != item.label => {
                format!("item {id} has another right choice than English")
            }
            Some(english) if english.asks != item.asks => {
                format!("item {id} asks for something else than English")
            }
            Some(_) => continue,
        };
        findings.push(error(index + 1, problem));
    }
    findings
}

/// Texts that look wrong, and choices that read the same.
fn texts_of(
    path: &Path,
    items: &[TextItem],
    english: Option<&[TextItem]>,
    language: &LanguageFile,
    known: &texts::KnownLanguages,
) -> Vec<FileFinding> {
    let script = language.script();
    let place = (language.code.as_str(), script.as_str());
    let rules = TextRules::of_code(&language.code);
    let english: BTreeMap<&str, &TextItem> = english
        .unwrap_or_default()
        .iter()
        .map(|item| (item.id.as_str(), item))
        .collect();
    let all: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
    let mut findings: Vec<_> = known
        .other_of_all(&all, &language.code)
        .map(|other| {
            FileFinding::new(
                Severity::Warning,
                (path, 1),
                format!("the items, taken together, read as {other}"),
                "check that the file is in its language",
            )
        })
        .into_iter()
        .collect();
    for (index, item) in items.iter().enumerate() {
        let same = english.get(item.id.as_str());
        let choices = item.choices.join(" / ");
        let same_choices = same.map(|english| english.choices.join(" / "));
        let problem = texts::problem(
            &item.text,
            same.map(|english| english.text.as_str()),
            place,
            Some(known),
        )
        .map(|problem| (problem, item.text.as_str()))
        .or_else(|| {
            let problem = texts::problem(&choices, same_choices.as_deref(), place, None)?;
            Some((problem, choices.as_str()))
        });
        if let Some((problem, text)) = problem {
            findings.push(FileFinding::new(
                Severity::Warning,
                (path, index + 1),
                format!("item {} {problem}: {}", item.id, shortened(text)),
                "write it in the language and in its script",
            ));
        }
        let choices_read = item.choices.iter().map(|choice| folded(choice, rules));
        let distinct: BTreeSet<_> = choices_read.collect();
        if distinct.len() < item.choices.len() {
            findings.push(FileFinding::new(
                Severity::Error,
                (path, index + 1),
                format!("two choices of item {} read the same: {choices}", item.id),
                "write them differently",
            ));
        }
    }
    findings
}

/// The first of a list.
fn few(ids: &[&str]) -> String {
    const SHOWN: usize = 5;
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", ids[..ids.len().min(SHOWN)].join(", "))
}
