//! Which question was it, and which model?

use super::*;
use clika_scores::predictions::{item_sha256, one_letter_answers, weak_letters};
use polars::prelude::*;
use serde_json::{Value, json};

/// An answer to a question with these choices.
fn answer(choices: [&str; 4]) -> Prediction {
    Prediction {
        item_sha256: Some(item_sha256(None, "q", None, &choices.map(str::to_owned))),
        ..item("Q1", "Q2")
    }
}

/// Writes answers and reads them again.
fn read(answers: Vec<(PredictionKey, Prediction, Value)>) -> Result<Collection, PredictionError> {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    for (key, prediction, run) in answers {
        if !run.is_null() {
            collection.describe(key.clone(), run);
        }
        collection.insert(key, vec![prediction]);
    }
    collection.write(folder.path()).unwrap();
    Collection::read(folder.path())
}

#[test]
fn the_hash_of_an_item_is_one_that_other_programs_can_compute() {
    let choices = |texts: &[&str]| texts.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    // json.dumps([premise, question, relation, choices], ensure_ascii=False, separators=(",", ":")), then SHA-256.
    assert_eq!(
        item_sha256(
            Some("Es regnete."),
            "Was war die Folge?",
            Some("effect"),
            &choices(&["a", "b"])
        ),
        "8abb57b864a012d9e78605e6bea5215dd4ddebd3ead0e76fa148dab4d867589c"
    );
    assert_eq!(
        item_sha256(None, "q", None, &choices(&["a", "b", "c", "d"])),
        "46f6181fd8f2cf02a1893ba1279f7f59358483a15e4a5298acf15e0dd5e4045e"
    );
}

#[test]
fn answers_to_two_versions_of_a_question_do_not_meet() {
    let (one, other) = (["a", "b", "c", "d"], ["d", "b", "c", "a"]);
    let of =
        |model: &str, language: &str, choices| (key(model, language), answer(choices), Value::Null);
    // Languages differ in their texts, models do not.
    let sound = read(vec![
        of("m", "de", one),
        of("m", "zh", other),
        of("n", "de", one),
    ]);
    assert!(sound.unwrap().unverified().is_empty());
    let error = read(vec![of("m", "de", one), of("n", "de", other)]).unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("item Q1 is another question, or has other choices, in the second file")
            && said.contains("n/xgeo/de.parquet")
            && said.contains("m/xgeo/de.parquet"),
        "{said}"
    );
    assert!(error.help().is_some());
    // What was not recorded is named, not refused.
    let unknown = (key("n", "de"), item("Q1", "Q2"), Value::Null);
    let read = read(vec![of("m", "de", one), of("n", "zh", other), unknown]).unwrap();
    assert_eq!(read.unverified(), ["n on xgeo in de"]);
}

#[test]
fn one_name_is_one_model_asked_in_one_way() {
    let run = json!({
        "fingerprint": "12".repeat(32), "dtype": "f32", "device": "cpu", "scoring_version": 1,
        "dataset": "34".repeat(32), "dataset_sha256": "56".repeat(32),
    });
    let two = |change: &dyn Fn(&mut Value)| {
        let mut other = run.clone();
        change(&mut other);
        read(vec![
            (key("m", "de"), item("Q1", "Q2"), run.clone()),
            (key("m", "zh"), item("Q1", "Q2"), other),
        ])
    };
    // Where it ran is a record; imported answers have no run.
    assert!(two(&|run| run["device"] = json!("cuda:0")).is_ok());
    assert!(two(&|run| *run = Value::Null).is_ok());
    for (change, expected) in [
        (
            &(|run: &mut Value| run["dtype"] = json!("bf16")) as &dyn Fn(&mut Value),
            "`m` is the name of two runs that differ: `dtype` is `f32` and `bf16`\n",
        ),
        (
            &|run| run["fingerprint"] = json!("78".repeat(32)),
            "differ: `fingerprint` is `121212121212…` and `787878787878…`\n",
        ),
        (
            // A field that this version does not know tells runs apart as well.
            &|run| run["template_variables"] = json!({ "enable_thinking": false }),
            "`template_variables` is not recorded and `{\"enable_thinking\":false}`\n",
        ),
        (
            &|run| *run = json!({ "dtype": "f32" }),
            "differ: `scoring_version` is `1` and not recorded\n",
        ),
        (
            &|run| run["dataset_sha256"] = json!("78".repeat(32)),
            "the two were answered on other versions of the dataset xgeo\n",
        ),
    ] {
        let error = two(change).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(expected), "{said}");
        assert!(
            said.ends_with("m on xgeo in de\n   m on xgeo in zh"),
            "{said}"
        );
        assert!(error.help().is_some());
    }
    // Equal rows are one version, whatever they were built with.
    assert!(two(&|run| run["dataset"] = json!("78".repeat(32))).is_ok());
    // Two models may differ in everything, but for the dataset where no hash says that the questions are the same.
    let models = |prediction: Prediction, dataset: &str| {
        let other =
            json!({ "dtype": "bf16", "scoring_version": 1, "dataset_sha256": dataset.repeat(32) });
        read(vec![
            (key("m", "de"), prediction.clone(), run.clone()),
            (key("n", "de"), prediction, other),
        ])
    };
    assert!(models(item("Q1", "Q2"), "56").is_ok());
    let error = models(item("Q1", "Q2"), "78").unwrap_err().to_string();
    assert!(
        error.ends_with("dataset xgeo\n   m on xgeo in de\n   n on xgeo in de"),
        "{error}"
    );
    assert!(models(answer(["a", "b", "c", "d"]), "78").is_ok());
}

#[test]
fn files_of_older_versions_have_no_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    collection.insert(key("m", "de"), vec![answer(["a", "b", "c", "d"])]);
    collection.write(folder.path()).unwrap();
    rewritten(folder.path(), "m/xgeo/de.parquet", |frame| {
        for column in ["item_sha256", "prompt_sha256"] {
            frame.drop_in_place(column).unwrap();
        }
    });
    let read = Collection::read(folder.path()).unwrap();
    assert_eq!(read.unverified(), ["m"]);
}

#[test]
fn scores_that_are_no_numbers_block_readers_but_no_later_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    for (language, choices) in [("de", ["a", "b", "c", "d"]), ("zh", ["e", "f", "g", "h"])] {
        collection.insert(key("m", language), vec![answer(choices)]);
    }
    collection.write(folder.path()).unwrap();
    rewritten(folder.path(), "m/xgeo/de.parquet", |frame| {
        let scores = Series::new("".into(), [f64::NAN, -1.0, -2.0, -3.0]);
        let scores = Column::new("choice_scores".into(), [scores]);
        frame.with_column(scores).unwrap();
    });
    let error = Collection::read(folder.path()).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("row 1 of m on xgeo in de ("), "{said}");
    assert!(
        said.ends_with("3 finite numbers among 4, but xgeo has 4 choices"),
        "{said}"
    );
    let help = error.help().unwrap().to_string();
    assert!(
        help.contains("clika evaluate xgeo --languages de --name m --model …"),
        "{help}"
    );
    // A later run reads what can be used, and knows what cannot.
    let read = Collection::read_model(folder.path(), "m").unwrap();
    let keys: Vec<_> = read.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, [key("m", "zh")]);
    let [(broken, why)] = read.unusable() else {
        panic!("{:?}", read.unusable())
    };
    assert_eq!((broken, why.to_string()), (&key("m", "de"), said));
}

#[test]
fn sets_whose_letters_held_little_of_the_probability_are_named() {
    let choices = ["a", "b", "c", "d"];
    let of = |language: &str, share: Value| {
        let run = json!({ "letters_probability": share });
        (key("m", language), answer(choices), run)
    };
    let collection = read(vec![
        of("de", json!(0.123)),
        of("en", json!(0.5)),
        of("zh", Value::Null),
    ])
    .unwrap();
    assert_eq!(
        weak_letters(&collection, "m").unwrap(),
        "m: the option letters held little of the probability where the answer was read (xgeo in de 0.12), so that what was \
         compared is not what the model would have written"
    );
    assert_eq!(weak_letters(&collection, "n"), None);
}

#[test]
fn sets_in_which_nearly_all_answers_are_one_letter_are_named() {
    let mut collection = Collection::default();
    let mut insert = |language: &str, letters: &str, right: &str| {
        let predictions = letters.bytes().zip(right.bytes()).enumerate();
        let predictions = predictions.map(|(number, (letter, label))| Prediction {
            item_id: format!("Q{number}"),
            answer: if letter == b'-' {
                Answer::Invalid
            } else {
                Answer::Choice(letter - b'A')
            },
            label: label - b'A',
            ..item("Q1", "Q2")
        });
        collection.insert(key("m", language), predictions.collect());
    };
    insert("de", "BBBBBBBBBA", "ABCDABCDAB");
    insert("en", "BBBBBBBBAA", "ABCDABCDAB");
    // Too few, and a dataset whose right options are nearly all B themselves.
    insert("fr", "BBBBBBBBB", "ABCDABCDA");
    insert("ru", "BBBBBBBBBB", "BBBBBBBBBA");
    // An invalid answer is no letter.
    insert("zh", "BBBBBBBB--", "ABCDABCDAB");
    assert_eq!(
        one_letter_answers(&collection, "m").unwrap(),
        "m: nearly every answer is one letter (xgeo in de B 90.0 %), so that accuracy and en-CO say where right options stand; \
         `en_co_beyond_letters` leaves that out"
    );
    assert_eq!(one_letter_answers(&collection, "n"), None);
}
