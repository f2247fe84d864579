//! A model that begins with a thought: named, and asked without it or refused.

use super::*;

/// What the model writes first, in place of `<unk>`.
const THINK: usize = 0;
/// What it writes where it is told not to think.
const ANSWER: usize = 5;

/// Writes the tiny model with weights that make it say [`THINK`] after "]" and [`ANSWER`] after ".": the layers add nothing, so
/// that the logits are the products of the last token's embedding with all others.
fn write_model(folder: &Path, template: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lm/tests/fixtures/llama-tokenizer");
    fs::create_dir_all(folder).unwrap();
    for (name, content) in program::files(&from) {
        fs::write(folder.join(name), content).unwrap();
    }
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let mut tokenizer = read("tokenizer.json");
    let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    let unknown = vocabulary.remove("<unk>").unwrap();
    assert_eq!(unknown, json!(THINK));
    vocabulary.insert("<think>".to_owned(), unknown);
    let id = |token: &str| usize::try_from(vocabulary[token].as_u64().unwrap()).unwrap();
    // A row's place in the embedding, and what stands there.
    let mut rows = [
        (id("]"), 0, 1.0_f32),
        (THINK, 0, 2.0),
        (id("."), 1, 1.0),
        (ANSWER, 1, 2.0),
    ];
    rows.sort_by_key(|row| row.0);
    tokenizer["added_tokens"][THINK]["content"] = json!("<think>");
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let mut settings = read("tokenizer_config.json");
    settings["chat_template"] = json!(template);
    settings["unk_token"] = Value::Null;
    fs::write(folder.join("tokenizer_config.json"), settings.to_string()).unwrap();

    let path = folder.join("model.safetensors");
    let mut file = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(file[..8].try_into().unwrap());
    let start = 8 + usize::try_from(length).unwrap();
    let header: Value = serde_json::from_slice(&file[8..start]).unwrap();
    for (name, tensor) in header.as_object().unwrap() {
        let Some(offsets) = tensor["data_offsets"].as_array() else {
            continue;
        };
        let at = |end: usize| start + usize::try_from(offsets[end].as_u64().unwrap()).unwrap();
        let values = &mut file[at(0)..at(1)];
        let fill = if name.ends_with("norm.weight") {
            1.0_f32
        } else {
            0.0
        };
        for value in values.as_chunks_mut::<4>().0 {
            *value = fill.to_le_bytes();
        }
        if name == "model.embed_tokens.weight" {
            let (values, _) = values.as_chunks_mut::<4>();
            for (token, column, number) in rows {
                values[32 * token + column] = number.to_le_bytes();
            }
        }
    }
    fs::write(path, file).unwrap();
}

const ALWAYS: &str = "{% for message in messages %}{{ message['content'] }}{% endfor %}]";
const SWITCH: &str = "{% for message in messages %}{{ message['content'] }}{% endfor %}\
                      {% if enable_thinking is defined and enable_thinking is false %}.{% else %}]{% endif %}";

#[test]
fn a_thought_is_switched_off_named_or_refused() {
    let project = TestProject::new();
    project.run(&["datasets", "xcopa-mini"]);
    let models = ["always", "switch"].map(|name| project.path(name).display().to_string());
    write_model(Path::new(&models[0]), ALWAYS);
    write_model(Path::new(&models[1]), SWITCH);
    let evaluate = |model: &str, name: &str, options: &[&str]| {
        let start = [
            "evaluate",
            "--quiet",
            "--json",
            "--limit",
            "3",
            "--languages",
            "en",
            "--format",
            "own",
            "--model",
            model,
            "--name",
            name,
        ];
        project
            .command(&[&start[..], options].concat())
            .output()
            .unwrap()
    };
    let run = |output: &std::process::Output| -> Value {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        printed["run"].clone()
    };

    // Its template cannot be told not to think: it is asked for what comes after the thought, which never ends here.
    let otherwise = evaluate(&models[0], "f", &["--max-tokens", "4"]);
    let described = run(&otherwise);
    assert_eq!(described["answer"], "free");
    assert_eq!(described["thought"], "<think>");
    let said = text(&otherwise.stderr);
    assert!(
        said.starts_with("note: the model begins with `<think>`: it thinks before it answers")
            && said.contains("it is asked with --answer free --max-tokens 4,")
            && said.contains("note: 3 of 3 answers were cut off in their thought"),
        "{said}"
    );

    // Who names a way of asking gets it, and is told.
    let asked = evaluate(&models[0], "a", &["--answer", "letters"]);
    assert_eq!(run(&asked)["thought"], "<think>");
    assert!(text(&asked.stderr).starts_with("note: the model begins with `<think>`"));

    let switched = evaluate(&models[1], "b", &[]);
    let described = run(&switched);
    assert_eq!(described["thought"], "<think>");
    assert_eq!(
        described["template_vars"],
        json!({ "enable_thinking": false })
    );
    assert!(text(&switched.stderr).contains("is asked with --template-var enable_thinking=false"));

    let told = [
        "--template-var",
        "enable_thinking=true",
        "--max-tokens",
        "4",
    ];
    assert_eq!(run(&evaluate(&models[1], "c", &told))["answer"], "free");
    let off = evaluate(
        &models[1],
        "d",
        &["--template-var", "enable_thinking=false"],
    );
    assert_eq!(run(&off)["thought"], Value::Null);
    // What is written is read after the thought.
    let free = evaluate(&models[1], "e", &["--answer", "free", "--max-tokens", "2"]);
    assert_eq!(run(&free)["template_vars"], Value::Null);
}
