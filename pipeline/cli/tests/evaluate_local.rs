//! Models that run here, from the command line: a tiny random Llama on the mini sets.

#![allow(clippy::unwrap_used)]

mod program;

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

#[test]
fn a_model_is_scored_in_every_way_and_its_answers_are_kept() {
    let project = project();
    let first = evaluate(&project, &["--languages", "en,he"]);
    assert_eq!(first["scores"].as_array().unwrap().len(), 2);
    let run = &first["run"];
    // It has a chat template, and its name is none that the paper tested.
    assert_eq!(run["format"], "own");
    assert_eq!(run["dtype"], "f32");
    assert_eq!(run["device"], "cpu");
    for score in first["scores"].as_array().unwrap() {
        assert_eq!((&score["items"], &score["invalid"]), (&json!(4), &json!(0)));
    }
    // Again: from the kept answers, with the same result. More languages stand beside the others.
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

/// The run of a set, as the predictions' manifest tells it.
fn run_of(project: &TestProject, set: &str) -> Value {
    let path = project.path("artifacts/predictions/llama-tokenizer/manifest.json");
    let manifest: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    manifest["config"]["runs"][set].clone()
}

#[test]
fn what_stands_before_an_option_is_recorded_and_letters_without_probability_are_said() {
    let project = project();
    for (options, separator) in [
        // The model's own template ends where the answer begins.
        (&["--format", "own"][..], json!("")),
        (&["--format", "own", "--answer", "texts"], json!("")),
        // "Answer:A. It's night." is the prompt's example.
        (&["--format", "none"], json!("")),
        (&["--format", "none", "--prompt", "plain"], json!(" ")),
        (&["--format", "alpaca"], json!(" ")),
        (&["--format", "own", "--spacing", "space"], json!(" ")),
        (&["--answer", "free"], Value::Null),
    ] {
        let options = [options, &["--languages", "en"]].concat();
        evaluate(&project, &options);
        let run = run_of(&project, "xcopa-mini/en");
        assert_eq!(run["separator"], separator, "{options:?}");
        let letters = run["letters_probability"].as_f64();
        assert_eq!(
            letters.is_some(),
            !options.contains(&"--answer"),
            "{options:?}"
        );
        // A random model of 300 tokens writes two letters with a probability of about 2 in 300.
        assert!(letters.is_none_or(|share| share > 0.0 && share < 0.1));
    }
    let output = project
        .command(&[
            "evaluate",
            "--model",
            &model(),
            "--limit",
            "2",
            "--languages",
            "en,de",
        ])
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(
        said.contains("hold little of the probability (xcopa-mini in en 0.0")
            && said.contains(", xcopa-mini in de 0.0"),
        "{said}"
    );
}

#[test]
fn letters_that_the_tokenizer_does_not_have_are_refused() {
    let project = project();
    let model = changed(&project, "\"vocab_size\"", "\"vocab_size\"");
    // Words, and <unk> for all others: for every letter too.
    let mut words = serde_json::Map::new();
    for (id, word) in ["<unk>", "<s>", "</s>", "Question", "Answer", ":", "."]
        .into_iter()
        .enumerate()
    {
        words.insert(word.to_owned(), json!(id));
    }
    let path = project.path("model/tokenizer.json");
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let write = |file: &Value| fs::write(&path, file.to_string()).unwrap();
    file["model"] = json!({ "type": "WordLevel", "vocab": words, "unk_token": "<unk>" });
    file["pre_tokenizer"] = json!({ "type": "Whitespace" });
    file["decoder"] = Value::Null;
    write(&file);
    let command = [
        "evaluate",
        "--quiet",
        "--limit",
        "2",
        "--format",
        "none",
        "--languages",
        "en",
        "--model",
        &model,
    ];
    let said = project.fail(&command);
    assert!(
        said.starts_with("error: the tokenizer does not know the option letter `A`"),
        "{said}"
    );
    // Two texts of unknown words are the same to the model.
    let said = project.fail(&[&command[..], &["--answer", "texts"]].concat());
    assert!(
        said.starts_with("error: the tokenizer writes the options `"),
        "{said}"
    );
    // B is known, A is not.
    file["model"]["vocab"]["B"] = json!(7);
    write(&file);
    let said = project.fail(&command);
    assert!(said.contains("the option letter `A`"), "{said}");
    assert!(!project.path("artifacts/predictions").exists());
}

#[test]
fn averaging_over_places_removes_what_a_letter_adds() {
    // Two choices, swapped: the averages of both orders have to be the same whichever order the dataset has.
    let project = project();
    let scores = |project: &TestProject| -> Vec<Vec<f64>> {
        evaluate(project, &["--languages", "en", "--permute"]);
        let path = project.path("artifacts/predictions");
        let collection =
            clika_predictions::Collection::read_model(&path, "llama-tokenizer").unwrap();
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
fn what_cannot_run_is_said_before_anything_runs() {
    let project = project();
    let model = model();
    let fail = |options: &[&str]| {
        let mut arguments = vec!["evaluate", "--quiet", "--model"];
        arguments.extend(options);
        project.fail(&arguments)
    };
    let device = fail(&[&model, "--device", "cuda:3"]);
    assert!(
        device.starts_with("error: no device `cuda:3`\nhint: there are cpu"),
        "{device}"
    );
    let format = fail(&[&model, "--format", "vicuña"]);
    assert!(format.contains("alpaca, baichuan2"), "{format}");
    let token = fail(&[&model, "--format", "baichuan2"]);
    assert!(
        token.contains("format `baichuan2` needs the token"),
        "{token}"
    );
    let nothing = project.path("nothing");
    fs::create_dir(&nothing).unwrap();
    let empty = fail(&[&nothing.display().to_string()]);
    assert!(empty.starts_with("error: "), "{empty}");
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

/// A copy of the model under another name, with a template that reads a variable.
fn copied(project: &TestProject, name: &str) -> String {
    let folder = project.path(name);
    fs::create_dir_all(&folder).unwrap();
    for (name, content) in program::files(Path::new(&model())) {
        fs::write(folder.join(name), content).unwrap();
    }
    let template = "{% for m in messages %}{{ m.content }}{{ eos_token if m.role == 'assistant' else '' }}{% endfor %}\
                    {{ '<think>' if enable_thinking | default(true) else '' }}";
    fs::write(folder.join("chat_template.jinja"), template).unwrap();
    folder.display().to_string()
}

#[test]
fn a_foundation_model_is_asked_without_the_template_beside_it() {
    let project = project();
    let model = copied(&project, "Qwen2.5-0.5B");
    let run = |options: &[&str]| {
        let first = [
            "evaluate",
            "--limit",
            "2",
            "--languages",
            "en",
            "--json",
            "--model",
            &model,
        ];
        let output = project
            .command(&[&first, options].concat())
            .output()
            .unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        (object["run"].clone(), text(&output.stderr))
    };
    let (none, said) = run(&[]);
    assert_eq!(none["format"], "none");
    let comment = "asked as a foundation model, format `none`: a foundation model by its name: Qwen's tuned models of \
                   this generation are called Instruct or Chat; --format own asks it by its chat template";
    assert_eq!(none["format_comment"], comment);
    assert!(said.contains(comment), "{said}");
    let (own, said) = run(&["--format", "own"]);
    assert_eq!(
        (&own["format"], &own["format_comment"]),
        (&json!("own"), &Value::Null)
    );
    assert!(!said.contains("foundation"), "{said}");
}

#[test]
fn variables_of_the_template_are_passed_recorded_and_checked() {
    let project = project();
    let model = copied(&project, "thinker");
    let options = |further: &[&'static str]| -> Vec<String> {
        let first = [
            "evaluate",
            "--quiet",
            "--limit",
            "2",
            "--languages",
            "en",
            "--json",
        ];
        let last = ["--answer", "free", "--model"];
        let all = first
            .iter()
            .chain(further)
            .chain(&last)
            .map(|&option| option.to_owned());
        all.chain([model.clone()]).collect()
    };
    let run = |further: &[&'static str]| -> Value {
        let options = options(further);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        serde_json::from_str::<Value>(&project.run(&options)).unwrap()["run"].clone()
    };
    let fail = |further: &[&'static str]| {
        let options = options(further);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        project.fail(&options)
    };
    let kept = || -> usize {
        let caches = program::files(&project.path("artifacts/cache/models"));
        let lines = caches
            .iter()
            .map(|(_, content)| content.iter().filter(|b| **b == b'\n').count());
        lines.sum()
    };
    let plain = run(&["--format", "own"]);
    assert_eq!(plain["template_vars"], Value::Null);
    assert_eq!(plain["ends"], json!({ "tokens": [2], "texts": [] }));
    assert_eq!(kept(), 3, "a header and two answers");
    let off = run(&["--format", "own", "--template-var", "enable_thinking=false"]);
    assert_eq!(off["template_vars"], json!({ "enable_thinking": false }));
    assert_eq!(kept(), 5, "other prompts are other questions");
    let error = fail(&["--format", "own", "--template-var", "enable_thinkin=false"]);
    assert!(
        error.contains("the variable `enable_thinkin` for the chat template"),
        "{error}"
    );
    let error = fail(&[
        "--format",
        "alpaca",
        "--template-var",
        "enable_thinking=false",
    ]);
    assert!(
        error.contains("format `alpaca` has none\nhint: add --format own"),
        "{error}"
    );
    let twice = ["--template-var", "a=1", "--template-var", "a=2"];
    assert!(fail(&twice).contains("--template-var gives `a` twice"));
}

#[test]
fn a_model_that_does_not_fit_is_refused_before_hours_are_lost() {
    let project = project();
    let fail = |from: &str, to: &str| {
        let model = changed(&project, from, to);
        let options = ["--quiet", "--limit", "2", "--format", "none"];
        project.fail(&[&["evaluate", "--model", &model], &options[..]].concat())
    };
    let long = fail(
        "\"max_position_embeddings\": 2048",
        "\"max_position_embeddings\": 50",
    );
    assert!(
        long.contains("tokens, and the model's context is 50"),
        "{long}"
    );
    let small = fail("\"vocab_size\": 300", "\"vocab_size\": 200");
    assert!(
        small.starts_with(
            "error: `model.embed_tokens.weight` has shape [300, 32], and config.json asks for [200, 32]"
        ),
        "{small}"
    );
    let other = fail("LlamaForCausalLM", "GPT2LMHeadModel");
    assert!(other.starts_with("error: architecture `GPT2LMHeadModel` is not supported\nhint: supported are LlamaForCausalLM"), "{other}");
    // 9,000 layers with three matrices of 32 × 16,000,000 numbers of 4 bytes: 50 TiB.
    let huge = fail(
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 9000, \"intermediate_size\": 16000000",
    );
    assert!(
        huge.contains(" GiB are needed for the weights in f32")
            && huge.contains("hint: take --dtype bf16"),
        "{huge}"
    );
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

/// The error of an evaluation of the tiny model.
fn refused(project: &TestProject, options: &[&str]) -> String {
    let model = model();
    let fixed = ["evaluate", "--model", &model, "--quiet"];
    project.fail(&[&fixed, options].concat())
}

#[test]
fn one_name_is_one_model_asked_in_one_way() {
    let project = project();
    evaluate(&project, &["--languages", "en,he"]);
    let before = program::files(&project.path("artifacts/predictions"));
    let error = refused(
        &project,
        &["--languages", "de", "--dtype", "bf16", "--limit", "4"],
    );
    assert!(
        error.starts_with(
            "error: llama-tokenizer on xcopa-mini in en in PROJECT/artifacts/predictions"
        ) && error.contains("does not go with this run: `dtype` is `f32` and `bf16`")
            && error.contains("--name")
            && error.contains("(xcopa-mini in en, xcopa-mini in he)"),
        "{error}"
    );
    let error = refused(&project, &["--languages", "de", "--limit", "5"]);
    assert!(
        error.contains("it is on other items (4 there, 5 here)"),
        "{error}"
    );
    assert_eq!(
        program::files(&project.path("artifacts/predictions")),
        before
    );
    // A trial that takes the place of more is one that says so.
    let model = model();
    let again = [
        "evaluate",
        "--model",
        &model,
        "--languages",
        "en,he",
        "--quiet",
    ];
    let output = project
        .command(&[&again[..], &["--limit", "3"]].concat())
        .output();
    let said = text(&output.unwrap().stderr);
    assert!(
        said.contains(
            "in en was of another run and is replaced: it is on other items (4 there, 3 here)"
        ),
        "{said}"
    );
    // Another name, and a run over everything that stands there.
    let other = ["--languages", "de", "--dtype", "bf16", "--name", "in-bf16"];
    evaluate(&project, &other);
    evaluate(&project, &["--languages", "en,he", "--dtype", "bf16"]);
    evaluate(&project, &["--languages", "de", "--dtype", "bf16"]);
    let path = project.path("artifacts/predictions");
    let path = path.to_str().unwrap();
    let arguments = [
        "reproduce",
        "--resamples",
        "10",
        "--json",
        "--predictions",
        path,
    ];
    let report: Value = serde_json::from_str(&project.run(&arguments)).unwrap();
    assert_eq!(report["unverified"], json!([]));
    let read = clika_predictions::Collection::read(Path::new(path)).unwrap();
    let models: Vec<_> = read.models().into_iter().collect();
    assert_eq!(models, ["in-bf16", "llama-tokenizer"]);
    for (_, predictions) in read.iter() {
        assert!(predictions.iter().all(|it| it.prompt_sha256.is_some()));
    }
}

#[test]
fn languages_are_not_answered_on_two_versions_of_a_dataset() {
    let project = project();
    evaluate(&project, &["--languages", "en"]);
    // One text of one language: English is the same, but nobody knows that of German.
    let german = "templates/items/xcopa-mini/de.jsonl";
    let items = fs::read_to_string(project.path(german)).unwrap();
    let items = items.replacen("\"choice1\": \"", "\"choice1\": \"Übrigens: ", 1);
    fs::write(project.path(german), items).unwrap();
    let out = project.path("other").display().to_string();
    project.run(&["datasets", "xcopa-mini", "--out", &out]);
    // English is known to be the same in both, so that German may stand beside it.
    evaluate(&project, &["--languages", "de", "--datasets", &out]);
    let error = refused(&project, &["--languages", "fr", "--limit", "4"]);
    assert!(
        error.contains("llama-tokenizer on xcopa-mini in de in ")
            && error.contains("it answered another version of the dataset (fingerprint "),
        "{error}"
    );
    // Two models on two versions of one question.
    evaluate(&project, &["--languages", "de", "--name", "other"]);
    let path = project.path("artifacts/predictions").display().to_string();
    let error = project.fail(&["reproduce", "--predictions", &path]);
    assert!(
        error.contains("is another question, or has other choices, in the second file"),
        "{error}"
    );
    let compare = ["compare", "llama-tokenizer", "other"];
    let folders = compare.map(|name| format!("{path}/{name}"));
    let error = project.fail(&["compare", &folders[1], &folders[2]]);
    assert!(
        error.contains("answered other versions of the dataset"),
        "{error}"
    );
}

#[test]
fn weights_in_a_folder_below_are_part_of_the_model() {
    let project = project();
    let folder = project.path("sharded");
    copy_of_model(&folder);
    fs::create_dir(folder.join("parts")).unwrap();
    let shard = folder.join("parts/one.safetensors");
    fs::rename(folder.join("model.safetensors"), &shard).unwrap();
    let mut bytes = fs::read(&shard).unwrap();
    let header = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let names: serde_json::Map<String, Value> =
        serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let names = names.keys().filter(|name| *name != "__metadata__");
    let map: serde_json::Map<_, _> = names
        .map(|name| (name.clone(), json!("parts/one.safetensors")))
        .collect();
    let index = json!({ "metadata": {}, "weight_map": map }).to_string();
    fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
    let run = || {
        let folder = folder.display().to_string();
        let arguments = [
            "evaluate", "--model", &folder, "--limit", "2", "--json", "--quiet",
        ];
        let said = project.run(&[&arguments[..], &["--languages", "en"]].concat());
        serde_json::from_str::<Value>(&said).unwrap()["run"].take()
    };
    let first = run();
    // The sign of the last number.
    *bytes.last_mut().unwrap() ^= 0x80;
    fs::write(&shard, bytes).unwrap();
    let second = run();
    for hash in ["fingerprint", "weights_sha256"] {
        assert_ne!(first[hash], second[hash], "{hash}");
    }
    assert_eq!(first["settings_sha256"], second["settings_sha256"]);
}
