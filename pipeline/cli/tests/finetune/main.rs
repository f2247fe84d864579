//! `clika finetune` as a user runs it: a tiny random Llama on a world of ten places.

#![allow(clippy::unwrap_used)]

mod demo;
#[path = "../program/mod.rs"]
mod program;
mod report;

use clika_base::files::FolderLock;
use program::{TestProject, text};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A random Llama with a tokenizer, written by `pipeline/lm/tests/parity.py`.
fn model() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lm/tests/fixtures/llama-tokenizer");
    folder.canonicalize().unwrap().display().to_string()
}

/// Ten places in two continents; German has half of them in training.
const WORLD: [&str; 6] = ["--languages", "de", "--places", "10", "--continents", "2"];

fn arguments<'a>(model: &'a str, out: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["finetune", "--quiet", "--model", model, "--out", out];
    arguments.extend(options);
    arguments
}

/// What makes a training small.
const SMALL: [&str; 8] = [
    "--format",
    "alpaca",
    "--rank",
    "2",
    "--batch",
    "8",
    "--save-every",
    "4",
];

/// Runs to the end and returns the results.
fn results(project: &TestProject, out: &str, options: &[&str]) -> Value {
    let model = model();
    let options = [&["--json"], &SMALL[..], options].concat();
    let said = project.run(&arguments(&model, out, &options));
    serde_json::from_str::<Value>(&said).unwrap()["results"].take()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_model_is_trained_asked_and_scored() {
    let project = TestProject::new();
    let folder = project.path("out");
    let out = folder.display().to_string();
    let options = [
        &WORLD[..],
        &["--max-steps", "12", "--control", "random-label"],
    ]
    .concat();
    let first = results(&project, &out, &options);
    let [run] = first["runs"].as_array().unwrap().as_slice() else {
        panic!("one language with one seed: {first}")
    };
    // Ten templates: for 12 names, for 10 places in English and for 5 in German.
    let training = &run["training"];
    assert_eq!(training["examples"], 10 * (12 + 10 + 5));
    assert_eq!(training["steps"], 12);
    assert_eq!((&run["arm"], &run["seed"]), (&json!("de"), &json!(0)));
    assert_eq!(run["recall"]["rows"], 10);
    assert_eq!(run["recall"]["chance"], 0.5);
    // Places have a noun in each language, continents are bare stems.
    assert_eq!(run["overlap"]["places"]["names"], 10);
    assert_eq!(run["overlap"]["places"]["equal"], 0.0);
    assert_eq!(run["overlap"]["continents"]["equal"], 1.0);
    let modes = run["modes"].as_array().unwrap();
    assert_eq!(modes.len(), 2);
    for (mode, name) in modes.iter().zip(["ranking", "free"]) {
        assert_eq!(mode["mode"], name);
        let checks = mode["gate"]["checks"].as_array().unwrap();
        let rows: Vec<_> = checks.iter().map(|check| &check["rows"]).collect();
        assert_eq!(rows, [12, 5, 5, 5]);
        // Twelve steps on a random model teach nothing.
        assert_eq!(mode["gate"]["passed"], false);
        assert_eq!(mode["conductivity"]["places"], 5);
        let accuracy = &mode["conductivity"]["target_accuracy"];
        assert_eq!(accuracy["method"], "clopper-pearson", "five places");
        assert_eq!(mode["beside"][0]["name"], "random-label");
        assert_eq!(mode["beside"][0]["conductivity"]["places"], 5);
    }

    let of_run = folder.join("de-seed0");
    let log = lines(&of_run.join("log.jsonl"));
    let steps: Vec<_> = log
        .iter()
        .map(|line| line["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, (1..=12).collect::<Vec<_>>());
    // Before training, translations; then in both modes 15 questions of the gate and twice five of the tests.
    let answers = lines(&of_run.join("answers.jsonl"));
    assert_eq!(answers.len(), 10 + 12 + 2 * (15 + 5 + 5));
    assert!(of_run.join("events.out.tfevents.0").is_file());
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        assert!(of_run.join("adapter").join(name).is_file(), "{name}");
    }
    let mut checkpoints: Vec<_> = fs::read_dir(of_run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    checkpoints.sort();
    assert_eq!(checkpoints, ["step-000008", "step-000012"]);
    let report = fs::read_to_string(folder.join("report.md")).unwrap();
    assert!(report.contains("| de | 0 | ranking | failed |"), "{report}");
    assert!(report.contains("gate failed ("), "{report}");
    // What it writes is no place: 0 of 5, and up to 1 − .025^(1/5) = .522 may be right.
    assert!(report.contains("0.000 (0.000 to 0.522)"), "{report}");

    report::check(&project, &out);

    // Again: nothing to do, with the same result. The merged model is made of what is there.
    let files = program::files(&of_run);
    assert_eq!(results(&project, &out, &options), first);
    assert!(program::files(&of_run) == files, "a file has changed");
    let merging = [&options[..], &["--merge"]].concat();
    assert_eq!(results(&project, &out, &merging), first);
    let merged = of_run.join("model").display().to_string();
    let said = project.run(&[
        "logits", "--quiet", "--model", &merged, "--prompt", "Oz", "--json",
    ]);
    assert!(said.contains("\"positions\""), "{said}");
}

/// A long training in a process of its own, once it has a checkpoint.
fn started(project: &TestProject, out: &Path, options: &[&str]) -> Child {
    let (model, path) = (model(), out.display().to_string());
    let mut child = project
        .command(&arguments(&model, &path, &[&SMALL[..], options].concat()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let checkpoint = out.join("de-seed0/checkpoints/step-000004");
    let begun = Instant::now();
    while !checkpoint.is_dir() {
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before its first checkpoint"
        );
        assert!(begun.elapsed() < Duration::from_secs(300), "no checkpoint");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[test]
fn a_run_that_was_killed_or_interrupted_ends_with_the_same_adapter() {
    let project = TestProject::new();
    let options = [&WORLD[..], &["--max-steps", "40", "--answer", "ranking"]].concat();
    let whole = project.path("whole");
    results(&project, &whole.display().to_string(), &options);
    let adapter =
        |out: &Path| fs::read(out.join("de-seed0/adapter/adapter_model.safetensors")).unwrap();
    let (expected, answers) = (adapter(&whole), "de-seed0/answers.jsonl");

    let killed = project.path("killed");
    let mut child = started(&project, &killed, &options);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(!killed.join("de-seed0/adapter").exists());
    results(&project, &killed.display().to_string(), &options);
    assert!(adapter(&killed) == expected, "another adapter");
    assert_eq!(
        fs::read(killed.join(answers)).unwrap(),
        fs::read(whole.join(answers)).unwrap()
    );
    assert_eq!(lines(&killed.join("de-seed0/log.jsonl")).len(), 40);

    let interrupted = project.path("interrupted");
    let child = started(&project, &interrupted, &options);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("run the command again to continue"), "{said}");
    results(&project, &interrupted.display().to_string(), &options);
    assert!(adapter(&interrupted) == expected, "another adapter");
}

#[test]
fn an_answer_that_was_kept_is_not_asked_again_after_a_kill() {
    let project = TestProject::new();
    let options = [&WORLD[..], &["--max-steps", "40", "--answer", "ranking"]].concat();
    let out = project.path("killed");
    let mut child = started(&project, &out, &options);
    child.kill().unwrap();
    child.wait().unwrap();
    // What the base was asked before the training is kept. Scores that no model gives show that it is read again.
    let kept = out.join("kept-answers.jsonl");
    let mut found: Vec<Value> = lines(&kept);
    assert!(found.len() > 3, "{found:?}");
    let scores = found[1]["value"].as_array_mut().unwrap();
    for (number, score) in scores.iter_mut().enumerate() {
        *score = (-0.25 - number as f64).into();
    }
    let planted = found[1]["value"].clone();
    let text: String = found.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&kept, text).unwrap();
    results(&project, &out.display().to_string(), &options);
    let answers = lines(&out.join("de-seed0/answers.jsonl"));
    let same = answers.iter().filter(|answer| answer["scores"] == planted);
    assert_eq!(same.count(), 1);
    assert!(
        !kept.exists(),
        "an experiment that has ended needs it no more"
    );
}

#[test]
fn kept_answers_that_cannot_be_used_are_named_with_what_helps() {
    let project = TestProject::new();
    let (model, out) = (model(), project.path("out"));
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("kept-answers.jsonl"), "my thesis\n").unwrap();
    let path = out.display().to_string();
    let options = [&SMALL[..], &WORLD[..], &["--max-steps", "4"]].concat();
    let error = project.fail(&arguments(&model, &path, &options));
    assert!(
        error.starts_with("error: cannot use the answers kept in PROJECT/out/kept-answers.jsonl"),
        "{error}"
    );
    assert!(error.contains("remove it"), "{error}");
    assert!(
        !error.contains("--cache"),
        "`finetune` has no such option: {error}"
    );
}

#[test]
fn two_runs_do_not_share_a_folder_nor_two_configurations() {
    let project = TestProject::new();
    let (model, folder) = (model(), project.path("out"));
    let out = folder.display().to_string();
    let options = [&WORLD[..], &["--max-steps", "4", "--answer", "ranking"]].concat();
    let fail = |options: &[&str]| {
        let options = [&SMALL[..], options].concat();
        project.fail(&arguments(&model, &out, &options))
    };
    let lock = FolderLock::take(&folder).unwrap();
    let error = fail(&options);
    insta::assert_snapshot!(error, @r"
    error: another process is writing PROJECT/out
    hint: wait for it to end, or write elsewhere with --out
    ");
    drop(lock);
    results(&project, &out, &options);
    let adapter = folder.join("de-seed0/adapter/adapter_model.safetensors");
    let before = fs::read(&adapter).unwrap();
    let other = [&options[..], &["--alpha", "7", "--epochs", "9"]].concat();
    let error = fail(&other);
    insta::assert_snapshot!(error, @r"
    error: PROJECT/out/de-seed0 contains a run with another `alpha`, `epochs`
    hint: name another folder with --out, or remove this one
    ");
    // Before it has ended, its checkpoint says so.
    fs::remove_file(folder.join("de-seed0/manifest.json")).unwrap();
    let error = fail(&other);
    assert!(
        error.contains("contains a run with another `alpha`, `epochs`"),
        "{error}"
    );
    assert_eq!(fs::read(&adapter).unwrap(), before);
    // Asking otherwise trains nothing again.
    let free = [&WORLD[..], &["--max-steps", "4", "--answer", "free"]].concat();
    let asked = results(&project, &out, &free);
    assert_eq!(asked["runs"][0]["modes"][0]["mode"], "free");
    assert_eq!(lines(&folder.join("de-seed0/log.jsonl")).len(), 4);
}

#[test]
fn a_built_world_is_taught_as_it_is() {
    let project = TestProject::new();
    let model = model();
    let out = project.path("out").display().to_string();
    let world = project
        .path("artifacts/datasets/fictional")
        .display()
        .to_string();
    project.run(&[
        "datasets",
        "fictional",
        "--targets",
        "de",
        "--places",
        "10",
        "--continents",
        "2",
    ]);
    let short = ["--max-steps", "1", "--answer", "ranking"];
    let built = results(&project, &out, &[&["--world", &world], &short[..]].concat());
    // The same as if it had been drawn.
    let drawn = results(&project, &out, &[&WORLD[..], &short[..]].concat());
    assert_eq!(built, drawn);

    let fail = |options: &[&str]| {
        let options = [&["--world", world.as_str()], options].concat();
        project.fail(&arguments(&model, &out, &options))
    };
    insta::assert_snapshot!(fail(&["--languages", "fr"]), @r"
    error: the world has no language `fr`
    hint: it has de; `clika datasets fictional --targets` builds others
    ");
    let error = fail(&["--direction", "both", "--relation", "founding"]);
    assert!(
        error.contains(
            "artifacts/datasets/fictional does not have the `direction`, `relation` that the options say"
        ),
        "{error}"
    );
    // A folder that is not a world.
    let error = project.fail(&arguments(&model, &out, &["--world", &out]));
    assert!(error.contains("is not a fictional world: "), "{error}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_trained() {
    let project = TestProject::new();
    let (model, folder) = (model(), project.path("out"));
    let out = folder.display().to_string();
    let fail = |options: &[&str]| project.fail(&arguments(&model, &out, options));
    for (options, says) in [
        (
            &["--rank", "0"][..],
            "error: `rank` is 0; it must be between 1 and 65536\nhint: ",
        ),
        (
            &["--dropout", "1"],
            "error: `dropout` is 1; it must be at least 0 and below 1\n",
        ),
        (
            &["--learning-rate", "0"],
            "error: `learning_rate` is 0; it must be above 0\n",
        ),
        (
            &["--seeds", "1,1"],
            "error: `seeds` is [1, 1]; it must name at least one, and none twice\n",
        ),
        (
            &["--strategy", "full", "--alpha", "1"],
            "error: --alpha is for adapters",
        ),
        (
            &["--languages", "ko"],
            "error: the experiment names the language `ko`, which",
        ),
        (
            &["--languages", "en"],
            "error: `targets` names the source language `en`",
        ),
        (
            &["--format", "baichuan2"],
            "error: format `baichuan2` needs the token",
        ),
    ] {
        let options = [&["--places", "10", "--continents", "2"], options].concat();
        let error = fail(&options);
        assert!(error.starts_with(says), "{error}");
    }
    let mut unknown = project.command(&arguments(&model, &out, &["--strategy", "lora-mlp"]));
    let output = unknown.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("lora-paper, lora-attention, lora-all, full"));
    assert!(!folder.join("de-seed0/adapter").exists());

    let german = project.path("templates/languages/de.toml");
    let words = fs::read_to_string(&german).unwrap();
    fs::write(&german, &words[..words.find("[fictional]").unwrap()]).unwrap();
    let error = fail(&["--languages", "de"]);
    assert!(
        error.starts_with("error: `de` has no words for fictional worlds\n"),
        "{error}"
    );

    project.edit("experiments/finetune.toml", "epochs = 3", "epochs = 0");
    insta::assert_snapshot!(fail(&[]), @r"
    error: `epochs` is 0; it must be between 1 and 100000
       PROJECT/experiments/finetune.toml:26
    hint: compare with experiments/finetune.toml, which explains every key
    ");
    project.edit("experiments/finetune.toml", "epochs = 0", "epoch = 3");
    insta::assert_snapshot!(fail(&[]), @r"
    error: unknown key `finetune.training.epoch`; did you mean `epochs`?
       PROJECT/experiments/finetune.toml:26
    hint: compare with experiments/finetune.toml, which explains every key
    ");
}

#[test]
fn an_adapter_is_asked_as_it_is_and_not_on_another_base() {
    let project = TestProject::new();
    let (model, folder) = (model(), project.path("out"));
    let out = folder.display().to_string();
    let options = [&WORLD[..], &["--max-steps", "4", "--answer", "ranking"]].concat();
    let trained = results(&project, &out, &options);
    let adapter = folder.join("de-seed0/adapter").display().to_string();
    let given = [&WORLD[..], &["--answer", "ranking", "--adapter", &adapter]].concat();
    let asked = results(&project, &out, &given);
    assert_eq!(asked["runs"][0]["modes"], trained["runs"][0]["modes"]);
    assert_eq!(asked["runs"][0]["training"], Value::Null);

    // A base of one layer where the adapter's has two.
    let other = project.path("other");
    fs::create_dir(&other).unwrap();
    for (name, content) in program::files(Path::new(&model)) {
        fs::write(other.join(name), content).unwrap();
    }
    project.edit(
        "other/config.json",
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 1",
    );
    let (other, elsewhere) = (other.display().to_string(), project.path("elsewhere"));
    let (elsewhere, given) = (
        elsewhere.display().to_string(),
        [&SMALL[..], &given].concat(),
    );
    let error = project.fail(&arguments(&other, &elsewhere, &given));
    assert!(
        error.starts_with("note: tensors of the checkpoint that the model does not use: ")
            && error.contains("\nerror: the adapter does not belong to this model: "),
        "{error}"
    );
}
