//! `clika datasets fictional` and `clika export` as a user runs them.

#![allow(clippy::unwrap_used)]

mod program;

use program::{TestProject, files};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};
use stub_server::{StubResponse, StubServer};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let project = TestProject::new();
    let out = |name: &str| project.path(name).display().to_string();
    let arguments = ["datasets", "fictional", "--targets", "ja", "--seed"];
    let run = |seed: &str, name: &str| {
        project.run(&[&arguments[..], &[seed, "--out", &out(name)]].concat());
        files(&project.path(name))
    };
    let first = run("7", "first");
    assert_eq!(first, run("7", "second"));
    assert_ne!(first, run("8", "third"));
}

#[test]
fn every_control_and_source_has_its_own_folder() {
    let project = TestProject::new();
    let targets = ["--targets", "de"];
    for (arguments, name, says) in [
        (
            &["--relation", "founding"][..],
            "fictional-founding",
            "en (test 400)",
        ),
        (
            &["--control", "cognate"],
            "fictional-cognate",
            "de (gate 1020, test 200, train 10200)",
        ),
        (
            &["--control", "random-label"],
            "fictional-random-label",
            "test 200",
        ),
        (
            &["--source", "fr", "--direction", "both"],
            "fictional-fr",
            "gate 1440, test 200, train 14400",
        ),
        (
            &["--places", "40", "--continents", "4", "--direction", "x-en"],
            "fictional",
            "de (gate 104, test 20, train 1040)",
        ),
    ] {
        let said = project.run(&[&["datasets", "fictional"], arguments, &targets].concat());
        assert!(
            said.starts_with(&format!("{name}: wrote ")) && said.contains(says),
            "{said}"
        );
    }
    let said = project.run(&["datasets", "fictional", "--control", "alias"]);
    assert!(
        said.contains("rows en (test 400), en-alias (gate 1020, "),
        "{said}"
    );
}

#[test]
fn worlds_that_cannot_be_are_refused() {
    let project = TestProject::new();
    let error = project.fail(&["datasets", "fictional", "--places", "0"]);
    assert!(
        error.starts_with("error: `places` is 0; it must be between 20 and 100000"),
        "{error}"
    );
    let error = project.fail(&["datasets", "fictional", "--taught-places", "400"]);
    assert!(
        error.starts_with("error: `taught_places` is 400; it must be between 1 and 399"),
        "{error}"
    );
    let error = project.fail(&["datasets", "fictional", "--targets", "ko"]);
    assert!(
        error.contains("the language `ko`, which templates/languages does not have"),
        "{error}"
    );
    project.edit(
        "experiments/datasets.toml",
        "continents = 20",
        "continents = 1",
    );
    let error = project.fail(&["datasets", "fictional"]);
    insta::assert_snapshot!(error, @r"
    error: `continents` is 1; it must be between 2 and 1000
       PROJECT/experiments/datasets.toml:39
    hint: compare with experiments/datasets.toml, which explains every key
    ");
}

#[test]
fn options_that_nothing_looks_at_are_refused() {
    let project = TestProject::new();
    let error = project.fail(&["datasets", "xgeo", "--control", "alias"]);
    assert!(
        error.contains("options for fictional worlds are given, but no fictional world is built"),
        "{error}"
    );
}

/// Without names only what needs no network, no key and no word that is missing is built.
#[test]
fn a_world_that_cannot_be_had_for_nothing_is_left_out() {
    let project = TestProject::new();
    project.edit(
        "experiments/datasets.toml",
        "names = \"syllabic\"",
        "names = \"llm\"",
    );
    let said = project.run(&["datasets"]);
    assert!(
        said.contains("fictional: left out, a model has to make up its names"),
        "{said}"
    );
    project.edit(
        "experiments/datasets.toml",
        "names = \"llm\"",
        "names = \"syllabic\"",
    );
    let english = project.path("templates/languages/en.toml");
    let text = fs::read_to_string(&english).unwrap();
    fs::write(&english, &text[..text.find("[fictional]").unwrap()]).unwrap();
    let said = project.run(&["datasets"]);
    assert!(
        said.contains("fictional: left out, `en` has no words for fictional worlds"),
        "{said}"
    );
}

/// A model that makes up names and translates them by adding a letter, and says one of them in Latin first.
fn model() -> StubServer {
    StubServer::start(|number, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let text = |index: usize| body["messages"][index]["content"].as_str().unwrap();
        let (system, user) = (text(0), text(1));
        let content = if system.starts_with("You make up") {
            let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
            let name =
                |n: usize| format!("{}o{}um{}", letter(number + 3), letter(n), letter(number));
            json!({ "names": (0..20).map(name).collect::<Vec<_>>() })
        } else {
            let asked: Value = serde_json::from_str(user.lines().next().unwrap()).unwrap();
            let pair = |(position, name): (usize, &Value)| {
                let name = name.as_str().unwrap();
                let russian: String = name.chars().map(cyrillic).collect();
                let latin = position == 0 && !user.contains("refused");
                json!({ "english": name, "translation": if latin { name } else { &russian } })
            };
            let names = asked["names"].as_array().unwrap().iter().enumerate();
            json!({ "names": names.map(pair).collect::<Vec<_>>() })
        };
        let choice =
            json!({ "message": { "content": content.to_string() }, "finish_reason": "stop" });
        StubResponse::new(
            200,
            "application/json",
            json!({ "choices": [choice] }).to_string(),
        )
    })
}

fn cyrillic(c: char) -> char {
    char::from_u32(u32::from('а') + u32::from(c) - u32::from('a')).unwrap()
}

#[test]
fn a_model_names_a_world_once() {
    let project = TestProject::new();
    let stub = model();
    let endpoint = format!("{}/v1", stub.origin());
    let arguments = [
        "datasets",
        "fictional",
        "--names",
        "llm",
        "--llm-endpoint",
        &endpoint,
        "--llm-model",
        "m",
        "--targets",
        "ru",
        "--places",
        "40",
        "--continents",
        "4",
    ];
    let said = project.run(&arguments);
    assert!(
        said.contains("ru (gate 104, test 20, train 1040)"),
        "{said}"
    );
    let requests = stub.requests().len();
    let manifest = fs::read_to_string(project.path("artifacts/datasets/fictional/manifest.json"));
    let manifest: Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    assert_eq!(manifest["config"]["llm"]["model"], "m");
    // English in 1 + 2 requests, Russian in 1 + 2; the first name of each batch was asked for again, together.
    assert_eq!(requests, 8);
    assert_eq!(manifest["config"]["llm"]["asked_again"], 2);
    let said = project.run(&arguments);
    assert!(said.contains("nothing has changed"), "{said}");
    assert_eq!(stub.requests().len(), requests, "every answer was kept");
    let card = fs::read_to_string(project.path("artifacts/datasets/fictional/README.md")).unwrap();
    assert!(
        card.contains("Names were made up and translated by m, from"),
        "{card}"
    );
}

#[test]
fn exports_name_every_dataset() {
    let project = TestProject::new();
    project.run(&["datasets", "xcopa-mini", "xgeo"]);
    let error = project.fail(&["export", "llama-factory"]);
    assert!(error.contains("has rows to train with"), "{error}");
    project.run(&["datasets", "fictional", "--targets", "de"]);
    let said = project.run(&["export", "lm-eval", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let entries = said["entries"].as_object().unwrap();
    assert_eq!(entries.len(), 26);
    assert_eq!(entries["clika_xgeo_ar"], 200);
    assert_eq!(entries["clika_fictional_de"], 200);
    let said = project.run(&["export", "llama-factory"]);
    assert!(said.contains("4 entries with 11820 rows"), "{said}");

    let folder = project.path("artifacts/exports/llama-factory");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let info: Value = serde_json::from_str(&read("dataset_info.json")).unwrap();
    let expected = json!({
        "file_name": "clika_fictional_de.json",
        "formatting": "alpaca",
        "columns": { "prompt": "prompt", "query": "query", "response": "response" },
    });
    assert_eq!(info["clika_fictional_de"], expected);
    let rows: Vec<Value> = serde_json::from_str(&read("clika_fictional_de.json")).unwrap();
    let ids: BTreeSet<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), ids.len()), (10_200, 10_200));

    // Exports replace themselves and nothing else.
    let xgeo = project
        .path("artifacts/datasets/xgeo")
        .display()
        .to_string();
    project.run(&["export", "lm-eval", &xgeo]);
    let tasks = project.path("artifacts/exports/lm-eval");
    assert!(tasks.join("xgeo/de.yaml").exists() && !tasks.join("fictional").exists());
    // Nor datasets, nor each other.
    for (out, why) in [
        (
            "artifacts/datasets/xgeo",
            "it contains what `clika datasets xgeo` wrote",
        ),
        ("artifacts/datasets/xgeo/sub", "are not separate folders"),
        (
            "artifacts/exports/llama-factory",
            "it contains what `clika export llama-factory` wrote",
        ),
    ] {
        let out = project.path(out).display().to_string();
        let error = project.fail(&["export", "lm-eval", "--out", &out]);
        assert!(error.contains(why), "{error}");
    }
    assert!(project.path("artifacts/datasets/xgeo/data/de").is_dir());
    let twin = project
        .path("artifacts/datasets/again")
        .display()
        .to_string();
    project.run(&["datasets", "xgeo", "--out", &twin]);
    fs::rename(
        project.path("artifacts/datasets/again/xgeo"),
        project.path("artifacts/datasets/xgeo2"),
    )
    .unwrap();
    let error = project.fail(&["export", "lm-eval"]);
    assert!(error.contains("are both `xgeo`"), "{error}");

    let foreign = project.path("mine");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("thesis.tex"), "all of it").unwrap();
    let foreign_path = foreign.display().to_string();
    let error = project.fail(&["export", "lm-eval", &xgeo, "--out", &foreign_path]);
    assert!(
        error.contains("was not written by clika and would be lost"),
        "{error}"
    );
    let error = project.fail(&[
        "export",
        "lm-eval",
        &project.path("sparql").display().to_string(),
    ]);
    assert!(
        error.contains("is not a dataset of clika and contains none"),
        "{error}"
    );
    assert!(Path::new(&foreign).join("thesis.tex").exists());
}
