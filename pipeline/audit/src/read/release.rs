//! The multiple-choice tasks of the authors' release.

use super::{
    ReadDataset,
    files::{AuditRoot, language, subfolders},
    lines, release_world,
};
use crate::{AuditError, ChoiceItem, ChoiceSet};
use clika_base::types::{Id, LanguageCode};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// A task of the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReleaseTask {
    Geo,
    Name,
    Copa,
    Csqa,
    Fictional,
}

/// The task of a folder's name.
pub(super) fn task(name: &str) -> Option<ReleaseTask> {
    match name {
        "x_geo" => Some(ReleaseTask::Geo),
        "x_name" => Some(ReleaseTask::Name),
        "x_copa" => Some(ReleaseTask::Copa),
        "x_csqa" => Some(ReleaseTask::Csqa),
        "fictional" => Some(ReleaseTask::Fictional),
        _ => None,
    }
}

/// Reads a task's folder.
pub(super) fn read(
    root: &AuditRoot,
    folder: &Path,
    task: ReleaseTask,
) -> Result<Option<ReadDataset>, AuditError> {
    if task == ReleaseTask::Fictional {
        let worlds = release_world::read(root, folder)?;
        return Ok(worlds.map(ReadDataset::Worlds));
    }
    let mut languages = BTreeMap::new();
    for subfolder in subfolders(folder)? {
        let code = language(&subfolder)?;
        let name = match task {
            ReleaseTask::Geo => format!("{code}_geo_data.jsonl"),
            ReleaseTask::Name => format!("{code}_name_data_generate.jsonl"),
            ReleaseTask::Copa => "test.jsonl".to_owned(),
            ReleaseTask::Csqa | ReleaseTask::Fictional => "validation.jsonl".to_owned(),
        };
        let path = subfolder.path.join(&name);
        if !path.is_file() {
            let path = subfolder.path;
            return Err(AuditError::NoFile { path, name });
        }
        let at = root.shown(&path);
        let items = match task {
            ReleaseTask::Copa => copa(&path, &at)?,
            ReleaseTask::Csqa | ReleaseTask::Fictional => csqa(&path, &at)?,
            ReleaseTask::Geo | ReleaseTask::Name => facts(&path, &at)?,
        };
        languages.insert(code, items);
    }
    if languages.is_empty() {
        return Ok(None);
    }
    match task {
        ReleaseTask::Geo => describe(&mut languages, &city),
        ReleaseTask::Name => describe(&mut languages, &person),
        ReleaseTask::Copa | ReleaseTask::Csqa | ReleaseTask::Fictional => {}
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

/// What the English question says: relation, entity and country.
struct ParsedQuestion {
    relation: &'static str,
    entity: Option<String>,
    country: Option<String>,
}

fn city(question: &str) -> Option<ParsedQuestion> {
    let rest = question.strip_prefix("What administrative division of ");
    let named = rest.and_then(|rest| rest.strip_suffix(" in?")?.split_once(" is "));
    Some(ParsedQuestion {
        relation: "division",
        entity: named.map(|(_, city)| city.to_owned()),
        country: named.map(|(country, _)| country.to_owned()),
    })
}

fn person(question: &str) -> Option<ParsedQuestion> {
    let between = |before: &str, after: &str| {
        let name = question.strip_prefix(before)?.strip_suffix(after)?;
        Some(name.to_owned())
    };
    let (relation, entity) = if let Some(born) = between("In what year was ", " born?") {
        ("birth", born)
    } else {
        ("death", between("In what year did ", " die?")?)
    };
    Some(ParsedQuestion {
        relation,
        entity: Some(entity),
        country: None,
    })
}

/// Gives the items of every language what the English question of the same item says.
fn describe(
    languages: &mut BTreeMap<LanguageCode, Vec<ChoiceItem>>,
    of: &dyn Fn(&str) -> Option<ParsedQuestion>,
) {
    let english = languages.iter().find(|(code, _)| code.as_str() == "en");
    let asked: BTreeMap<String, ParsedQuestion> = english
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_questions_say_what_they_ask() {
        let asked = city("What administrative division of US is San Diego in?").unwrap();
        assert_eq!(asked.country.as_deref(), Some("US"));
        assert_eq!(asked.entity.as_deref(), Some("San Diego"));
        let asked = person("In what year did Mao Zedong die?").unwrap();
        assert_eq!(
            (asked.relation, asked.entity.as_deref()),
            ("death", Some("Mao Zedong"))
        );
        assert!(person("When was he born?").is_none());
    }
}
