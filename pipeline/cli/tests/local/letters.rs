//! How an option is read.

use super::*;

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
        said.contains("have little of the probability (xcopa-mini in en 0.0")
            && said.contains(", xcopa-mini in de 0.0"),
        "{said}"
    );
}

#[test]
fn answers_that_are_all_one_letter_are_said() {
    let project = project();
    let run = |options: &[&str]| {
        let model = model();
        let arguments = ["evaluate", "--model", &model, "--limit", "10", "--json"];
        let command = [&arguments[..], &["--languages", "en"], options].concat();
        let output = project.command(&command).output().unwrap();
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        (
            printed["scores"][0]["one_letter"].clone(),
            text(&output.stderr),
        )
    };
    const NOTE: &str = "nearly every answer is one letter (xcopa-mini in en ";
    // Whatever is asked, a random model finds the same letter more likely.
    let (one, said) = run(&[]);
    assert_eq!((&one["letter"], &one["share"]), (&json!("A"), &json!(1.0)));
    assert!(said.contains(&format!("{NOTE}A 100.0 %)")), "{said}");
    let (one, said) = run(&["--answer", "texts"]);
    assert_eq!(one, Value::Null);
    assert!(!said.contains(NOTE), "{said}");
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
        said.starts_with("error: the tokenizer gives the options `"),
        "{said}"
    );
    // B is known, A is not.
    file["model"]["vocab"]["B"] = json!(7);
    write(&file);
    let said = project.fail(&command);
    assert!(said.contains("the option letter `A`"), "{said}");
    assert!(!project.path("artifacts/predictions").exists());
}
