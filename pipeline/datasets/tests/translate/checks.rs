//! Faults that a program can see, and chrF against sacreBLEU.

#![allow(clippy::unwrap_used)]

use clika_base::text::TextRules;
use clika_datasets::translate::{
    Passage, PassageKind, TranslationFault, chrf, corpus_chrf, faults,
};
use serde_json::Value;

fn found(english: &[&str], translated: &[&str], script: &str) -> Vec<TranslationFault> {
    let owned = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    let passage = Passage {
        id: "1".to_owned(),
        texts: owned(english),
        kind: PassageKind::Question,
    };
    faults(&passage, &owned(translated), script, TextRules::default())
}

#[test]
fn good_translations_have_no_faults() {
    for (translated, script) in [
        (["Wohin setzt man sich im Café?", "Hotel", "Radio"], "Latn"),
        (["Где сидят в кафе?", "отель", "радио"], "Cyrl"),
        (["أين يجلس الناس في المقهى؟", "فندق", "مذياع"], "Arab"),
        (["איפה יושבים בבית הקפה?", "מלון", "רדיו"], "Hebr"),
        (["カフェではどこに座りますか？", "ホテル", "ラジオ"], "Jpan"),
        (["在咖啡馆坐在哪里？", "酒店", "收音机"], "Hans"),
    ] {
        let english = ["Where do people sit in a coffee shop?", "hotel", "radio"];
        assert_eq!(found(&english, &translated, script), [], "{script}");
    }
    // Three words of a sentence are the same in Italian, and the small ones are not.
    assert_eq!(
        found(
            &["the radio in the hotel", "a", "b"],
            &["la radio in hotel", "a", "b"],
            "Latn"
        ),
        []
    );
    // Names and abbreviations stay as they are, also where nothing is between them and the next word.
    assert_eq!(
        found(
            &["a DVD player", "in the USA", "R2D2"],
            &["DVD机", "在USA", "R2D2"],
            "Hans"
        ),
        []
    );
    assert_eq!(
        found(
            &["Who made the DVD?", "Sony", "the BBC"],
            &["谁制作了DVD？", "Sony", "BBC"],
            "Hans"
        ),
        []
    );
}

#[test]
fn english_without_long_words_is_found() {
    // COPA's sentences are short, and many choices of CSQA have three letters.
    let english = ["The man woke up.", "I ran out of gas.", "bed"];
    assert_eq!(
        found(&english, &english, "Latn"),
        [
            TranslationFault::Untranslated(0),
            TranslationFault::Untranslated(1)
        ]
    );
    assert_eq!(
        found(
            &english,
            &["Мужчина проснулся.", "I ran out of gas.", "bed"],
            "Cyrl"
        ),
        [
            TranslationFault::WrongScript(1),
            TranslationFault::WrongScript(2)
        ]
    );
}

#[test]
fn each_fault_is_found() {
    let english = [
        "What does a dog chase in the garden?",
        "a cat",
        "the mail carrier",
    ];
    let cases: [(&[&str], &str, Vec<TranslationFault>); 7] = [
        (
            &["Что ловит собака в саду?", "кошку"],
            "Cyrl",
            vec![TranslationFault::Lost("2 of 3 texts came back".to_owned())],
        ),
        (
            &["Что ловит собака в саду?", " ", "почтальона"],
            "Cyrl",
            vec![TranslationFault::Empty(1)],
        ),
        (
            &[
                "What does a dog chase in the garden?",
                "eine Katze",
                "den Briefträger",
            ],
            "Latn",
            vec![TranslationFault::Untranslated(0)],
        ),
        (
            &["Что ловит собака в саду?", "почтальона.", "Почтальона"],
            "Cyrl",
            vec![TranslationFault::SameChoices(1, 2)],
        ),
        (
            &["Что ловит собака в саду?", "кошку", "postino"],
            "Cyrl",
            vec![TranslationFault::WrongScript(2)],
        ),
        (
            &["狗在花园里追什么？", "猫", "mail carrier"],
            "Hans",
            vec![TranslationFault::Untranslated(2)],
        ),
        (
            &["Собака?", "кошку", "почтальона"],
            "Cyrl",
            vec![TranslationFault::Length(0, 7.0 / 36.0)],
        ),
    ];
    for (translated, script, expected) in cases {
        assert_eq!(
            found(&english, translated, script),
            expected,
            "{translated:?}"
        );
    }
}

#[test]
fn what_cannot_be_used_is_told_from_what_is_odd() {
    assert!(
        TranslationFault::SameChoices(1, 2).is_fatal() && TranslationFault::Empty(0).is_fatal()
    );
    assert!(
        !TranslationFault::Length(0, 9.0).is_fatal()
            && !TranslationFault::WrongScript(1).is_fatal()
    );
}

/// tests/chrf_reference.py wrote the expected values with sacreBLEU.
#[test]
fn chrf_equals_sacrebleu() {
    let reference: Value = serde_json::from_str(include_str!("chrf_reference.json")).unwrap();
    let pairs: Vec<_> = reference["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            (
                pair["hypothesis"].as_str().unwrap(),
                pair["reference"].as_str().unwrap(),
                pair["chrf"].as_f64().unwrap(),
            )
        })
        .collect();
    assert!(pairs.len() >= 10);
    for (hypothesis, reference, expected) in &pairs {
        let found = chrf(hypothesis, reference);
        assert!(
            (found - expected).abs() < 1e-9,
            "{hypothesis}: {found}, not {expected}"
        );
    }
    let corpus = corpus_chrf(
        pairs
            .iter()
            .map(|(hypothesis, reference, _)| (*hypothesis, *reference)),
    );
    let expected = reference["corpus"].as_f64().unwrap();
    assert!(
        (corpus.unwrap() - expected).abs() < 1e-9,
        "{corpus:?}, not {expected}"
    );
    assert_eq!(corpus_chrf([]), None);
}
