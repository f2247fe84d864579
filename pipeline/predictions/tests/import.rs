//! Importers on small folders made here, and what they say about bad input.

#![allow(clippy::unwrap_used)]

use clika_core::{LanguageCode, Task};
use clika_metrics::Answer;
use clika_predictions::{Collection, Key, Prediction, PredictionError};
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
        collection.missing(&[]),
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
    item 3 is missing in release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl, which has 3 items; the other file has 4
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl
       release/x_name/en/chatgpt_res.jsonl
    hint: all files of a task have the same items, in any order, with equal labels and clusters
    "#);
}

#[test]
fn another_right_choice() {
    insta::assert_snapshot!(error_after(FILE, replace("\"label\": \"B\"", "\"label\": \"A\"")), @r#"
    the right choice of item 0 is number 0 in the first file, 1 in the second
       release/x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl
       release/x_name/en/chatgpt_res.jsonl
    hint: all files of a task have the same items, in any order, with equal labels and clusters
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
    collection.write(folder.path()).unwrap();
    assert!(folder.path().join("org__model/xgeo/de.parquet").is_file());
    assert!(folder.path().join("org__model/manifest.json").is_file());
    let read = Collection::read(folder.path()).unwrap();
    assert!(read.iter().eq(collection.iter()));
}

#[test]
fn reads_the_samples_of_lm_evaluation_harness() {
    let folder = tempfile::tempdir().unwrap();
    // As versions 0.4.4 and later write it, and as earlier ones do: texts, and numbers.
    let texts = r#"{"doc_id": 0, "doc": {"id": "xgeo-Q1726", "cluster_id": "Q980"}, "target": "1", "arguments": {}, "resps": [], "filtered_resps": [["-2.5", "False"], ["-0.5", "True"], ["-4.0", "False"], ["-9.0", "False"]], "acc": 1.0}"#;
    let numbers = r#"{"doc_id": 0, "doc": {"id": "xgeo-Q1726", "cluster_id": "Q980"}, "target": 1, "filtered_resps": [[-0.5, true], [-2.5, false], [-4.0, false], [-9.0, false]], "acc": 0.0}"#;
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
            scores: Some(vec![-2.5, -0.5, -4.0, -9.0]),
            answer: Answer::Choice(1),
            response: None,
            label: 1,
        },
        "the newest run counts"
    );
    assert_eq!(
        collection.notices(),
        ["not read: org__model/samples_xgeo_de_2026-11-22T10-00-00.1.jsonl (there is a newer run)"]
    );
    let chinese = &collection
        .get("org/model", Task::XGeo, &code("zh"))
        .unwrap()[0];
    assert_eq!(chinese.answer, Answer::Choice(0));

    write(
        folder.path(),
        &format!("{model}/samples_xgeo_pl_2026-11-23T10-00-00.1.jsonl"),
        texts.replace("\"target\": \"1\"", "\"target\": \"4\""),
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("is no position and no letter among 4 choices"),
        "{error}"
    );
}

/// A sample of xGeo with the fields that are read; its document has a cluster.
fn sample(target: &str, responses: &str) -> String {
    format!(
        r#"{{"doc_id": 0, "doc": {{"id": "Q1", "cluster_id": "Q2"}}, "target": {target}, "filtered_resps": {responses}}}"#
    )
}

const FOUR: &str = "[[-2, 0], [-1, 0], [-3, 0], [-4, 0]]";

/// A folder of samples of one model, `m`.
fn samples(files: &[(&str, String)]) -> (tempfile::TempDir, Result<Collection, PredictionError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(folder.path(), name, content);
    }
    let collection = Collection::read(folder.path());
    (folder, collection)
}

#[test]
fn a_sample_has_as_many_scores_as_choices() {
    let many = format!("[{}]", vec!["[-1, 0]"; 300].join(", "));
    for (responses, problem) in [
        (
            "[[-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0], [-1, 0]]",
            "`filtered_resps` has 8 entries, and xgeo has 4 choices",
        ),
        (
            many.as_str(),
            "`filtered_resps` has 300 entries, and xgeo has 4 choices",
        ),
        (
            r#"[[-1, 0], ["nan", 0], [-1, 0], [-1, 0]]"#,
            "the log-probability NaN is not finite",
        ),
        (
            r#"[[-1, 0], ["-inf", 0], [-1, 0], [-1, 0]]"#,
            "the log-probability -inf is not finite",
        ),
        (
            r#"["A", "B", "C", "D"]"#,
            "`filtered_resps` holds no log-probabilities",
        ),
    ] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", sample("1", responses))]);
        let error = read.unwrap_err();
        assert!(error.to_string().starts_with(problem), "{error}");
        assert!(
            error.to_string().ends_with("samples_xgeo_de.jsonl:1"),
            "{error}"
        );
        assert!(
            error
                .help()
                .unwrap()
                .to_string()
                .contains("acc_mutual_info doubles")
        );
    }
}

#[test]
fn the_target_is_a_position_or_a_letter() {
    for (target, label) in [("2", 2), (r#""2""#, 2), (r#""C""#, 2), (r#""A""#, 0)] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", sample(target, FOUR))]);
        let collection = read.unwrap();
        let predictions = collection.get("m", Task::XGeo, &code("de")).unwrap();
        assert_eq!(predictions[0].label, label, "{target}");
    }
    for target in ["4", "-1", "1.5", r#""E""#, r#""Bayern""#, "null"] {
        let (_folder, read) = samples(&[("m/samples_xgeo_de.jsonl", sample(target, FOUR))]);
        let error = read.unwrap_err().to_string();
        assert!(
            error.contains("is no position and no letter among 4 choices"),
            "{error}"
        );
    }
}

#[test]
fn the_newest_run_counts_wherever_it_lies() {
    let old = "z/m/samples_xgeo_de_2026-11-22T10-00-00.1.jsonl";
    let new = "a/m/samples_clika_xgeo_de_2026-11-23T10-00-00.1.jsonl";
    let (_folder, read) = samples(&[
        (old, sample("1", FOUR)),
        (new, sample("1", "[[-1, 0], [-2, 0], [-3, 0], [-4, 0]]")),
    ]);
    let collection = read.unwrap();
    let predictions = collection.get("m", Task::XGeo, &code("de")).unwrap();
    assert_eq!(predictions[0].answer, Answer::Choice(0));
    assert_eq!(
        collection.notices(),
        [format!("not read: {old} (there is a newer run)")]
    );
    // Of one time there is no newest.
    let (_folder, read) = samples(&[
        ("a/m/samples_xgeo_de_2026.jsonl", sample("1", FOUR)),
        ("b/m/samples_xgeo_de_2026.jsonl", sample("1", FOUR)),
    ]);
    let error = read.unwrap_err().to_string();
    assert!(
        error.starts_with("two files hold m on xgeo in de\n"),
        "{error}"
    );
    assert!(
        error.contains("/a/m/") && error.contains("/b/m/"),
        "{error}"
    );
}

#[test]
fn what_is_not_read_is_noted() {
    let (_folder, read) = samples(&[
        (
            "m/samples_xgeo_de.jsonl",
            sample("1", FOUR).replace("cluster_id", "c"),
        ),
        ("m/samples_arc_easy_2026.jsonl", sample("1", FOUR)),
        ("m/samples_xgeo_2026-11-23.jsonl", sample("1", FOUR)),
        ("m/samples_xgeo_de_hard_2026.jsonl", sample("1", FOUR)),
        ("m/stray.parquet", String::new()),
    ]);
    let collection = read.unwrap();
    assert_eq!(collection.iter().count(), 1);
    let notices = collection.notices();
    for start in [
        "not read: m/samples_arc_easy_2026.jsonl (the name holds no task of ours)",
        "not read: m/samples_xgeo_2026-11-23.jsonl (no language follows xgeo",
        "not read: m/samples_xgeo_de_hard_2026.jsonl (`hard_2026` after the language",
        "not read: m/stray.parquet (no manifest",
        "m: `doc` has no `cluster_id` in 1 of its files, such as m/samples_xgeo_de.jsonl",
    ] {
        assert!(
            notices.iter().any(|notice| notice.starts_with(start)),
            "{start}\n{notices:?}"
        );
    }
    assert_eq!(notices.len(), 5);

    // With nothing to read the error says what was seen.
    let (_folder, read) = samples(&[("m/samples_arc_easy_2026.jsonl", sample("1", FOUR))]);
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("\n   not read: m/samples_arc_easy"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "m/samples_xgeo_de.jsonl", sample("1", FOUR));
    std::os::unix::fs::symlink(folder.path(), folder.path().join("m/circle")).unwrap();
    let collection = Collection::read(folder.path()).unwrap();
    assert_eq!(collection.iter().count(), 1);
    assert_eq!(
        collection.notices(),
        ["not read: m/circle (a link to a folder)"]
    );
}

#[test]
fn the_release_notes_what_it_leaves_aside() {
    let folder = tempfile::tempdir().unwrap();
    let line = "{\"id\": 0, \"res\": \"A\", \"label\": \"A\"}\n";
    write(folder.path(), "x_geo/en/m_res.jsonl", line);
    write(folder.path(), "x_geo/en/m_res_fp8.jsonl", line);
    write(folder.path(), "x_geo/.git/m_res.jsonl", line);
    write(folder.path(), "x_geo/en/.m_res.jsonl", line);
    let notices = Collection::read(folder.path()).unwrap().notices().to_vec();
    assert_eq!(
        notices,
        [
            "x_geo: no en/en_geo_data.jsonl, so that every item is drawn on its own",
            "not read: x_geo/en/m_res_fp8.jsonl (a file of answers ends in \
             _res_bf16_add_simple_example.jsonl or _res.jsonl)",
        ]
    );

    // With the file, an item that it lacks is an error.
    let questions = "x_geo/en/en_geo_data.jsonl";
    write(
        folder.path(),
        questions,
        "{\"id\": 1, \"answers\": [\"Bavaria\"], \"label\": 0}\n",
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("item 0 is not in en/en_geo_data.jsonl")
            && error.ends_with("m_res.jsonl:1"),
        "{error}"
    );
}

#[test]
fn two_files_of_the_same_predictions() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let again = format!("x_name/DE_trans/llama_13b{SUFFIX}");
    write(
        folder.path(),
        &again,
        fs::read(folder.path().join(FILE)).unwrap(),
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("two files hold llama_13b on xpeo in de\n")
            && error.contains(FILE)
            && error.contains(&again),
        "{error}"
    );
}

#[test]
fn names_that_make_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    write(
        folder.path(),
        &format!("x_name/en/{SUFFIX}"),
        fs::read(folder.path().join(FILE)).unwrap(),
    );
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("`` is no name of a model\n") && error.ends_with(SUFFIX),
        "{error}"
    );

    let mut collection = Collection::default();
    for model in ["a/b", "a__b"] {
        collection.insert(key(model, "de"), vec![item("0", "0")]);
    }
    let error = collection.write(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("`a/b` and `a__b` are both written to "),
        "{error}"
    );
}

fn key(model: &str, language: &str) -> Key {
    Key {
        model: model.to_owned(),
        task: Task::XGeo,
        language: code(language),
    }
}

/// A right answer with scores.
fn item(id: &str, cluster: &str) -> Prediction {
    Prediction {
        item_id: id.to_owned(),
        cluster_id: cluster.to_owned(),
        scores: Some(vec![-1.0, -0.5, -2.0, -3.0]),
        answer: Answer::Choice(1),
        response: None,
        label: 1,
    }
}

#[test]
fn clusters_are_the_same_in_every_language() {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    collection.insert(key("m", "de"), vec![item("Q1", "Q2")]);
    collection.insert(key("m", "zh"), vec![item("Q1", "Q3")]);
    collection.write(folder.path()).unwrap();
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("item Q1 is in cluster `Q3` in the first file, in `Q2` in the second"),
        "{error}"
    );
}

/// Writes one file of our format and reads it again.
fn round_trip(predictions: Vec<Prediction>) -> Result<Collection, PredictionError> {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    collection.insert(key("m", "de"), predictions);
    collection.write(folder.path()).unwrap();
    Collection::read(folder.path())
}

#[test]
fn rows_of_our_format_are_checked() {
    let spoilt = |spoil: fn(&mut Prediction)| {
        let mut prediction = item("Q1", "Q2");
        spoil(&mut prediction);
        let error = round_trip(vec![prediction]).unwrap_err();
        assert!(error.help().is_some());
        error.to_string()
    };
    for (error, expected) in [
        (
            spoilt(|item| item.answer = Answer::Choice(4)),
            "4 is no position among the 4 choices of xgeo",
        ),
        (
            spoilt(|item| item.label = 9),
            "9 is no position among the 4 choices of xgeo",
        ),
        (
            spoilt(|item| item.scores = Some(vec![1.0])),
            "choice_scores has 1 finite numbers among 1, and xgeo has 4 choices",
        ),
        (
            spoilt(|item| item.scores = Some(vec![1.0, f64::NAN, 0.0, f64::INFINITY])),
            "choice_scores has 2 finite numbers among 4, and xgeo has 4 choices",
        ),
    ] {
        assert!(
            error.starts_with("row 1 of ") && error.ends_with(expected),
            "{error}"
        );
    }
    let error = round_trip(Vec::new()).unwrap_err();
    assert!(
        error.to_string().ends_with("is no file of predictions"),
        "{error}"
    );
}

#[test]
fn folders_of_our_format_are_checked() {
    let source = tempfile::tempdir().unwrap();
    let runs = source.path().join("runs");
    let samples = sample("1", FOUR);
    write(&runs, "m/samples_xgeo_de_2026.jsonl", &samples);
    let saved = source.path().join("saved");
    Collection::read(&runs).unwrap().write(&saved).unwrap();
    // The folder of one model is a folder of predictions as well.
    let own = Collection::read(&saved.join("m")).unwrap();
    assert_eq!(own.models().into_iter().collect::<Vec<_>>(), ["m"]);

    let manifest_file = saved.join("m/manifest.json");
    let manifest = fs::read_to_string(&manifest_file).unwrap();
    let json: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(json["config"]["source"], "runs");
    assert_eq!(
        json["inputs"],
        serde_json::json!({ "m/samples_xgeo_de_2026.jsonl": clika_artifacts::sha256_hex(&samples) })
    );

    write(&saved, "m/xgeo/zh.parquet", "stray");
    assert_eq!(
        Collection::read(&saved).unwrap().notices(),
        ["not read: m/xgeo/zh.parquet (no manifest of predictions names it)"]
    );
    write(
        &saved,
        "m/manifest.json",
        manifest.replace("\"model\"", "\"name\""),
    );
    let error = Collection::read(&saved).unwrap_err().to_string();
    assert!(error.ends_with("manifest.json names no model"), "{error}");
    write(&saved, "m/manifest.json", &manifest);
    write(&saved, "m/xgeo/de.parquet", "changed");
    let error = Collection::read(&saved).unwrap_err().to_string();
    assert!(
        error.ends_with("m does not hold the files that its manifest describes"),
        "{error}"
    );
}

#[test]
fn correct_is_what_choice_and_label_say() {
    use polars::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    collection.insert(key("m", "de"), vec![item("Q1", "Q2")]);
    collection.write(folder.path()).unwrap();
    let file = folder.path().join("m/xgeo/de.parquet");
    let before = fs::read(&file).unwrap();
    let mut frame = ParquetReader::new(std::io::Cursor::new(&before))
        .finish()
        .unwrap();
    frame
        .with_column(Column::new("correct".into(), [false]))
        .unwrap();
    let after = clika_parquet::encode(&mut frame).unwrap();
    fs::write(&file, &after).unwrap();
    let manifest = fs::read_to_string(folder.path().join("m/manifest.json")).unwrap();
    let digest = clika_artifacts::sha256_hex;
    let manifest = manifest.replace(&digest(&before), &digest(&after));
    write(folder.path(), "m/manifest.json", manifest);
    let error = Collection::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("correct is false, and by choice and label it is true"),
        "{error}"
    );
}
