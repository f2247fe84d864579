//! The demo: a model that is made once, and its experiment.

use crate::program::TestProject;
use serde_json::Value;
use std::{fs, path::Path};

/// The demo's experiment file with a model that is made in a second, and learns nothing.
fn tiny_demo(project: &TestProject) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/demo.toml");
    let text = fs::read_to_string(file).unwrap();
    let small = [
        ("worlds", "1"),
        ("steps", "3"),
        ("places", "10"),
        ("continents", "2"),
        ("landforms", "5"),
        ("hidden_size", "16"),
        ("intermediate_size", "24"),
        ("num_hidden_layers", "1"),
        ("num_attention_heads", "2"),
        ("rank", "2"),
        ("epochs", "1"),
        ("max_new_tokens", "4"),
    ];
    let lines = text.lines().map(|line| {
        let key = line.split(" = ").next().unwrap();
        match small.iter().find(|(name, _)| *name == key) {
            Some((name, value)) => format!("{name} = {value}\n"),
            None => format!("{line}\n"),
        }
    });
    let path = project.path("demo.toml");
    fs::write(&path, lines.collect::<String>()).unwrap();
    path.display().to_string()
}

#[test]
fn the_demo_is_made_once_and_goes_through_the_experiment() {
    let project = TestProject::new();
    let config = tiny_demo(&project);
    let out = project.path("out").display().to_string();
    let run = || {
        let arguments = [
            "finetune", "--json", "--model", "demo", "--config", &config, "--out", &out,
        ];
        let said = project.run(&arguments);
        serde_json::from_str::<Value>(&said).unwrap()["results"].take()
    };
    let results = run();
    let arms: Vec<_> = results["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["arm"])
        .collect();
    assert_eq!(arms, ["de", "ru", "cognate-de", "alias"]);
    // random-label is asked of the languages, not of the controls.
    let beside = |run: usize| {
        results["runs"][run]["modes"][0]["beside"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!([beside(0), beside(1), beside(2), beside(3)], [1, 1, 0, 0]);
    let places = |run: usize| &results["runs"][run]["overlap"]["places"]["equal"];
    assert_eq!(places(2), 1.0);
    assert_eq!(places(3), 0.0);
    let made: Vec<_> = fs::read_dir(project.path("artifacts/cache/demo"))
        .unwrap()
        .collect();
    assert_eq!(made.len(), 1);
    let weights = made[0]
        .as_ref()
        .unwrap()
        .path()
        .join("demo/model.safetensors");
    let before = fs::metadata(&weights).unwrap().modified().unwrap();
    assert_eq!(run(), results);
    assert_eq!(fs::metadata(&weights).unwrap().modified().unwrap(), before);
}
