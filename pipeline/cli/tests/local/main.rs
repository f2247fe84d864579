//! Models that run here, from the command line: a tiny random Llama on the mini sets.

#![allow(clippy::unwrap_used)]

mod answers;
mod formats;
mod gguf;
mod identity;
mod killed;
mod letters;
mod limits;
mod lost;
mod not_finite;
#[path = "../program/mod.rs"]
mod program;
mod progress;
mod refusals;
mod revisions;
mod shots;
mod thinking;

use program::{TestProject, text};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A random Llama with a tokenizer and a chat template, written by `pipeline/lm/tests/parity.py`.
fn model() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lm/tests/fixtures/llama-tokenizer");
    folder.canonicalize().unwrap().display().to_string()
}

/// A project with a mini set in ten languages.
fn project() -> TestProject {
    let project = TestProject::new();
    project.run(&["datasets", "xcopa-mini"]);
    project
}

fn evaluate(project: &TestProject, options: &[&str]) -> Value {
    let model = model();
    let mut arguments = vec![
        "evaluate", "--model", &model, "--limit", "4", "--json", "--quiet",
    ];
    arguments.extend(options);
    serde_json::from_str(&project.run(&arguments)).unwrap()
}

/// A copy of the model with a change of its `config.json`.
fn changed(project: &TestProject, from: &str, to: &str) -> String {
    let folder = project.path("model");
    copy_of_model(&folder);
    project.edit("model/config.json", from, to);
    folder.display().to_string()
}

fn copy_of_model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (name, content) in program::files(Path::new(&model())) {
        fs::write(folder.join(name), content).unwrap();
    }
}
