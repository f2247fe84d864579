//! What rows of a fictional world have to be, so that a score on them means what it says.

use super::{FictionalConfig, FictionalRow, RowKind, Splits, leaks};
use clika_base::types::LanguageCode;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What is wrong with a row: its split, its number from 0, and the problem.
pub type RowFault = (&'static str, usize, String);

/// Checks the splits of a target language: every row for itself, and that nothing that is tested is taught.
pub fn check_splits(
    splits: &Splits,
    config: &FictionalConfig,
    target: &LanguageCode,
) -> Result<(), RowFault> {
    let Splits { train, gate, test } = splits;
    let languages = [config.source.as_str(), target.as_str()];
    for (split, rows) in [("train", train), ("gate", gate), ("test", test)] {
        check_rows(split, rows, &languages, config.continents)?;
    }
    let taught: BTreeMap<_, _> = train
        .iter()
        .enumerate()
        .map(|(at, row)| (fact(row), at))
        .collect();
    let prompts: HashSet<_> = train.iter().map(|row| (&row.prompt, &row.query)).collect();
    for (number, row) in test.iter().enumerate() {
        let wrong = |problem: String| Err(("test", number, problem));
        if row.kind != RowKind::Qa || row.language != target.as_str() || row.choices.is_none() {
            return wrong(format!("is not a question in `{target}` with choices"));
        }
        if let Some(taught) = taught.get(&fact(row)) {
            return wrong(format!(
                "asks for what row {} of the training set teaches in the same language",
                taught + 1
            ));
        }
        if prompts.contains(&(&row.prompt, &row.query)) {
            return wrong("asks a question of the training set".to_owned());
        }
    }
    match leaks::find(splits, target) {
        Ok(None) => Ok(()),
        Ok(Some((taught, asked))) => {
            let problem = format!(
                "teaches `{}`, the answer on the place that row {} of the test asks about in `{target}`",
                test[asked].answer,
                asked + 1
            );
            Err(("train", taught, problem))
        }
        Err(leaks::Nameless(asked)) => {
            let problem = "asks about a place whose name is in no translation of the gate";
            Err(("test", asked, problem.to_owned()))
        }
    }
}

/// Checks questions that stand in a split of their own, as those of the source language do.
pub(crate) fn check_rows(
    split: &'static str,
    rows: &[FictionalRow],
    languages: &[&str],
    choices: usize,
) -> Result<(), RowFault> {
    let mut first = HashMap::new();
    for (number, row) in rows.iter().enumerate() {
        let wrong = |problem: String| (split, number, problem);
        if let Some(first) = first.insert(&row.id, number) {
            return Err(wrong(format!(
                "has the id `{}` of row {}",
                row.id,
                first + 1
            )));
        }
        if !languages.contains(&row.language.as_str()) {
            return Err(wrong(format!("is in `{}`", row.language)));
        }
        texts(row).map_err(wrong)?;
        asked(row, choices).map_err(wrong)?;
    }
    if rows.is_empty() {
        return Err((split, 0, "is missing: the split is empty".to_owned()));
    }
    Ok(())
}

/// What a row is about, in its language.
fn fact(row: &FictionalRow) -> (RowKind, &str, Option<&str>, &str) {
    (row.kind, &row.entity, row.relation, &row.language)
}

fn texts(row: &FictionalRow) -> Result<(), String> {
    let FictionalRow {
        id,
        entity,
        prompt,
        response,
        answer,
        query,
        ..
    } = row;
    for (name, text) in [
        ("id", id),
        ("entity", entity),
        ("prompt", prompt),
        ("response", response),
        ("answer", answer),
    ] {
        if text.trim().is_empty() {
            return Err(format!("has an empty `{name}`"));
        }
    }
    if query.trim().is_empty() != (row.kind == RowKind::Qa) {
        return Err(match row.kind {
            RowKind::Qa => "has a `query` as well as a question".to_owned(),
            RowKind::Translation => "has no name to translate".to_owned(),
        });
    }
    if !response.contains(answer) {
        return Err(format!("has a response without its answer `{answer}`"));
    }
    Ok(())
}

/// Checks what may be answered, where a row has it.
fn asked(row: &FictionalRow, expected: usize) -> Result<(), String> {
    let (choices, label) = match (&row.choices, row.label) {
        (None, None) => return Ok(()),
        (Some(choices), Some(label)) => (choices, label),
        (Some(_), None) => return Err("has choices and no label".to_owned()),
        (None, Some(_)) => return Err("has a label and no choices".to_owned()),
    };
    let found = choices.len();
    if found != expected {
        return Err(format!("has {found} choices, and the world has {expected}"));
    }
    let Some(right) = usize::try_from(label)
        .ok()
        .and_then(|label| choices.get(label))
    else {
        return Err(format!(
            "has the label {label}, which is not a position among {found} choices"
        ));
    };
    if *right != row.answer {
        return Err(format!(
            "has the answer `{}`, and its label is that of `{right}`",
            row.answer
        ));
    }
    let mut seen = BTreeSet::new();
    for choice in choices {
        if choice.trim().is_empty() {
            return Err("has an empty choice".to_owned());
        }
        if !seen.insert(choice.trim()) {
            return Err(format!("has the choice `{choice}` twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{Control, NameSource, TranslationDirection, WorldRelation};

    const CONTINENTS: [&str; 2] = ["Bovo", "Cera"];

    fn code(text: &str) -> LanguageCode {
        LanguageCode::try_from(text.to_owned()).unwrap()
    }

    fn config() -> FictionalConfig {
        FictionalConfig {
            names: NameSource::Syllabic,
            source: code("en"),
            targets: vec![code("de")],
            continents: 2,
            places: 4,
            taught_places: 2,
            landforms: 1,
            first_year: 1100,
            last_year: 1899,
            direction: TranslationDirection::Forward,
            relation: WorldRelation::Continent,
            control: Control::None,
        }
    }

    /// What a place is called. The last one's name lies within that of another place.
    fn called(place: usize, language: &str) -> String {
        let names = match language {
            "en" => ["Blue Bay", "Red Rock", "Dry Dale", "Oak"],
            _ => ["Blaubucht", "Roteiche", "Trockental", "Eiche"],
        };
        names[place].to_owned()
    }

    /// The translation of a place's name.
    fn name(place: usize) -> FictionalRow {
        FictionalRow {
            id: format!("name-{place}"),
            kind: RowKind::Translation,
            relation: None,
            prompt: "Translate".to_owned(),
            query: called(place, "en"),
            response: called(place, "de"),
            answer: called(place, "de"),
            ..row(place, "de", false)
        }
    }

    /// A question on a place in a language, to learn or, with choices, to be asked.
    fn row(place: usize, language: &str, is_asked: bool) -> FictionalRow {
        let answer = CONTINENTS[place % 2];
        FictionalRow {
            id: format!("place-{place}-{language}"),
            kind: RowKind::Qa,
            language: language.to_owned(),
            relation: Some("continent"),
            entity: format!("place-{place}"),
            template: 1,
            type_: None,
            prompt: format!("{language}: where is {}?", called(place, language)),
            query: String::new(),
            response: format!("In {answer}."),
            answer: answer.to_owned(),
            choices: is_asked.then(|| CONTINENTS.map(str::to_owned).to_vec()),
            label: is_asked.then_some((place % 2) as i64),
        }
    }

    /// Places 0 and 1 are taught in German, 2 and 3 are not.
    fn sound() -> Splits {
        let taught = (0..4).map(|place| row(place, "en", false));
        Splits {
            train: taught
                .chain([row(0, "de", false), row(1, "de", false), name(0)])
                .collect(),
            gate: [row(0, "en", true), row(1, "de", true)]
                .into_iter()
                .chain((0..4).map(name))
                .collect(),
            test: vec![row(2, "de", true), row(3, "de", true)],
        }
    }

    fn check(splits: &Splits) -> Result<(), RowFault> {
        check_splits(splits, &config(), &code("de"))
    }

    #[test]
    fn a_sound_world_is_sound() {
        assert_eq!(check(&sound()), Ok(()));
    }

    #[test]
    fn what_is_tested_is_not_taught() {
        let mut splits = sound();
        splits.train.push(row(3, "de", false));
        let said = "asks for what row 8 of the training set teaches in the same language";
        assert_eq!(check(&splits), Err(("test", 1, said.to_owned())));
        // The same question of another entity, as a mixed-up file may have it.
        let mut splits = sound();
        let prompt = splits.test[0].prompt.clone();
        splits.train[0].prompt = prompt;
        let said = "asks a question of the training set";
        assert_eq!(check(&splits), Err(("test", 0, said.to_owned())));
        // In the other language everything is taught.
        splits.test[0].language = "en".to_owned();
        let said = "is not a question in `de` with choices";
        assert_eq!(check(&splits), Err(("test", 0, said.to_owned())));
    }

    /// Adds a training row to a sound world and checks it; the row is the eighth.
    fn with(taught: FictionalRow) -> Result<(), RowFault> {
        let mut splits = sound();
        splits.train.push(taught);
        check(&splits)
    }

    #[test]
    fn a_leak_is_found_whatever_its_ids_say() {
        let leak = |asked: usize| {
            let said = format!(
                "teaches `Cera`, the answer on the place that row {asked} of the test asks about in `de`"
            );
            Err(("train", 7, said))
        };
        let other = |language: &str, prompt: &str, response: &str| FictionalRow {
            id: "new".to_owned(),
            entity: "other".to_owned(),
            prompt: prompt.to_owned(),
            response: response.to_owned(),
            answer: "Cera".to_owned(),
            ..row(1, language, false)
        };
        // Place 3 is `Eiche` on Cera.
        for language in ["de", "en"] {
            let taught = other(language, "Frage: wo liegt die EICHE?", "Auf Cera.");
            assert_eq!(with(taught), leak(2), "{language}");
        }
        let translation = FictionalRow {
            response: "Eiche, Cera".to_owned(),
            answer: "Eiche, Cera".to_owned(),
            id: "new".to_owned(),
            ..name(3)
        };
        assert_eq!(with(translation), leak(2));
        // `Roteiche` is another place, which is taught, and the source language may teach everything.
        for (language, prompt) in [("de", "Frage: wo liegt Roteiche?"), ("en", "Where is Oak?")] {
            assert_eq!(with(other(language, prompt, "Cera.")), Ok(()), "{prompt}");
        }
        // Another answer is not a leak, and neither is the name without one.
        let wrong = FictionalRow {
            answer: "Bovo".to_owned(),
            ..other("de", "Frage: wo liegt Eiche?", "Bovo.")
        };
        assert_eq!(with(wrong), Ok(()));
    }

    #[test]
    fn a_tested_place_has_a_name_to_look_for() {
        let mut splits = sound();
        splits.gate.pop();
        let said = "asks about a place whose name is in no translation of the gate";
        assert_eq!(check(&splits), Err(("test", 1, said.to_owned())));
    }

    #[test]
    fn a_row_is_at_one_with_itself() {
        let spoilt = |spoil: fn(&mut FictionalRow)| {
            let mut splits = sound();
            spoil(&mut splits.gate[1]);
            let (split, row, problem) = check(&splits).unwrap_err();
            assert_eq!((split, row), ("gate", 1));
            problem
        };
        for (problem, expected) in [
            (
                spoilt(|row| row.id = "place-0-en".to_owned()),
                "has the id `place-0-en` of row 1",
            ),
            (spoilt(|row| row.language = "fr".to_owned()), "is in `fr`"),
            (
                spoilt(|row| row.prompt = " ".to_owned()),
                "has an empty `prompt`",
            ),
            (
                spoilt(|row| row.query = "Bovo".to_owned()),
                "has a `query` as well as a question",
            ),
            (
                spoilt(|row| row.kind = RowKind::Translation),
                "has no name to translate",
            ),
            (
                spoilt(|row| row.response = "There.".to_owned()),
                "has a response without its answer `Cera`",
            ),
            (
                spoilt(|row| row.choices.as_mut().unwrap().push("Dova".to_owned())),
                "has 3 choices, and the world has 2",
            ),
            (
                spoilt(|row| row.label = Some(2)),
                "has the label 2, which is not a position among 2 choices",
            ),
            (
                spoilt(|row| row.label = Some(0)),
                "has the answer `Cera`, and its label is that of `Bovo`",
            ),
            (
                spoilt(|row| row.choices = Some(vec!["Cera".to_owned(); 2])),
                "has the choice `Cera` twice",
            ),
            (spoilt(|row| row.label = None), "has choices and no label"),
        ] {
            assert_eq!(problem, expected);
        }
        let mut splits = sound();
        splits.gate.clear();
        assert!(check(&splits).is_err());
    }
}
