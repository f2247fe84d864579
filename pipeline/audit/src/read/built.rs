//! Whether a dataset of ours is as it was built: its files those of its manifest, its rows at one with themselves.
//!
//! The rows are read all the same, whatever is found here.

use super::rows::split_file;
use crate::{
    AuditError, ChoiceItem, Finding, Severity,
    tally::{Defect, Tallies},
};
use clika_base::files::{Manifest, sha256_file};
use clika_base::types::LanguageCode;
use clika_datasets::DatasetError;
use clika_datasets::Task;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What evaluate, export and finetune refuse: their own reader says so, in its words.
pub(super) fn refused(folder: &Path, name: &str) -> Vec<Finding> {
    let errors = clika_datasets::refused(folder);
    let finding = |error: DatasetError| Finding {
        check: "refused",
        severity: Severity::Error,
        dataset: name.to_owned(),
        languages: BTreeMap::new(),
        count: 1,
        of: 1,
        message: format!("{error}."),
        effect: "`clika evaluate`, `clika export` and `clika finetune` refuse the dataset: no score",
        examples: Vec::new(),
    };
    errors.into_iter().map(finding).collect()
}

/// Files that the manifest describes otherwise, or not at all.
pub(super) fn files(
    folder: &Path,
    name: &str,
    languages: &BTreeMap<LanguageCode, String>,
) -> Result<Option<Finding>, AuditError> {
    let manifest = Manifest::read(folder)?;
    let Some(manifest) = manifest.filter(|it| it.stage.starts_with("datasets ")) else {
        return Ok(None);
    };
    let mut tallies = Tallies::default();
    for (code, config) in languages {
        let prefix = format!("data/{config}/");
        let described = manifest.files.keys().filter(|it| it.starts_with(&prefix));
        let splits =
            ["train", "gate", "test"].map(|split| format!("{prefix}{}", split_file(split)));
        let there = splits.into_iter().filter(|it| folder.join(it).is_file());
        let names: BTreeSet<String> = described.cloned().chain(there).collect();
        for file in names {
            let path = folder.join(&file);
            let problem = match manifest.files.get(&file) {
                None => Some("the manifest does not name it"),
                Some(_) if !path.is_file() => Some("it is missing"),
                Some(hash) if sha256_file(&path)? != *hash => Some("it was changed"),
                Some(_) => None,
            };
            tallies.see(code, &file, problem);
        }
    }
    let defect = Defect {
        check: "files-changed",
        severity: Severity::Error,
        effect: "nobody knows what was asked and taught: every score",
    };
    Ok(tallies.finding(name, defect, |total| {
        let (count, of) = (total.count, total.of);
        format!("{count} of {of} files are not those that the manifest describes.")
    }))
}

/// Items that do not have as many choices as their task, and answers that are not the right choice.
pub(super) fn items(
    name: &str,
    items: &BTreeMap<LanguageCode, Vec<ChoiceItem>>,
    answers: &BTreeMap<LanguageCode, Vec<Option<String>>>,
) -> Vec<Finding> {
    let task = Task::named(name);
    let (mut counts, mut differing) = (Tallies::default(), Tallies::default());
    for (language, items) in items {
        let none = Vec::new();
        let mut answers = answers.get(language).unwrap_or(&none).iter();
        for item in items {
            let found = item.choices.len();
            if let Some(task) = task {
                let wrong = (found != task.choices()).then(|| format!("{}: {found}", item.at));
                counts.see(language, &item.id, wrong);
            }
            if let Some(answer) = answers.next().and_then(Option::as_ref) {
                let right = item.answer();
                let wrong = right.filter(|right| *right != answer.as_str());
                let shown = |right| format!("{}: `{answer}`, labelled `{right}`", item.at);
                differing.see(language, &item.id, wrong.map(shown));
            }
        }
    }
    let counts = counts.finding(
        name,
        Defect {
            check: "number-of-choices",
            severity: Severity::Error,
            effect: "they cannot be asked, and chance is another: accuracy and RA",
        },
        |total| {
            let expected = task.map_or(0, Task::choices);
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} items do not have the {expected} choices of their task.")
        },
    );
    let differing = differing.finding(
        name,
        Defect {
            check: "answer-not-labelled",
            severity: Severity::Error,
            effect: "a right answer counts as wrong: accuracy, RA and en-CO",
        },
        |total| {
            let (count, of) = (total.count, total.of);
            format!("{count} of {of} labels are those of another choice than the `answer`.")
        },
    );
    counts.into_iter().chain(differing).collect()
}
