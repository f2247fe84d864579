//! Which format a model is asked in.

use super::*;

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
