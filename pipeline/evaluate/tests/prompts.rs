//! The paper's prompts, byte for byte as the authors recorded them.

#![allow(clippy::unwrap_used, clippy::explicit_write)]

use clika_base::templates::{load_prompt, prompt_names};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What an `input` of the release asks: premise, question, choices.
fn parts(input: &str) -> (Option<String>, String, Vec<String>) {
    let item = match input.rfind("\nPremise:").or(input.rfind("\nQuestion:")) {
        Some(start) => &input[start + 1..],
        None => input,
    };
    let item = item.strip_suffix("\nAnswer:").unwrap();
    let (premise, rest) = match item.strip_prefix("Premise:") {
        Some(rest) => {
            let (premise, rest) = rest.split_once("\nQuestion:").unwrap();
            (Some(premise.to_owned()), rest)
        }
        None => (None, item.strip_prefix("Question:").unwrap()),
    };
    let (question, lines) = rest.split_once("\nA. ").unwrap();
    let mut choices = Vec::new();
    let mut lines = lines;
    for letter in 'B'..='E' {
        match lines.split_once(&format!("\n{letter}. ")) {
            Some((choice, rest)) => {
                choices.push(choice.to_owned());
                lines = rest;
            }
            None => break,
        }
    }
    choices.push(lines.to_owned());
    (premise, question.to_owned(), choices)
}

#[test]
fn the_papers_prompts_equal_the_recorded_inputs() {
    let release = root().join("../shared/reference/CLiKA");
    if !release.exists() {
        writeln!(std::io::stderr(), "SKIPPED: no {}", release.display()).unwrap();
        return;
    }
    let mut compared = 0;
    for (folder, prompt, file) in [
        (
            "x_copa/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_copa/he",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_csqa/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_csqa/ZH_trans",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_geo/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_geo/ru",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_name/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_name/ja",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        ("x_copa/en", "paper-zero-shot", "chatgpt_res.jsonl"),
        ("x_geo/en", "paper-zero-shot", "chatgpt_res.jsonl"),
        ("x_name/ja", "paper-zero-shot", "chatgpt_res.jsonl"),
    ] {
        let template = load_prompt(&root().join("templates/prompts"), prompt).unwrap();
        let lines = fs::read_to_string(release.join(folder).join(file)).unwrap();
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let input = record["input"].as_str().unwrap();
            let (premise, question, choices) = parts(input);
            let kind = match premise {
                Some(_) => &template.premise,
                None => &template.question,
            };
            let relation = match question.as_str() {
                "What was the cause of this?" => Some("cause"),
                "What happened as a result?" => Some("effect"),
                _ => None,
            };
            // The dataset's own question is not asked where the paper asks in English.
            let asked = relation.map_or(question.as_str(), |_| "?");
            let ours = kind.render(premise.as_deref(), asked, relation, &choices);
            assert_eq!(ours, input, "{folder}");
            compared += 1;
        }
    }
    // 3 × 500 + 2 × 1000 + 3 × 200 + 3 × 180
    assert_eq!(compared, 4640);
}

#[test]
fn every_template_is_read_and_an_unknown_one_is_named() {
    let folder = root().join("templates/prompts");
    let names = prompt_names(&folder).unwrap();
    assert!(names.len() >= 3, "{names:?}");
    for name in &names {
        assert!(
            !load_prompt(&folder, name).unwrap().description.is_empty(),
            "{name}"
        );
    }
    let error = load_prompt(&folder, "papre").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no prompt template `papre`; there are paper, paper-zero-shot, plain"
    );
}

#[test]
fn a_template_without_a_place_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("templates/prompts/plain.toml")).unwrap();
    fs::write(
        folder.path().join("mine.toml"),
        text.replacen("{choices}", "", 1),
    )
    .unwrap();
    let error = load_prompt(folder.path(), "mine").unwrap_err().to_string();
    assert!(
        error.starts_with("`question.item` has `{choices}` 0 times\n"),
        "{error}"
    );
    assert!(error.ends_with("mine.toml:7"), "{error}");
}
