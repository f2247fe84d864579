//! Which model answered, and to which question.

use super::*;

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
        ) && error.contains("does not match this run: `dtype` is `f32` and `bf16`")
            && error.contains("--name")
            && error.contains("(xcopa-mini in en, xcopa-mini in he)"),
        "{error}"
    );
    let error = refused(&project, &["--languages", "de", "--limit", "5"]);
    assert!(
        error.contains("it has other items (4 there, 5 here)"),
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
            "in en was from another run and is replaced: it has other items (4 there, 3 here)"
        ),
        "{said}"
    );
    // Another name, and a run over everything that is there.
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
    let read = clika_scores::predictions::Collection::read(Path::new(path)).unwrap();
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
    // English is known to be the same in both, so that German may stand next to it.
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
