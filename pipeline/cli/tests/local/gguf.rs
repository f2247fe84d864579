//! Models in GGUF, as people name them.

use super::*;

/// A tiny model of `pipeline/checkpoint/tests/gguf/reference.py`.
fn file(name: &str) -> String {
    let models =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../checkpoint/tests/gguf/fixtures/models");
    models
        .join(name)
        .canonicalize()
        .unwrap()
        .display()
        .to_string()
}

/// A copy of it that takes prompts of real length.
fn roomy(project: &TestProject, name: &str) -> String {
    let mut bytes = fs::read(file(name)).unwrap();
    let key = b"llama.context_length";
    if let Some(place) = bytes.windows(key.len()).position(|window| window == key) {
        // The type of the value is before it.
        let value = place + key.len() + 4;
        bytes[value..value + 4].copy_from_slice(&4096_u32.to_le_bytes());
    }
    let path = project.path(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn ask(project: &TestProject, model: &str) -> Value {
    let arguments = [
        "evaluate",
        "--model",
        model,
        "--languages",
        "en",
        "--limit",
        "3",
        "--json",
        "--quiet",
    ];
    let said: Value = serde_json::from_str(&project.run(&arguments)).unwrap();
    said["run"].clone()
}

fn logits(project: &TestProject, model: &str) -> Value {
    let prompt = "Paris, 12 and  345\n\n6 </s> Ünï";
    let said = project.run(&[
        "logits", "--quiet", "--json", "--model", model, "--prompt", prompt,
    ]);
    serde_json::from_str(&said).unwrap()
}

#[test]
fn a_file_a_part_and_a_folder_with_one_are_models() {
    let project = project();
    let whole = roomy(&project, "llama.gguf");
    let run = ask(&project, &whole);
    assert_eq!(run["model"], "llama", "{run}");
    let parts = [
        "llama-split-00001-of-00003.gguf",
        "llama-split-00003-of-00003.gguf",
    ];
    roomy(&project, "llama-split-00002-of-00003.gguf");
    let parts = parts.map(|part| roomy(&project, part));
    let [first, last] = parts.map(|part| ask(&project, &part));
    assert_eq!(first["model"], "llama-split");
    assert_eq!(first["fingerprint"], last["fingerprint"]);
    // The same numbers in one file have another hash.
    assert_ne!(first["fingerprint"], run["fingerprint"]);
    let folder = project.path("folder");
    fs::create_dir(&folder).unwrap();
    fs::copy(&whole, folder.join("any.gguf")).unwrap();
    let inside = ask(&project, &folder.display().to_string());
    assert_eq!(inside["model"], "folder");
    fs::copy(file("qwen3.gguf"), folder.join("other.gguf")).unwrap();
    let path = folder.display().to_string();
    let error = project.fail(&["evaluate", "--quiet", "--model", &path]);
    assert!(error.contains("several sets of weights"), "{error}");
    assert!(error.contains("any.gguf, other.gguf"), "{error}");
}

#[test]
fn two_files_of_one_name_are_refused_before_one_replaces_the_other() {
    let project = project();
    let whole = roomy(&project, "llama.gguf");
    let other = project.path("other");
    fs::create_dir(&other).unwrap();
    fs::copy(file("qwen3.gguf"), other.join("llama.gguf")).unwrap();
    let other = other.join("llama.gguf").display().to_string();
    let arguments = ["evaluate", "--quiet", "--model", &whole, "--model", &other];
    let output = project.command(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("would be `llama` in the predictions"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_there_is_said_and_not_asked_for_elsewhere() {
    let project = project();
    let said =
        |model: &str| project.fail(&["logits", "--quiet", "--prompt", "a", "--model", model]);
    let missing = said("missing.gguf");
    assert!(
        missing.starts_with("error: there is no file missing.gguf\n"),
        "{missing}"
    );
    let here = roomy(&project, "llama.gguf");
    let quantized = said(&format!("{here}:Q4_K_M"));
    assert!(
        quantized.contains("`:Q4_K_M` is for repositories of the hub"),
        "{quantized}"
    );
    let capitals = project.path("MODEL.GGUF");
    fs::copy(&here, &capitals).unwrap();
    let capitals = capitals.display().to_string();
    project.run(&["logits", "--quiet", "--prompt", "a", "--model", &capitals]);
    let empty = project.path("empty");
    fs::create_dir(&empty).unwrap();
    let empty = said(&empty.display().to_string());
    assert!(empty.contains("nor a GGUF file"), "{empty}");
}

#[test]
fn an_adapter_and_a_text_are_no_models() {
    let project = project();
    let adapter = file("../adapter.gguf");
    let error = project.fail(&["evaluate", "--quiet", "--model", &adapter]);
    assert!(
        error.contains("is not a model: its `general.type` is `adapter`"),
        "{error}"
    );
    assert!(error.contains("--adapter"), "{error}");
    let base = roomy(&project, "llama.gguf");
    let error = project.fail(&[
        "logits",
        "--quiet",
        "--prompt",
        "a",
        "--model",
        &base,
        "--adapter",
        &adapter,
    ]);
    assert!(
        error.contains("it is a file, and an adapter is a folder"),
        "{error}"
    );
    let text = project.path("notes.txt");
    fs::write(&text, "GGUF").unwrap();
    let error = project.fail(&[
        "evaluate",
        "--quiet",
        "--model",
        &text.display().to_string(),
    ]);
    assert!(
        error.contains("neither a model's folder nor a GGUF file"),
        "{error}"
    );
}

#[test]
fn a_trained_model_is_a_folder_that_gives_the_same_ids() {
    let project = TestProject::new();
    let base = roomy(&project, "llama.gguf");
    let out = project.path("out");
    let path = out.display().to_string();
    let options = [
        "finetune",
        "--quiet",
        "--model",
        &base,
        "--out",
        &path,
        "--languages",
        "de",
        "--places",
        "10",
        "--continents",
        "2",
        "--format",
        "none",
        "--rank",
        "2",
        "--batch",
        "4",
        "--answer",
        "ranking",
        "--max-steps",
        "1",
        "--merge",
    ];
    project.run(&options);
    let merged = out.join("de-seed0/model").display().to_string();
    let (before, after) = (logits(&project, &base), logits(&project, &merged));
    assert_eq!(before["ids"], after["ids"]);
    let config = fs::read_to_string(out.join("de-seed0/model/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["architectures"], json!(["LlamaForCausalLM"]));
    // The adapter, on the file that it was trained on, is the merged model.
    let adapter = out.join("de-seed0/adapter").display().to_string();
    let with = [
        "logits",
        "--quiet",
        "--json",
        "--model",
        &base,
        "--adapter",
        &adapter,
        "--prompt",
        "Paris",
    ];
    let with: Value = serde_json::from_str(&project.run(&with)).unwrap();
    let said = project.run(&[
        "logits", "--quiet", "--json", "--model", &merged, "--prompt", "Paris",
    ]);
    let alone: Value = serde_json::from_str(&said).unwrap();
    let best = |said: &Value| said["positions"][0]["top"][0].clone();
    assert_eq!(best(&with)[0], best(&alone)[0]);
    let [one, two] = [best(&with), best(&alone)].map(|best| best[1].as_f64().unwrap());
    assert!((one - two).abs() < 1e-4, "{one} {two}");
}
