//! The multiple-choice tasks of the authors' release.

use super::{
    ReadDataset,
    files::{AuditRoot, language, subfolders},
    lines, release_world,
};
use crate::{AuditError, ChoiceItem, ChoiceSet};
use clika_base::types::{Id, LanguageCode};
use clika_datasets::{AskedFact, Dataset, ReleaseFiles, ReleaseLines};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// The dataset that the release has in a folder of this name.
pub(super) fn dataset(name: &str) -> Option<&'static Dataset> {
    let is_it = |files: &ReleaseFiles| files.folder == name;
    Dataset::all().find(|dataset| dataset.release.as_ref().is_some_and(is_it))
}

/// Its files.
pub(super) fn files(name: &str) -> Option<&'static ReleaseFiles> {
    dataset(name)?.release.as_ref()
}

/// What becomes of a language without its file of questions.
#[derive(Clone, Copy)]
pub(super) enum MissingFiles {
    /// An audit would be of a part.
    Refused,
    /// There may be answers alone.
    LeftOut,
}

/// Reads a task's folder.
pub(super) fn read(
    root: &AuditRoot,
    folder: &Path,
    files: &ReleaseFiles,
    missing: MissingFiles,
) -> Result<Option<ReadDataset>, AuditError> {
    if let ReleaseLines::World = files.lines {
        let worlds = release_world::read(root, folder)?;
        return Ok(worlds.map(ReadDataset::Worlds));
    }
    let mut languages = BTreeMap::new();
    for subfolder in subfolders(folder)? {
        let code = language(&subfolder)?;
        let name = files.file_of(code.as_str());
        let path = subfolder.path.join(&name);
        if !path.is_file() {
            let path = subfolder.path;
            match missing {
                MissingFiles::Refused => return Err(AuditError::NoFile { path, name }),
                MissingFiles::LeftOut => continue,
            }
        }
        let at = root.shown(&path);
        let items = match files.lines {
            ReleaseLines::Copa => copa(&path, &at)?,
            ReleaseLines::Csqa => csqa(&path, &at)?,
            ReleaseLines::Facts(_) => facts(&path, &at)?,
            ReleaseLines::World => continue,
        };
        languages.insert(code, items);
    }
    if languages.is_empty() {
        return Ok(None);
    }
    if let ReleaseLines::Facts(asked) = files.lines {
        describe(&mut languages, asked);
    }
    Ok(Some(ReadDataset::Choices(ChoiceSet {
        name: root.name_of(folder),
        languages,
    })))
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct FactLine {
    id: Id,
    questions: String,
    answers: Vec<String>,
    label: i64,
    original_lang: LanguageCode,
}

fn facts(path: &Path, at: &str) -> Result<Vec<ChoiceItem>, AuditError> {
    let expected = "a line has id, questions (one text), answers (a list), label (a position from 0) and \
                    original_lang, as x_geo and x_name of the release have";
    let lines = lines::read::<FactLine>(path, expected)?.into_iter();
    let items = lines.map(|(number, line)| ChoiceItem {
        id: line.id.into(),
        at: format!("{at}:{number}"),
        text: line.questions,
        asks: None,
        choices: line.answers,
        label: line.label,
        origin: Some(line.original_lang),
        relation: None,
        entity: None,
        country: None,
    });
    Ok(items.collect())
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct CopaLine {
    id: Id,
    question: String,
    premise: String,
    choice1: String,
    choice2: String,
    label: i64,
}

fn copa(path: &Path, at: &str) -> Result<Vec<ChoiceItem>, AuditError> {
    let expected =
        "a line has id, premise, question (cause or effect), choice1, choice2 and label (0 or 1)";
    let lines = lines::read::<CopaLine>(path, expected)?.into_iter();
    let items = lines.map(|(number, line)| ChoiceItem {
        id: line.id.into(),
        at: format!("{at}:{number}"),
        text: line.premise,
        asks: Some(line.question),
        choices: vec![line.choice1, line.choice2],
        label: line.label,
        origin: None,
        relation: None,
        entity: None,
        country: None,
    });
    Ok(items.collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct CsqaLine {
    id: Id,
    question: CsqaQuestion,
    answer_key: String,
}

#[derive(Deserialize)]
struct CsqaQuestion {
    stem: String,
    choices: CsqaChoices,
}

#[derive(Deserialize)]
struct CsqaChoices {
    label: Vec<String>,
    text: Vec<String>,
}

fn csqa(path: &Path, at: &str) -> Result<Vec<ChoiceItem>, AuditError> {
    let expected = "a line has id, question.stem, question.choices with label and text, and answerKey, one of \
                    the labels";
    let mut items = Vec::new();
    for (number, line) in lines::read::<CsqaLine>(path, expected)? {
        let CsqaChoices { label, text } = line.question.choices;
        let key = label.iter().position(|label| *label == line.answer_key);
        let Some(label) = key.and_then(|key| i64::try_from(key).ok()) else {
            let problem = format!(
                "answerKey `{}` is not the label of a choice",
                line.answer_key
            );
            return Err(lines::wrong(path, number, problem, expected));
        };
        items.push(ChoiceItem {
            id: line.id.into(),
            at: format!("{at}:{number}"),
            text: line.question.stem,
            asks: None,
            choices: text,
            label,
            origin: None,
            relation: None,
            entity: None,
            country: None,
        });
    }
    Ok(items)
}

/// Gives the items of every language what the English question of the same item says.
fn describe(
    languages: &mut BTreeMap<LanguageCode, Vec<ChoiceItem>>,
    of: fn(&str) -> Option<AskedFact>,
) {
    let english = languages.iter().find(|(code, _)| code.as_str() == "en");
    let asked: BTreeMap<String, AskedFact> = english
        .iter()
        .flat_map(|(_, items)| items.iter())
        .filter_map(|item| Some((item.id.clone(), of(&item.text)?)))
        .collect();
    for item in languages.values_mut().flatten() {
        if let Some(asked) = asked.get(&item.id) {
            item.relation = Some(asked.relation.to_owned());
            item.entity = asked.entity.clone();
            item.country = asked.country.clone();
        }
    }
}
