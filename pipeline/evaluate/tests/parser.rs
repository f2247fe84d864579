//! The parser against the table of what models write.

#![allow(clippy::unwrap_used)]

use clika_evaluate::parse;
use clika_scores::metrics::Answer;
use serde::Deserialize;

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
}

#[test]
fn every_response_of_the_table_is_read_as_it_says() {
    let table: Table = toml::from_str(include_str!("parser_cases.toml")).unwrap();
    assert!(table.accepted.len() > 70 && table.rejected.len() > 20);
    assert!(table.accepted.iter().all(|case| case.answer.is_some()));
    assert!(table.rejected.iter().all(|case| case.answer.is_none()));
    let mut wrong = Vec::new();
    for case in table.accepted.iter().chain(&table.rejected) {
        let choices = case.choices.as_ref().unwrap_or(&table.choices);
        let expected = match case.answer {
            Some(letter) => Answer::Choice(letter as u8 - b'A'),
            None => Answer::Invalid,
        };
        let found = parse(&case.response, choices);
        if found != expected {
            wrong.push(format!("{:?}: {found:?}, not {expected:?}", case.response));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
