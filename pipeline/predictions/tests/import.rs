//! Importers on small folders made here, and what they say about bad input.

#![allow(clippy::unwrap_used)]

use clika_core::{LanguageCode, Task};
use clika_metrics::Answer;
use clika_predictions::{Collection, Key, Prediction};
use miette::Diagnostic;
use std::{fs, path::Path};

const SUFFIX: &str = "_res_bf16_add_simple_example.jsonl";

fn code(code: &str) -> LanguageCode {
    LanguageCode::try_from(code.to_owned()).unwrap()
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A release of one model and four people's questions in two languages.
fn release(folder: &Path) {
    let lines = |answers: [&str; 4]| -> String {
        answers
            .iter()
            .enumerate()
            .map(|(id, answer)| {
                format!("{{\"id\": {id}, \"input\": \"…\", \"res\": \"{answer}\", \"label\": \"B\", \"uuid\": {id}}}\n")
            })
            .collect()
    };
    write(
        folder,
        &format!("x_name/en/llama_13b{SUFFIX}"),
        lines(["B.", "B.", "A.", "voiv"]),
    );
    write(
        folder,
        &format!("x_name/DE/llama_13b{SUFFIX}"),
        lines(["B.", "C.", "B. 1756", ""]),
    );
    write(
        folder,
        "x_name/en/chatgpt_res.jsonl",
        lines(["B. 1756", "B", "B", "B"]),
    );
    write(
        folder,
        "x_name/en/generate_input.jsonl",
        lines(["", "", "", ""]),
    );
    write(
        folder,
        "x_csqa/ZH_trans/validation.jsonl",
        "no answers of a model",
    );
}

#[test]
fn reads_the_release_as_it_lies_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let collection = Collection::read(folder.path()).unwrap();
    assert_eq!(
        collection.models().into_iter().collect::<Vec<_>>(),
        ["chatgpt", "llama_13b"]
    );
    let german = collection
        .get("llama_13b", Task::XPeo, &code("de"))
        .unwrap();
    let answers: Vec<_> = german.iter().map(|prediction| prediction.answer).collect();
    assert_eq!(
        answers,
        [
            Answer::Choice(1),
            Answer::Choice(2),
            Answer::Choice(1),
            Answer::Invalid
        ]
    );
    // Item 0 and item 2 of four are the birth and the death of one person.
    let clusters: Vec<_> = german
        .iter()
        .map(|prediction| prediction.cluster_id.as_str())
        .collect();
    assert_eq!(clusters, ["0", "1", "0", "1"]);
    assert_eq!(german[2].response.as_deref(), Some("B. 1756"));
    assert_eq!(
        collection.missing(),
        [Key {
            model: "chatgpt".to_owned(),
            task: Task::XPeo,
            language: code("de")
        }]
    );
}

/// Spoils a file of the release; the error as a person sees it.
fn error_after(file: &str, spoil: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let path = folder.path().join(file);
    let content = spoil(fs::read(&path).unwrap());
    fs::write(&path, content).unwrap();
    let error = Collection::read(folder.path()).unwrap_err();
    let hint = error.help().unwrap();
    format!("{error}\nhint: {hint}").replace(&folder.path().display().to_string(), "release")
}

fn replace(from: &'static str, to: &'static str) -> impl FnOnce(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    }
}

const FILE: &str = "x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl";

#[test]
fn a_line_that_is_no_json() {
    insta::assert_snapshot!(error_after(FILE, replace("{\"id\": 2", "\"id\": 2")), @r#"
    invalid type: string "id", expected an object
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:3
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn a_line_that_breaks_off() {
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 20].to_vec();
    insta::assert_snapshot!(error_after(FILE, cut), @r#"
    the line is no JSON: EOF while parsing a string, column 42
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:4
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn a_missing_field() {
    insta::assert_snapshot!(error_after(FILE, replace("\"res\": \"C.\", ", "")), @r#"
    missing field `res`
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:2
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn a_label_outside_the_choices() {
    insta::assert_snapshot!(error_after(FILE, replace("\"label\": \"B\"", "\"label\": \"E\"")), @r#"
    `E` is no choice of xpeo
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:1
    hint: `label` is one of the first 4 letters
    "#);
}

#[test]
fn files_of_unequal_length() {
    let first_three = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .take(3)
            .fold(String::new(), |text, line| text + line + "\n")
            .into_bytes()
    };
    insta::assert_snapshot!(error_after(FILE, first_three), @r#"
    item 3 is missing in the first file
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl
       release/x_name/en/chatgpt_res.jsonl
    hint: all files of a task have the same items, in any order, with equal labels
    "#);
}

#[test]
fn another_right_choice() {
    insta::assert_snapshot!(error_after(FILE, replace("\"label\": \"B\"", "\"label\": \"A\"")), @r#"
    the right choice of item 0 is number 0 in the first file, 1 in the second
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl
       release/x_name/en/chatgpt_res.jsonl
    hint: all files of a task have the same items, in any order, with equal labels
    "#);
}

#[test]
fn an_item_twice() {
    insta::assert_snapshot!(error_after(FILE, replace("\"id\": 3", "\"id\": 1")), @r#"
    item 1 stands twice
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:4
    hint: every item once
    "#);
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(error_after(FILE, |_| Vec::new()), @r#"
    the file is empty
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:1
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn an_empty_line() {
    insta::assert_snapshot!(error_after(FILE, replace("\n", "\n\n")), @r#"
    the line is no JSON: EOF while parsing a value, column 0
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:2
    hint: each line is an object with `id`, `res` (the answer) and `label` (the right letter)
    "#);
}

#[test]
fn mixed_encodings() {
    let latin_1 = |bytes: Vec<u8>| {
        let at = bytes.windows(4).position(|four| four == b"1756").unwrap();
        let mut bytes = bytes;
        bytes[at] = 0xFC;
        bytes
    };
    insta::assert_snapshot!(error_after(FILE, latin_1), @r#"
    byte 38 of the line is no UTF-8
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl:3
    hint: UTF-8 throughout; the file may mix encodings
    "#);
}

#[test]
fn a_folder_that_is_no_language() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    fs::create_dir(folder.path().join("x_name/old results")).unwrap();
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("`old results` is no language code"),
        "{error}"
    );
}

#[test]
fn a_folder_without_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let error = Collection::read(folder.path()).unwrap_err();
    assert!(
        error.to_string().ends_with("holds no predictions"),
        "{error}"
    );
    let error = Collection::read(&folder.path().join("none")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read"), "{error}");
}

#[test]
fn our_format_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    let prediction = |id: &str, answer, scores: Option<Vec<f64>>| Prediction {
        item_id: id.to_owned(),
        cluster_id: "Q980".to_owned(),
        scores,
        answer,
        response: Some("B. Bayern".to_owned()).filter(|_| answer != Answer::Invalid),
        label: 1,
    };
    for language in ["de", "zh"] {
        collection.insert(
            Key {
                model: "org/model".to_owned(),
                task: Task::XGeo,
                language: code(language),
            },
            vec![
                prediction(
                    "xgeo-Q1726",
                    Answer::Choice(1),
                    Some(vec![-1.5, -0.25, -3.0, -9.0]),
                ),
                prediction("xgeo-Q2090", Answer::Invalid, None),
            ],
        );
    }
    collection.write(folder.path(), "a test").unwrap();
    assert!(folder.path().join("org__model/xgeo/de.parquet").is_file());
    assert!(folder.path().join("org__model/manifest.json").is_file());
    let read = Collection::read(folder.path()).unwrap();
    assert!(read.iter().eq(collection.iter()));
}

#[test]
fn reads_the_samples_of_lm_evaluation_harness() {
    let folder = tempfile::tempdir().unwrap();
    // As versions 0.4.4 and later write it, and as earlier ones do: texts, and numbers.
    let texts = r#"{"doc_id": 0, "doc": {"id": "xgeo-Q1726", "cluster_id": "Q980"}, "target": "1", "arguments": {}, "resps": [], "filtered_resps": [["-2.5", "False"], ["-0.5", "True"], ["-4.0", "False"]], "acc": 1.0}"#;
    let numbers = r#"{"doc_id": 0, "doc": {"id": "xgeo-Q1726", "cluster_id": "Q980"}, "target": 1, "filtered_resps": [[-0.5, true], [-2.5, false], [-4.0, false]], "acc": 0.0}"#;
    let model = "org__model";
    write(
        folder.path(),
        &format!("{model}/samples_xgeo_de_2026-11-22T10-00-00.1.jsonl"),
        numbers,
    );
    write(
        folder.path(),
        &format!("{model}/samples_xgeo_de_2026-11-23T10-00-00.1.jsonl"),
        texts,
    );
    write(
        folder.path(),
        &format!("{model}/samples_clika_xgeo_zh_2026-11-23T10-00-00.1.jsonl"),
        numbers,
    );
    write(
        folder.path(),
        &format!("{model}/results_2026-11-23T10-00-00.1.json"),
        "{}",
    );
    let collection = Collection::read(folder.path()).unwrap();
    let german = &collection
        .get("org/model", Task::XGeo, &code("de"))
        .unwrap()[0];
    assert_eq!(
        *german,
        Prediction {
            item_id: "xgeo-Q1726".to_owned(),
            cluster_id: "Q980".to_owned(),
            scores: Some(vec![-2.5, -0.5, -4.0]),
            answer: Answer::Choice(1),
            response: None,
            label: 1,
        },
        "the newest run counts"
    );
    let chinese = &collection
        .get("org/model", Task::XGeo, &code("zh"))
        .unwrap()[0];
    assert_eq!(chinese.answer, Answer::Choice(0));

    write(
        folder.path(),
        &format!("{model}/samples_xgeo_pl_2026-11-23T10-00-00.1.jsonl"),
        texts.replace("\"target\": \"1\"", "\"target\": \"3\""),
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is no position among 3 choices"), "{error}");
}
