//! Our own format.

use super::*;

#[test]
fn a_folder_without_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let error = Collection::read(folder.path()).unwrap_err();
    assert!(
        error.to_string().ends_with("contains no predictions"),
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
        // Of one item, that nobody recorded any of the other.
        item_sha256: (id == "xgeo-Q1726").then(|| "0a".repeat(32)),
        prompt_sha256: (id == "xgeo-Q1726").then(|| "0b".repeat(32)),
    };
    for language in ["de", "zh"] {
        collection.insert(
            PredictionKey {
                model: "org/model".to_owned(),
                task: Task::named("xgeo").unwrap(),
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
fn a_run_that_replaces_all_of_its_own_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let key = PredictionKey {
        model: "m".to_owned(),
        task: Task::named("xgeo").unwrap(),
        language: code("de"),
    };
    let answers = vec![Prediction {
        item_id: "xgeo-Q1726".to_owned(),
        cluster_id: "Q980".to_owned(),
        scores: None,
        answer: Answer::Choice(1),
        response: None,
        label: 1,
        item_sha256: None,
        prompt_sha256: None,
    }];
    let mut written = Vec::new();
    for _ in 0..2 {
        let mut collection = Collection::read_model(folder.path(), "m").unwrap();
        collection.remove(&key);
        collection.insert(key.clone(), answers.clone());
        collection.write(folder.path()).unwrap();
        written.push(fs::read_to_string(folder.path().join("m/manifest.json")).unwrap());
    }
    assert_eq!(written[0], written[1]);
}

#[test]
fn scores_that_are_no_numbers_are_not_written() {
    for score in [f64::NAN, f64::NEG_INFINITY] {
        let folder = tempfile::tempdir().unwrap();
        let mut collection = Collection::default();
        let key = |model: &str| PredictionKey {
            model: model.to_owned(),
            task: Task::named("xgeo").unwrap(),
            language: code("de"),
        };
        let prediction = |scores| Prediction {
            item_id: "xgeo-Q1726".to_owned(),
            cluster_id: "Q980".to_owned(),
            scores: Some(scores),
            answer: Answer::Choice(0),
            response: None,
            label: 1,
            item_sha256: None,
            prompt_sha256: None,
        };
        collection.insert(key("a"), vec![prediction(vec![-1.0, -2.0, -3.0, -4.0])]);
        collection.insert(key("b"), vec![prediction(vec![-1.0, score, -3.0, -4.0])]);
        let error = collection.write(folder.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("b has a score of {score} for item xgeo-Q1726 of xgeo in de")
        );
        let written = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(written, 0, "not even the other model");
    }
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
        error.starts_with("two files contain llama_13b on xpeo in de\n")
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
        error.starts_with("`` is not the name of a model\n") && error.ends_with(SUFFIX),
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
            "4 is not a position among the 4 choices of xgeo",
        ),
        (
            spoilt(|item| item.label = 9),
            "9 is not a position among the 4 choices of xgeo",
        ),
        (
            spoilt(|item| item.scores = Some(vec![1.0])),
            "choice_scores has 1 finite numbers among 1, but xgeo has 4 choices",
        ),
    ] {
        assert!(
            error.starts_with("row 1 of ") && error.ends_with(expected),
            "{error}"
        );
    }
    let error = round_trip(Vec::new()).unwrap_err();
    assert!(
        error.to_string().ends_with("is not a file of predictions"),
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
        serde_json::json!({ "m/samples_xgeo_de_2026.jsonl": clika_base::files::sha256_hex(&samples) })
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
        error.ends_with("m does not contain the files that its manifest describes"),
        "{error}"
    );
}

/// The error about a file of one row after another program has changed a column of it.
fn after_a_change(column: polars::prelude::Column) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut collection = Collection::default();
    collection.insert(key("m", "de"), vec![item("Q1", "Q2")]);
    collection.write(folder.path()).unwrap();
    rewritten(folder.path(), "m/xgeo/de.parquet", |frame| {
        frame.with_column(column).unwrap();
    });
    Collection::read(folder.path()).unwrap_err().to_string()
}

#[test]
fn correct_is_what_choice_and_label_say() {
    let error = after_a_change(polars::prelude::Column::new("correct".into(), [false]));
    assert!(
        error.ends_with("correct is false, but by choice and label it should be true"),
        "{error}"
    );
}

#[test]
fn scores_are_numbers() {
    use polars::prelude::*;
    let scores = Series::new(PlSmallStr::EMPTY, [1.0, f64::NAN, 0.0, f64::INFINITY]);
    let error = after_a_change(Column::new("choice_scores".into(), [scores]));
    assert!(
        error.ends_with("choice_scores has 2 finite numbers among 4, but xgeo has 4 choices"),
        "{error}"
    );
}
