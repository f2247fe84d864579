//! `clika audit` as a user runs it.

#![allow(clippy::unwrap_used)]

mod program;

use program::{TestProject, text};
use std::fs;

#[test]
fn our_datasets_have_no_error_and_a_spoiled_copy_has_some() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let datasets = project.path("artifacts/datasets");
    let path = datasets.to_str().unwrap();

    let report = project.run(&["audit", path, "--fail-on", "error"]);
    assert!(report.starts_with("# Audit\n"), "{report}");
    assert!(report.contains("| xgeo | ar 200, de 200,"), "{report}");
    assert!(!report.contains("## Errors"), "{report}");

    let json = project.run(&["audit", path, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let names: Vec<_> = json["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dataset| dataset["name"].as_str().unwrap())
        .collect();
    for name in ["xcopa-mini", "xcsqa-mini", "xgeo", "xpeo"] {
        assert!(names.contains(&name), "{names:?}");
    }

    // English in place of French.
    let file =
        |language: &str| datasets.join(format!("xgeo/data/{language}/test-00000-of-00001.parquet"));
    fs::copy(file("en"), file("fr")).unwrap();
    let output = project
        .command(&["audit", path, "--fail-on", "error"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report = text(&output.stdout);
    assert!(
        report.contains("### xgeo: question-untranslated"),
        "{report}"
    );
    assert!(report.contains("- where: fr 200/200"), "{report}");
    assert!(report.contains("### xgeo: files-changed"), "{report}");
    assert!(
        report.contains("1 of 10 files are not those that the manifest describes."),
        "{report}"
    );
    let errors = text(&output.stderr);
    assert!(errors.contains("of severity `error`"), "{errors}");

    let changed =
        "/artifacts/datasets/xgeo/data/fr/test-00000-of-00001.parquet is no longer the file";
    assert!(report.contains("### xgeo: refused"), "{report}");
    assert!(report.contains(changed), "{report}");

    // Without --fail-on, finding something is what the command is for.
    project.run(&["audit", path]);
}

#[test]
fn what_export_refuses_is_an_error_of_the_audit() {
    let project = TestProject::new();
    project.run(&["datasets", "xcopa-mini"]);
    let folder = project.path("artifacts/datasets/xcopa-mini");
    let path = folder.to_str().unwrap();
    project.run(&["audit", path, "--fail-on", "error"]);
    let german = "data/de/test-00000-of-00001.parquet";
    let shard = "data/de/test-00001-of-00002.parquet";
    let removed = format!("{german} is no longer the file");
    fs::copy(folder.join(german), project.path("shard.parquet")).unwrap();
    let away = project.path("away");
    for (from, to, said) in [
        (
            folder.join("manifest.json"),
            &away,
            "has rows but no manifest.json",
        ),
        (folder.join("data/de"), &away, removed.as_str()),
        (
            folder.join("data"),
            &away,
            "test-00000-of-00001.parquet is no longer the file",
        ),
        (
            project.path("shard.parquet"),
            &folder.join(shard),
            "test-00001-of-00002.parquet is not a file of the dataset",
        ),
    ] {
        fs::rename(&from, to).unwrap();
        let output = project
            .command(&["audit", path, "--fail-on", "error"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let report = text(&output.stdout);
        assert!(report.contains("### xcopa-mini: refused"), "{report}");
        assert!(report.contains(said), "{report}");
        let error = project.fail(&["export", "lm-eval", path]);
        assert!(error.contains(said), "{error}");
        fs::rename(to, from).unwrap();
    }
}

#[test]
fn a_folder_without_datasets_is_an_error_with_what_is_expected() {
    let project = TestProject::new();
    let templates = project.path("templates");
    let error = project.fail(&["audit", templates.to_str().unwrap()]);
    assert!(
        error.starts_with("error: PROJECT/templates contains no dataset"),
        "{error}"
    );
    assert!(
        error.contains("hint: expected a dataset built by clika"),
        "{error}"
    );
    let error = project.fail(&["audit", "no-such-folder"]);
    assert!(error.contains("cannot read no-such-folder"), "{error}");
}

#[test]
fn a_malformed_line_is_named() {
    let project = TestProject::new();
    let folder = project.path("x_copa/en");
    fs::create_dir_all(&folder).unwrap();
    let line = r#"{"id": 1, "premise": "a", "question": "cause", "choice1": "b", "choice2": "c", "label": 0}"#;
    fs::write(
        folder.join("test.jsonl"),
        format!("{line}\n{{\"id\": 2}}\n"),
    )
    .unwrap();
    let error = project.fail(&["audit", project.path("x_copa").to_str().unwrap()]);
    assert!(error.contains("missing field `question`"), "{error}");
    assert!(error.contains("x_copa/en/test.jsonl:2"), "{error}");
}
