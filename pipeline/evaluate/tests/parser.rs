//! The parser against the table of what models write.

#![allow(clippy::unwrap_used)]

use clika_base::types::{AnswerForms, Language};
use clika_datasets::load_languages;
use clika_evaluate::AnswerReader;
use clika_scores::metrics::Answer;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    choices: Vec<String>,
    accepted: Vec<Case>,
    rejected: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    response: String,
    answer: Option<char>,
    choices: Option<Vec<String>>,
    language: Option<String>,
}

#[test]
fn every_response_of_the_table_is_read_as_it_says() {
    let table: Table = toml::from_str(include_str!("parser_cases.toml")).unwrap();
    assert!(table.accepted.len() > 70 && table.rejected.len() > 20);
    assert!(table.accepted.iter().all(|case| case.answer.is_some()));
    assert!(table.rejected.iter().all(|case| case.answer.is_none()));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/languages");
    let languages = load_languages(&folder).unwrap();
    let of = |code: &str| languages.iter().find(|it| it.code.as_str() == code);
    let turkish = Language {
        code: "tr".to_owned().try_into().unwrap(),
        answers: AnswerForms::default(),
        ..of("en").unwrap().clone()
    };
    let reader = |code: &str| {
        let language = if code == "tr" {
            Some(&turkish)
        } else {
            of(code)
        };
        AnswerReader::new(language, of("en"))
    };
    let mut wrong = Vec::new();
    for case in table.accepted.iter().chain(&table.rejected) {
        let choices = case.choices.as_ref().unwrap_or(&table.choices);
        let expected = match case.answer {
            Some(letter) => Answer::Choice(letter as u8 - b'A'),
            None => Answer::Invalid,
        };
        let code = case.language.as_deref().unwrap_or("en");
        let found = reader(code).read(&case.response, choices);
        if found != expected {
            wrong.push(format!("{:?}: {found:?}, not {expected:?}", case.response));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
