//! `clika reproduce` and `clika compare` as a user runs them.

#![allow(clippy::unwrap_used)]

mod program;

use program::{TestProject, text};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A release of two models on xCSQA and xCOPA: four items each whose right choice is A, so many times.
fn release(folder: &Path, times: usize) {
    for (model, task, language, answers) in [
        ("llama_13b", "x_csqa", "en", "AAAB"),
        ("llama_13b", "x_csqa", "ZH_trans", "AB.A"),
        ("llama_13b", "x_copa", "en", "AABA"),
        ("llama_13b", "x_copa", "zh", "AAAA"),
        ("llama2_13b", "x_csqa", "en", "AAAA"),
        ("llama2_13b", "x_csqa", "ZH_trans", "AAAB"),
        ("llama2_13b", "x_copa", "en", "AAAA"),
    ] {
        let lines: String = answers
            .repeat(times)
            .chars()
            .enumerate()
            .map(|(id, answer)| {
                format!("{{\"id\": {id}, \"res\": \"{answer}\", \"label\": \"A\"}}\n")
            })
            .collect();
        let file = folder.join(task).join(language);
        fs::create_dir_all(&file).unwrap();
        fs::write(
            file.join(format!("{model}_res_bf16_add_simple_example.jsonl")),
            lines,
        )
        .unwrap();
    }
}

struct Fixture {
    project: TestProject,
    predictions: String,
}

impl Fixture {
    fn new() -> Self {
        Self::repeated(1)
    }

    fn repeated(times: usize) -> Self {
        let project = TestProject::new();
        let folder = project.path("release");
        release(&folder, times);
        Self {
            predictions: folder.to_str().unwrap().to_owned(),
            project,
        }
    }

    fn reproduce(&self, more: &[&str]) -> String {
        let mut arguments = vec![
            "reproduce",
            "--predictions",
            &self.predictions,
            "--resamples",
            "200",
        ];
        arguments.extend(more);
        self.project.run(&arguments)
    }
}

#[test]
fn prints_tables_with_summary_and_reasons() {
    let printed = Fixture::new().reproduce(&[]);
    for line in [
        "- 115 cells: XRR needs fine-tuning runs, whose answers are not released",
        "- missing: llama2_13b on xcopa in ar, de, fr, he, it, ja, pl, ru, zh",
        "- missing: llama_13b on xcopa in ar, de, fr, he, it, ja, pl, ru",
        "## All models",
        "## Table 5 (basic)",
        "| model | column | ours | 95 % interval | printed | difference | agrees |",
    ] {
        assert!(
            printed.lines().any(|found| found == line),
            "{line}\n{printed}"
        );
    }
    // RA: (.75 − .2) / (.746 − .2) and (.75 − .5) / (.964 − .5), their mean in percent.
    assert!(printed.contains("| LLaMA | en | 77.31 | "), "{printed}");
}

#[test]
fn json_holds_cells_and_scores() {
    let json: Value = serde_json::from_str(&Fixture::new().reproduce(&["--json"])).unwrap();
    let cells = json["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 295, "every printed number");
    for cell in cells {
        for key in [
            "table",
            "model",
            "task_group",
            "column",
            "value",
            "low",
            "high",
            "method",
            "printed",
            "agrees",
        ] {
            assert!(cell.get(key).is_some(), "{key} is missing in {cell}");
        }
    }
    let zh = cells
        .iter()
        .find(|cell| cell["table"] == 5 && cell["model"] == "llama_13b" && cell["column"] == "zh")
        .unwrap();
    assert_eq!(
        (&zh["printed"], &zh["agrees"]),
        (&Value::from(15.98), &Value::from(false))
    );
    let scores = json["scores"].as_array().unwrap();
    let invalid = scores
        .iter()
        .find(|score| {
            score["model"] == "llama_13b" && score["task"] == "xcsqa" && score["language"] == "zh"
        })
        .unwrap();
    for key in ["metric", "value", "low", "high", "method", "n"] {
        assert!(invalid.get(key).is_some(), "{key} is missing in {invalid}");
    }
    assert_eq!(invalid["invalid"], 1, "a full stop is not an answer");
}

#[test]
fn csv_is_one_line_a_cell() {
    let csv = Fixture::new().reproduce(&["--format", "csv"]);
    assert_eq!(csv.lines().count(), 1 + 295);
    let width = csv.lines().next().unwrap().split(',').count();
    let plain = csv
        .lines()
        .find(|line| line.starts_with("5,1,llama_13b,LLaMA,basic,en,"))
        .unwrap();
    assert_eq!(plain.split(',').count(), width);
}

#[test]
fn writes_files_and_keeps_predictions() {
    let fixture = Fixture::new();
    let (out, saved) = (
        fixture.project.path("report"),
        fixture.project.path("predictions"),
    );
    let printed = fixture.reproduce(&[
        "--out",
        out.to_str().unwrap(),
        "--save",
        saved.to_str().unwrap(),
    ]);
    assert_eq!(fs::read_to_string(out.join("tables.md")).unwrap(), printed);
    for name in ["cells.csv", "scores.csv", "report.json"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let again = fixture.project.run(&[
        "reproduce",
        "--resamples",
        "200",
        "--predictions",
        saved.to_str().unwrap(),
    ]);
    assert_eq!(again, printed, "our own format holds the same");
}

#[test]
fn bca_intervals_on_request() {
    // 80 items, 60 of them right: enough for a bootstrap.
    let fixture = Fixture::repeated(20);
    let accuracy = |options: &[&str]| {
        let json: Value = serde_json::from_str(&fixture.reproduce(options)).unwrap();
        let scores = json["scores"].as_array().unwrap().iter();
        let mut of_llama = scores.filter(|it| it["model"] == "llama_13b" && it["language"] == "en");
        let score = of_llama.find(|it| it["metric"] == "accuracy").unwrap();
        (json["uncertainty"]["interval"].clone(), score.clone())
    };
    let (percentile, bca) = (
        accuracy(&["--json"]),
        accuracy(&["--json", "--interval", "bca"]),
    );
    assert_eq!(
        (&percentile.0, &percentile.1["method"]),
        (&json!("percentile"), &json!("percentile"))
    );
    assert_eq!((&bca.0, &bca.1["method"]), (&json!("bca"), &json!("bca")));
    assert_eq!(percentile.1["value"], bca.1["value"]);
    assert_ne!(percentile.1["low"], bca.1["low"]);
}

#[test]
fn twenty_of_twenty_are_not_certain() {
    let fixture = Fixture::repeated(5);
    let close = |found: &Value, expected: f64| {
        let found = found.as_f64().unwrap();
        assert!((found - expected).abs() < 0.0005, "{found}, not {expected}");
    };
    for kind in ["percentile", "bca"] {
        let json: Value =
            serde_json::from_str(&fixture.reproduce(&["--json", "--interval", kind])).unwrap();
        let score = |metric: &str| {
            let scores = json["scores"].as_array().unwrap().iter();
            let mut of = scores.filter(|it| {
                (&it["model"], &it["task"], &it["language"])
                    == (&json!("llama2_13b"), &json!("xcopa"), &json!("en"))
            });
            of.find(|it| it["metric"] == metric).unwrap().clone()
        };
        // Clopper and Pearson: .025^(1/20) = .8316 to 1, and 0 to .1684.
        let (all, none) = (score("accuracy"), score("invalid_rate"));
        assert_eq!((&all["value"], &all["high"]), (&json!(1.0), &json!(1.0)));
        close(&all["low"], 0.832);
        assert_eq!((&none["value"], &none["low"]), (&json!(0.0), &json!(0.0)));
        close(&none["high"], 0.168);
        assert_eq!(all["method"], "clopper-pearson");
    }
    let models = ["compare", "llama2_13b", "llama2_13b", "--json"];
    let predictions = ["--predictions", &fixture.predictions];
    let json: Value =
        serde_json::from_str(&fixture.project.run(&[&models[..], &predictions].concat())).unwrap();
    let row = &json["rows"][0];
    assert_eq!(
        (&row["difference"], &row["method"]),
        (&json!(0.0), &json!("mover"))
    );
    close(&row["low"], -0.168);
    close(&row["high"], 0.168);
}

#[test]
fn compares_two_models_and_two_runs() {
    let fixture = Fixture::new();
    let saved = fixture.project.path("predictions");
    fixture.reproduce(&["--save", saved.to_str().unwrap()]);
    let models = [
        "compare",
        "llama2_13b",
        "llama_13b",
        "--resamples",
        "200",
        "--json",
    ];
    let by_name: Value = serde_json::from_str(
        &fixture
            .project
            .run(&[&models[..], &["--predictions", &fixture.predictions]].concat()),
    )
    .unwrap();
    let rows = by_name["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "xcopa in zh is missing for one");
    let chinese = rows.iter().find(|row| row["language"] == "zh").unwrap();
    assert_eq!(
        (&chinese["only_a"], &chinese["only_b"]),
        (&Value::from(2), &Value::from(1))
    );

    // The same two models as two folders of one model each.
    for model in ["llama_13b", "llama2_13b"] {
        let run = fixture.project.path(&format!("run_{model}"));
        fs::create_dir(&run).unwrap();
        fs::rename(saved.join(model), run.join(model)).unwrap();
    }
    let [a, b] = ["run_llama2_13b", "run_llama_13b"].map(|run| fixture.project.path(run));
    let by_folder: Value = serde_json::from_str(&fixture.project.run(&[
        "compare",
        a.to_str().unwrap(),
        b.to_str().unwrap(),
        "--resamples",
        "200",
        "--json",
    ]))
    .unwrap();
    assert_eq!(by_folder, by_name);

    // The same by FOLDER:MODEL, and one model with itself under the names as typed.
    let [a, b] =
        ["llama2_13b", "llama_13b"].map(|model| format!("{}:{model}", fixture.predictions));
    let json = |a: &str, b: &str| -> Value {
        let arguments = ["compare", a, b, "--resamples", "200", "--json"];
        serde_json::from_str(&fixture.project.run(&arguments)).unwrap()
    };
    assert_eq!(json(&a, &b), by_name);
    let run = fixture.project.path("run_llama_13b/llama_13b");
    let itself = json(run.to_str().unwrap(), &b);
    assert_eq!(
        (&itself["a"], &itself["b"]),
        (
            &Value::from(run.to_str().unwrap()),
            &Value::from(b.as_str())
        )
    );
    assert_eq!(
        by_name["unshared"],
        serde_json::json!([{ "run": "llama_13b", "task": "xcopa", "language": "zh" }])
    );
}

#[test]
fn a_folder_of_several_models_needs_a_name() {
    let fixture = Fixture::new();
    let folder = &fixture.predictions;
    let error = fixture.project.fail(&["compare", folder, folder]);
    assert!(
        error.contains("holds several models\nhint: name one as "),
        "{error}"
    );
    assert!(
        error.contains(":MODEL; there are llama2_13b, llama_13b"),
        "{error}"
    );
}

#[test]
fn an_unknown_model_is_answered_with_the_known_ones() {
    let fixture = Fixture::new();
    let arguments = [
        "compare",
        "llama_13b",
        "gpt-9",
        "--predictions",
        &fixture.predictions,
    ];
    let error = fixture.project.fail(&arguments);
    assert_eq!(
        error,
        "error: no predictions of `gpt-9`\nhint: there are llama2_13b, llama_13b\n"
    );
}

#[test]
fn a_folder_without_predictions_says_what_was_expected() {
    let project = TestProject::new();
    let error = project.fail(&[
        "reproduce",
        "--predictions",
        project.path("templates").to_str().unwrap(),
    ]);
    insta::assert_snapshot!(error, @r#"
    error: PROJECT/templates contains no predictions
    hint: expected the paper's release (x_geo/, x_csqa/ …), <model>/<task>/<language>.parquet, or samples_<task>_<language>_*.jsonl of lm-evaluation-harness
    "#);
}

#[test]
fn predictions_have_to_be_named() {
    let output = TestProject::new().command(&["reproduce"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--predictions <DIR>"));
}
