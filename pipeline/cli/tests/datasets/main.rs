//! `clika datasets` as a user runs it.

#![allow(clippy::unwrap_used)]

mod languages;
#[path = "../program/mod.rs"]
mod program;

use program::{TestProject, files, text};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const LANGUAGES: [&str; 10] = ["ar", "de", "en", "fr", "he", "it", "ja", "pl", "ru", "zh"];

#[test]
fn builds_what_it_can_and_then_has_nothing_to_do() {
    let project = TestProject::new();
    let first = project.run(&["datasets"]);
    assert!(
        first.contains("xgeo: wrote") && first.contains("xpeo: wrote"),
        "{first}"
    );
    let written = files(&project.path("artifacts/datasets"));
    for task in ["xcsqa: left out, ", "xcopa: left out, "] {
        assert!(first.contains(task), "{first}");
    }
    for task in ["xgeo", "xpeo", "xcsqa-mini", "xcopa-mini", "fictional"] {
        for language in LANGUAGES {
            let name = format!("{task}/data/{language}/test-00000-of-00001.parquet");
            assert!(
                written.iter().any(|(path, _)| path == Path::new(&name)),
                "{name}"
            );
        }
    }

    let second = project.run(&["datasets"]);
    let unchanged = second.matches("nothing has changed").count();
    assert_eq!(unchanged, first.matches(": wrote ").count(), "{second}");
    let third = project.run(&["datasets", "--force"]);
    assert!(third.contains("xgeo: wrote"), "{third}");
    assert_eq!(
        files(&project.path("artifacts/datasets")),
        written,
        "same inputs, same bytes"
    );
}

#[test]
fn a_changed_input_or_output_is_noticed() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let seeded = project.run(&["datasets", "xpeo", "--seed", "7"]);
    assert!(
        seeded.contains("xpeo: wrote") && !seeded.contains("xgeo"),
        "{seeded}"
    );
    project.run(&["datasets"]);

    fs::write(project.path("artifacts/datasets/xgeo/README.md"), "edited").unwrap();
    let repaired = project.run(&["datasets"]);
    assert!(
        repaired.contains("xgeo: wrote") && repaired.contains("xpeo: nothing"),
        "{repaired}"
    );

    project.edit(
        "templates/languages/en.toml",
        "was {person} born",
        "did {person} come into being",
    );
    // A language's file is an input of facts and worlds; mini sets take only their questions from it.
    let changed = project.run(&["datasets"]);
    for dataset in ["xgeo", "xpeo", "xcountry", "fictional"] {
        assert!(changed.contains(&format!("{dataset}: wrote")), "{changed}");
    }
    assert_eq!(
        changed.matches("nothing has changed").count(),
        2,
        "{changed}"
    );
}

#[test]
fn json_is_one_object_with_the_manifests() {
    let project = TestProject::new();
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
    assert_eq!(json["xgeo"]["written"], true);
    assert_eq!(json["xgeo"]["manifest"]["report"]["rows"]["he"], 200);
    assert_eq!(json["xpeo"]["manifest"]["report"]["rows"]["he"], 180);
    assert_eq!(json["xpeo"]["manifest"]["config"]["seed"], 2024);
    let again: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
    assert_eq!(again["xgeo"]["written"], false);
    assert_eq!(again["xgeo"]["manifest"], json["xgeo"]["manifest"]);
}

#[test]
fn an_unknown_task_is_refused_with_the_known_ones() {
    let output = TestProject::new()
        .command(&["datasets", "quiz"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr)
            .contains("no such dataset; there are xcsqa, xcopa, xgeo, xpeo, xcountry, ")
    );
}

#[test]
fn a_snapshot_with_a_syntax_error() {
    let project = TestProject::new();
    project.edit(
        "sparql/snapshot/wikidata.ttl",
        "wdt:P297 \"CA\" ;",
        "wdt:P297 \"CA ;",
    );
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: the snapshot is not valid Turtle: Parser error at line 19 column 17: Line jumps are not allowed in string literals, use \n
       PROJECT/sparql/snapshot/wikidata.ttl:19
    hint: fix the line, or take the file from version control; `clika snapshot` makes a fresh one
    "#);
    assert!(!project.path("artifacts/datasets/xgeo").exists());
}

#[test]
fn a_snapshot_that_is_missing() {
    let project = TestProject::new();
    insta::assert_snapshot!(project.fail(&["datasets", "--snapshot", "none.ttl"]), @r#"
    error: cannot read none.ttl
      cause: No such file or directory (os error 2)
    hint: check the path and the file's permissions; relative paths start in the folder where clika runs
    "#);
}

#[test]
fn a_mistyped_dataset_is_named_with_the_nearest_one() {
    let project = TestProject::new();
    for arguments in [
        &["datasets", "xgoe"][..],
        &["evaluate", "xgoe", "--model", "m"],
    ] {
        let output = project.command(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("did you mean `xgeo`? There are xcsqa, xcopa, xgeo"),
            "{said}"
        );
    }
}

#[test]
fn too_few_cities() {
    let project = TestProject::new();
    project.edit(
        "templates/languages/he.toml",
        "min_population = 20000",
        "min_population = 100000",
    );
    insta::assert_snapshot!(project.fail(&["datasets", "xgeo"]), @r#"
    error: xgeo: the snapshot has 14 usable cities for `he`, 20 are needed; left out: none
    hint: widen the snapshot (`clika snapshot`), or lower the number in the experiment file
    "#);
}

#[test]
fn too_few_people() {
    let project = TestProject::new();
    project.edit(
        "experiments/datasets.toml",
        "people_per_language = 10",
        "people_per_language = 15",
    );
    insta::assert_snapshot!(project.fail(&["datasets", "xpeo"]), @r#"
    error: xpeo: the snapshot has 14 usable people for `ar`, 15 are needed; left out: none
    hint: widen the snapshot (`clika snapshot`), or lower the number in the experiment file
    "#);
}

#[test]
fn a_query_with_a_syntax_error() {
    let project = TestProject::new();
    project.edit("sparql/build/people.rq", "HAVING (COUNT", "HAVING COUNT");
    let error = project.fail(&["datasets", "xpeo"]);
    assert!(
        error.starts_with("error: query PROJECT/sparql/build/people.rq is not valid SPARQL\n"),
        "{error}"
    );
}

#[test]
fn an_experiment_with_an_unknown_key() {
    let project = TestProject::new();
    project.edit("experiments/datasets.toml", "choices = 4", "choice = 4");
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: unknown key `datasets.choice`; did you mean `choices`?
       PROJECT/experiments/datasets.toml:12
    hint: compare with experiments/datasets.toml, which explains every key
    "#);
}

#[test]
fn an_experiment_that_makes_no_sense() {
    let project = TestProject::new();
    project.edit("experiments/datasets.toml", "choices = 4", "choices = 1");
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: `choices` is 1; it must be between 2 and 26
       PROJECT/experiments/datasets.toml:12
    hint: compare with experiments/datasets.toml, which explains every key
    "#);
    // Five could be built, but no model could be evaluated on them.
    project.edit("experiments/datasets.toml", "choices = 1", "choices = 5");
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: `choices` is 5; xgeo is evaluated with 4 choices, as in the paper
       PROJECT/experiments/datasets.toml:12
    hint: compare with experiments/datasets.toml, which explains every key
    "#);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let project = TestProject::new();
    fs::write(project.path("file"), "").unwrap();
    let out = project.path("file/datasets");
    insta::assert_snapshot!(project.fail(&["datasets", "--out", out.to_str().unwrap()]), @r#"
    error: cannot write PROJECT/file/datasets
      cause: Not a directory (os error 20)
    hint: choose a place you can write to with --out, or run clika in a folder of your own
    "#);
}

#[test]
fn a_disk_that_fills_up() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let before = files(&project.path("artifacts/datasets"));
    // No file may grow beyond 16 blocks of 512 bytes: writing fails in the middle of the dataset.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_clika"))
        .args([
            "--project",
            project.path("").to_str().unwrap(),
            "datasets",
            "--force",
        ])
        .output()
        .unwrap();
    let error = project.failure(&output);
    assert!(
        error.contains("cannot write") && error.contains("hint: "),
        "{error}"
    );
    assert_eq!(
        files(&project.path("artifacts/datasets")),
        before,
        "the old datasets are untouched"
    );
}

#[test]
fn a_kill_at_any_moment_leaves_whole_datasets() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let complete = |project: &TestProject| {
        let json: serde_json::Value =
            serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
        ["xgeo", "xpeo"].map(|task| json[task]["written"].as_bool().unwrap())
    };
    for step in 0..12 {
        let mut child = project
            .command(&["datasets", "--force"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(150 * step));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            complete(&project),
            [false, false],
            "killed after {} ms",
            150 * step
        );
    }
}

#[test]
fn files_of_others_are_not_removed() {
    let project = TestProject::new();
    let folder = project.path("artifacts/datasets/xgeo");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("thesis.txt"), "mine").unwrap();
    insta::assert_snapshot!(project.fail(&["datasets", "--force"]), @"
    error: PROJECT/artifacts/datasets/xgeo/thesis.txt was not written by clika and would be lost
    hint: move it away, or write elsewhere
    ");
    assert_eq!(
        fs::read_to_string(folder.join("thesis.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let project = TestProject::new();
    let output = Command::new("sh")
        .args(["-c", "\"$@\" | true", "sh"])
        .arg(env!("CARGO_BIN_EXE_clika"))
        .args([
            "--project",
            project.path("").to_str().unwrap(),
            "datasets",
            "--json",
        ])
        .output()
        .unwrap();
    assert_eq!(text(&output.stderr), "");
    assert!(
        project
            .path("artifacts/datasets/xgeo/manifest.json")
            .is_file()
    );
}

#[test]
fn a_label_that_cannot_be_read_counts_as_missing() {
    let project = TestProject::new();
    project.edit("sparql/snapshot/wikidata.ttl", "\"München\"@de", "\" \"@de");
    let built = project.run(&["datasets", "xgeo"]);
    assert!(built.contains("city Q1726 has no label in de"), "{built}");
}

#[test]
fn two_labels_in_one_language_are_an_error() {
    let project = TestProject::new();
    project.edit(
        "sparql/snapshot/wikidata.ttl",
        "\"München\"@de",
        "\"München\"@de, \"Minga\"@de",
    );
    let error = project.fail(&["datasets", "xgeo"]);
    assert!(error.contains("Q1726 has two labels in `de`"), "{error}");
}
