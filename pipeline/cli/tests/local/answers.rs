//! What a model that runs here is asked, and what is kept of it.

use super::*;

#[test]
fn a_model_is_scored_in_every_way_and_its_answers_are_kept() {
    let project = project();
    let first = evaluate(&project, &["--languages", "en,he"]);
    assert_eq!(first["scores"].as_array().unwrap().len(), 2);
    let run = &first["run"];
    // It has a chat template, and its name is not one that the paper tested.
    assert_eq!(run["format"], "own");
    assert_eq!(run["dtype"], "f32");
    assert_eq!(run["device"], "cpu");
    for score in first["scores"].as_array().unwrap() {
        assert_eq!((&score["items"], &score["invalid"]), (&json!(4), &json!(0)));
    }
    // Again: from the kept answers, with the same result. More languages stand next to the others.
    let kept: Vec<_> = program::files(&project.path("artifacts/cache/models"));
    assert_eq!(evaluate(&project, &["--languages", "en,he"]), first);
    assert_eq!(
        program::files(&project.path("artifacts/cache/models")),
        kept
    );
    evaluate(&project, &["--languages", "zh"]);
    let folder = project.path("artifacts/predictions/llama-tokenizer/xcopa-mini");
    assert_eq!(program::files(&folder).len(), 3);
    for (option, value) in [
        ("--answer", "texts"),
        ("--answer", "texts-per-byte"),
        ("--answer", "free"),
        ("--format", "none"),
        ("--format", "alpaca"),
        ("--spacing", "space"),
        ("--dtype", "bf16"),
    ] {
        // Under the model's name stand the answers by letters, in f32.
        let options = [option, value, "--languages", "en", "--name", "otherwise"];
        fs::remove_dir_all(project.path("artifacts/predictions/otherwise")).ok();
        let object = evaluate(&project, &options);
        let key = option.trim_start_matches("--");
        if key != "spacing" {
            assert_eq!(object["run"][key], value);
        }
        assert_eq!(object["scores"][0]["items"], 4, "{option} {value}");
    }
}

#[test]
fn a_setting_of_generation_that_is_not_followed_is_said_where_answers_are_written() {
    let project = project();
    let folder = project.path("penalized");
    copy_of_model(&folder);
    let content = r#"{"eos_token_id": 2, "repetition_penalty": 1.1, "top_k": 20}"#;
    fs::write(folder.join("generation_config.json"), content).unwrap();
    let model = folder.display().to_string();
    let run = |answer: &str| {
        let options = [
            "evaluate",
            "--model",
            &model,
            "--limit",
            "2",
            "--languages",
            "en",
            "--json",
            "--answer",
            answer,
            "--name",
            answer,
        ];
        let output = project.command(&options).output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said = text(&output.stderr).contains(
            "generation_config.json sets repetition_penalty, which clika does not follow",
        );
        (object["run"]["generation_ignored"].clone(), said)
    };
    assert_eq!(run("free"), (json!(["repetition_penalty"]), true));
    assert_eq!(run("letters"), (Value::Null, false));
}

#[test]
fn averaging_over_places_removes_what_a_letter_adds() {
    // Two choices, swapped: the averages of both orders have to be the same whichever order the dataset has.
    let project = project();
    let scores = |project: &TestProject| -> Vec<Vec<f64>> {
        evaluate(project, &["--languages", "en", "--permute"]);
        let path = project.path("artifacts/predictions");
        let collection =
            clika_scores::predictions::Collection::read_model(&path, "llama-tokenizer").unwrap();
        let (_, predictions) = collection.iter().next().unwrap();
        predictions
            .iter()
            .map(|p| p.scores.clone().unwrap())
            .collect()
    };
    let scores = scores(&project);
    assert_eq!(scores.len(), 4);
    for pair in &scores {
        // Log-probabilities among the options: their exponentials sum to at most 1 after averaging.
        let sum: f64 = pair.iter().map(|score| score.exp()).sum();
        assert!(
            sum <= 1.0 + 1e-9 && pair.iter().all(|score| *score < 0.0),
            "{pair:?}"
        );
    }
}

#[test]
fn a_run_that_was_killed_goes_on() {
    let project = project();
    let model = model();
    let whole = evaluate(&project, &["--languages", "en"]);
    let caches = program::files(&project.path("artifacts/cache/models"));
    let [(name, content)] = caches.as_slice() else {
        panic!("one file of answers")
    };
    let path = project.path("artifacts/cache/models").join(name);
    // Cut off in the middle of the third answer, as kill -9 may leave it.
    let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 5, "a header and four answers");
    let mut torn = lines[..3].concat();
    torn.extend(&lines[3][..lines[3].len() / 2]);
    fs::write(&path, torn).unwrap();
    assert_eq!(evaluate(&project, &["--languages", "en"]), whole);
    assert_eq!(fs::read(&path).unwrap().len(), content.len());
    let others = [
        "evaluate",
        "--model",
        &model,
        "--endpoint",
        "http://127.0.0.1:9/v1",
        "--permute",
    ];
    let output = project.command(&others).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--permute is for models that run here"));
}

#[test]
fn logits_are_printed_for_a_check_by_others() {
    let project = TestProject::new();
    let model = model();
    let printed = project.run(&[
        "logits",
        "--model",
        &model,
        "--prompt",
        "Answer: A",
        "--top",
        "3",
        "--tokens",
        "1,2",
        "--json",
        "--quiet",
    ]);
    let object: Value = serde_json::from_str(&printed).unwrap();
    let ids = object["ids"].as_array().unwrap();
    // The tokenizer puts BOS, token 1, in front.
    assert_eq!(ids[0], 1);
    assert_eq!(object["tokens"].as_array().unwrap().len(), ids.len());
    let positions = object["positions"].as_array().unwrap();
    assert_eq!(positions.len(), ids.len());
    for position in positions {
        let top = position["top"].as_array().unwrap();
        let values: Vec<f64> = top.iter().map(|pair| pair[1].as_f64().unwrap()).collect();
        assert_eq!(values.len(), 3);
        assert!(values.is_sorted_by(|a, b| a >= b) && values[0] <= 0.0);
        assert_eq!(position["given"][0][0], 1);
    }
}
