//! What is shown during work, and what `make` does with a model's name.

use super::*;
use std::{
    io::ErrorKind,
    path::Path,
    process::{Command, Output},
};

#[test]
fn a_log_says_how_far_the_work_is_and_quiet_work_does_not() {
    let project = project();
    let (model, out) = (model(), project.path("out").display().to_string());
    let said = |options: &[&str]| {
        let output = project.command(options).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let evaluate = [
        "evaluate",
        "--model",
        &model,
        "--limit",
        "4",
        "--languages",
        "en",
    ];
    let finetune = [
        "finetune",
        "--model",
        &model,
        "--out",
        &out,
        "--languages",
        "de",
        "--places",
        "10",
        "--continents",
        "2",
        "--format",
        "alpaca",
        "--max-steps",
        "2",
        "--answer",
        "ranking",
    ];
    let predictions = project.path("artifacts/predictions").display().to_string();
    let reproduce = [
        "reproduce",
        "--predictions",
        &predictions,
        "--resamples",
        "300",
    ];
    let commands: [(&[&str], &[&str]); 3] = [
        (
            &evaluate,
            &["layers: 1 of 4", "prompts: 4 of 4, xcopa-mini en"],
        ),
        (&finetune, &["steps: 2 of 2, de-seed0 loss "]),
        (&reproduce, &["resamples: 300 of 300, scores"]),
    ];
    for (command, lines) in commands {
        let loud = said(&[command, &["--progress-seconds", "0"]].concat());
        for line in lines {
            assert!(
                loud.lines().any(|it| it.starts_with(line)),
                "{line}: {loud}"
            );
        }
        let quiet = said(&[command, &["--progress-seconds", "0", "--quiet"]].concat());
        assert!(
            quiet.lines().all(|line| line.starts_with("note: ")),
            "{quiet}"
        );
    }
}

/// `make` in the repository, with what it prints; `None` where there is none.
fn make(arguments: &[&str]) -> Option<Output> {
    let mut make = Command::new("make");
    make.args(["--no-print-directory", "-C"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .args(arguments);
    for variable in [
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "MODEL",
        "LANGUAGES",
        "LIMIT",
    ] {
        make.env_remove(variable);
    }
    match make.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("SKIPPED make: not installed");
            None
        }
        output => Some(output.unwrap()),
    }
}

#[test]
fn make_says_how_to_name_a_model_and_passes_on_what_it_is_told() {
    for target in ["finetune", "evaluate"] {
        let Some(unnamed) = make(&[target]) else {
            return;
        };
        assert_eq!(unnamed.status.code(), Some(2));
        let said = text(&unnamed.stderr);
        assert!(
            said.contains(&format!("error: name a model, make {target} MODEL=demo, ")),
            "{said}"
        );
    }
    // Printed, not run.
    let printed = |arguments: &[&str]| {
        let output = make(&[&["-n"], arguments].concat()).unwrap();
        let words: Vec<String> = text(&output.stdout)
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        words.last().unwrap().clone()
    };
    assert_eq!(
        printed(&[
            "finetune",
            "MODEL=org/name",
            "LANGUAGES=de,zh",
            "ARGS=--max-steps 9 --json"
        ]),
        "cargo run --locked --quiet --release -- finetune --model \"org/name\" --languages \"de,zh\" --max-steps 9 --json"
    );
    assert_eq!(
        printed(&["evaluate", "MODEL=demo", "LIMIT=5"]),
        "cargo run --locked --quiet -- evaluate --model \"demo\" --limit \"5\""
    );
}
