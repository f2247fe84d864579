//! `clika report` as a user runs it.

#![allow(clippy::unwrap_used)]

mod program;

use program::{TestProject, text};
use serde_json::Value;
use std::{fs, path::Path};

/// A release of two models on Basic knowledge: four items each, whose right choice is A.
fn release(folder: &Path) {
    for (model, task, language, answers) in [
        ("llama_13b", "x_csqa", "en", ["A", "A", "A", "B"]),
        (
            "llama_13b",
            "x_csqa",
            "ZH_trans",
            [
                "A",
                "B",
                "<img src=x onerror=\\\"window.__hostile=1\\\">",
                "A",
            ],
        ),
        ("llama_13b", "x_copa", "en", ["A", "A", "B", "A"]),
        ("llama_13b", "x_copa", "zh", ["A", "A", "A", "A"]),
        ("llama2_13b", "x_csqa", "en", ["A", "A", "A", "A"]),
        ("llama2_13b", "x_copa", "en", ["A", "A", "A", "A"]),
    ] {
        let lines: String = (answers.iter().enumerate())
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

/// The questions of one task in one language.
fn questions(folder: &Path) {
    let file = folder.join("x_copa/zh/test.jsonl");
    let lines: String = (0..4)
        .map(|id| {
            format!(
                "{{\"id\": {}, \"premise\": \"前提{id}。\", \"question\": \"cause\", \"choice1\": \"一</script>\", \"choice2\": \"二\", \"label\": 0}}\n",
                id + 7
            )
        })
        .collect();
    fs::write(file, lines).unwrap();
}

struct Fixture {
    project: TestProject,
    predictions: String,
}

impl Fixture {
    fn new() -> Self {
        let project = TestProject::new();
        let folder = project.path("release");
        release(&folder);
        questions(&folder);
        Self {
            predictions: folder.to_str().unwrap().to_owned(),
            project,
        }
    }

    fn out(&self) -> std::path::PathBuf {
        self.project.path("page")
    }

    fn report(&self, more: &[&str]) -> String {
        let out = self.out();
        let mut arguments = vec![
            "report",
            "--resamples",
            "200",
            "--out",
            out.to_str().unwrap(),
        ];
        arguments.extend(more);
        self.project.run(&arguments)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.out().join(name)).unwrap()
    }
}

#[test]
fn writes_a_page_and_every_table_and_figure_as_files() {
    let fixture = Fixture::new();
    let json = fixture.report(&["--predictions", &fixture.predictions, "--json"]);
    let written: Value = serde_json::from_str(&json).unwrap();
    let names = |key: &str| -> Vec<String> {
        let names = written[key].as_array().unwrap().iter();
        names.map(|it| it.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("figures"),
        ["radar-basic", "accuracy-by-language", "agreement"]
    );
    for id in names("figures") {
        for kind in ["svg", "csv", "md", "tex"] {
            assert!(
                !fixture.file(&format!("figures/{id}.{kind}")).is_empty(),
                "{id}.{kind}"
            );
        }
    }
    for id in names("tables") {
        for kind in ["csv", "md", "tex"] {
            assert!(
                !fixture.file(&format!("tables/{id}.{kind}")).is_empty(),
                "{id}.{kind}"
            );
        }
    }
    // Every table of the paper, whether or not there are answers.
    for number in (4..=12).chain(15..=24) {
        assert!(
            names("tables").contains(&format!("table-{number}")),
            "{number}"
        );
    }
    // By hand: (.75 − .2) / (.746 − .2) and (.75 − .5) / (.964 − .5), their mean in percent is 77.31; printed is 50.36.
    let table = fixture.file("tables/table-5.csv");
    let mut reader = csv_rows(&table);
    let header = reader.remove(0);
    let column = |name: &str| header.iter().position(|it| it == name).unwrap();
    let llama = reader.iter().find(|row| row[0] == "LLaMA").unwrap();
    let value: f64 = llama[column("en")].parse().unwrap();
    assert!((value - 77.3054).abs() < 1e-3, "{value}");
    assert_eq!(llama[column("en, printed")], "50.36");
    // Twelve of its answers were to Basic questions in English and eight in Chinese, of which one was none.
    assert_eq!(llama[column("answers")], "16");
}

/// The rows of a CSV file without quoted commas but in the header.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let line = |line: &str| {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        for sign in line.chars() {
            match sign {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                _ => field.push(sign),
            }
        }
        fields.push(field);
        fields
    };
    text.lines().map(line).collect()
}

#[test]
fn a_cell_without_a_run_says_so_and_names_the_command() {
    let fixture = Fixture::new();
    fixture.report(&["--predictions", &fixture.predictions]);
    let table = fixture.file("tables/table-5.md");
    let baichuan = table
        .lines()
        .find(|line| line.starts_with("| Baichuan2-base "))
        .unwrap();
    assert!(baichuan.contains("| not run | 87.58 |"), "{baichuan}");
    let command =
        "| `clika evaluate xcsqa xcopa --model FOLDER_OR_HUB_ID --name \"Baichuan2-base\"` |";
    assert!(baichuan.ends_with(command), "{baichuan}");
    let xrr = fixture.file("tables/table-4.md");
    let vicuna = xrr
        .lines()
        .find(|line| line.starts_with("| Vicuna v1.5 13B "))
        .unwrap();
    assert!(
        vicuna.starts_with("| Vicuna v1.5 13B | not run | .1309 | not run | .0200 |"),
        "{vicuna}"
    );
    assert!(
        vicuna.ends_with("| `clika finetune --model FOLDER_OR_HUB_ID` |"),
        "{vicuna}"
    );
    // LLaMA has no answers in eight of the languages.
    let models = fixture.file("tables/models-basic-ra.md");
    let llama = models
        .lines()
        .find(|line| line.starts_with("| llama\\_13b "))
        .unwrap();
    assert!(
        llama.contains("--name \"llama_13b\" --languages de,fr,it,pl,ru,ar,he,ja` |"),
        "{llama}"
    );
}

#[test]
fn nothing_from_data_is_part_of_the_page_but_as_text() {
    let fixture = Fixture::new();
    fixture.report(&["--predictions", &fixture.predictions]);
    let page = fixture.file("report.html");
    assert!(
        !page.contains("__hostile"),
        "answers lie compressed in the data block"
    );
    assert_eq!(
        page.matches("</script>").count(),
        3,
        "two blocks of data and one script"
    );
    assert!(
        page.contains(
            "\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-"
        ),
        "{}",
        &page[..800]
    );
    assert!(!page.contains("unsafe-inline"));
    // The name of SVG's elements is no address that is fetched.
    let addresses = page.matches("http").count();
    assert_eq!(
        addresses,
        page.matches("http://www.w3.org/2000/svg").count() + page.matches("http-equiv").count()
    );
    assert!(
        !page.contains(" style=\""),
        "the policy forbids styles of single elements"
    );
    assert!(
        !page.contains(&fixture.predictions),
        "no path of the machine is in the page"
    );
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let fixture = Fixture::new();
    let report = || {
        fixture.report(&["--predictions", &fixture.predictions]);
        (fixture.file("report.html"), fixture.file("manifest.json"))
    };
    assert!(report() == report());
}

#[test]
fn a_comparison_is_a_table_of_what_the_second_changed() {
    let fixture = Fixture::new();
    fixture.report(&[
        "--predictions",
        &fixture.predictions,
        "--compare",
        "llama_13b,llama2_13b",
    ]);
    let table = fixture.file("tables/comparison-1.csv");
    let row = table
        .lines()
        .find(|line| line.starts_with("xcsqa,en,"))
        .unwrap();
    // Three of four right before, four of four after.
    assert!(row.starts_with("xcsqa,en,4,0.75,1,0.25,"), "{row}");
    let table = fixture.file("tables/comparison-1.md");
    // By hand: of the release's four items RA in English is (.75 − .2) / .546 and (.75 − .5) / .464 before, and 0.8 / .546
    // and .5 / .464 after: means .7731 and 1.2714.
    let knowledge = fixture.file("tables/comparison-1-knowledge.md");
    let english = knowledge
        .lines()
        .find(|line| line.starts_with("| en |"))
        .unwrap();
    assert!(
        english.starts_with("| en | 0.773 (")
            && english.contains(" | 1.271 (")
            && english.contains(" | 0.498 |"),
        "{english}"
    );
    assert!(english.ends_with("| not run | not run | – |"), "{english}");
    let said = "Not compared, because only one has it: llama_13b on xcsqa in zh; llama_13b on xcopa in zh.";
    assert!(table.contains(said), "{table}");
}

#[test]
fn what_is_not_there_is_said() {
    let project = TestProject::new();
    for (arguments, said) in [
        (
            vec!["report"],
            "error: nothing to report: no recorded answers, fine-tuning runs or datasets",
        ),
        (
            vec!["report", "--predictions", "nowhere"],
            "error: no folder of recorded answers: nowhere",
        ),
        (
            vec!["report", "--finetune", "A=nowhere"],
            "error: no folder of fine-tuning runs: nowhere",
        ),
        (
            vec!["report", "--datasets", "nowhere"],
            "error: no folder of datasets: nowhere",
        ),
        (
            vec!["report", "--compare", "a"],
            "error: invalid value 'a' for '--compare <A,B>': two names with a comma between them",
        ),
    ] {
        let output = project
            .command(&arguments)
            .current_dir(project.path(""))
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.starts_with(said), "{error}");
    }
    let fixture = Fixture::new();
    let out = fixture.out();
    let arguments = [
        "report",
        "--predictions",
        &fixture.predictions,
        "--compare",
        "llama_13b,other",
        "--out",
        out.to_str().unwrap(),
        "--resamples",
        "20",
    ];
    let output = fixture.project.command(&arguments).output().unwrap();
    let error = text(&output.stderr);
    assert!(
        error.starts_with("error: no answers of `other` to compare"),
        "{error}"
    );
    assert!(
        error.contains("there are those of llama2_13b, llama_13b"),
        "{error}"
    );
    assert!(!out.exists(), "nothing is written");
}

#[test]
fn two_folders_with_one_model_are_told_apart() {
    let fixture = Fixture::new();
    let second = fixture.project.path("again");
    release(&second);
    let again = second.to_str().unwrap();
    // Without names both are one run, which cannot have answered twice.
    let out = fixture.out();
    let both = [
        "--predictions",
        &fixture.predictions,
        "--predictions",
        again,
    ];
    let arguments = [&["report", "--out", out.to_str().unwrap()], both.as_slice()].concat();
    let output = fixture.project.command(&arguments).output().unwrap();
    let error = text(&output.stderr);
    assert!(
        error.starts_with("error: two files contain llama2_13b on xcopa in en"),
        "{error}"
    );

    fixture.report(&[
        "--predictions",
        &fixture.predictions,
        "--predictions",
        &format!("again={again}"),
    ]);
    let table = fixture.file("tables/accuracy.md");
    assert!(table.contains("| llama\\_13b | xcopa |"), "{table}");
    assert!(table.contains("| again: llama\\_13b | xcopa |"), "{table}");
    let paper = fixture.file("tables/table-5.md");
    assert!(
        paper.contains("ours is of the first that has the model"),
        "{paper}"
    );
}

#[test]
fn a_models_tasks_may_lie_in_several_folders() {
    let fixture = Fixture::new();
    let whole = fixture.project.path("release");
    let part = fixture.project.path("part");
    fs::create_dir(&part).unwrap();
    fs::rename(whole.join("x_copa"), part.join("x_copa")).unwrap();
    fixture.report(&[
        "--predictions",
        &fixture.predictions,
        "--predictions",
        part.to_str().unwrap(),
    ]);
    let table = fixture.file("tables/table-5.csv");
    let rows = csv_rows(&table);
    let english = rows[0].iter().position(|it| it == "en").unwrap();
    let llama = rows.iter().find(|row| row[0] == "LLaMA").unwrap();
    // As in one folder.
    assert!(llama[english].starts_with("77.305"), "{llama:?}");
}

#[test]
fn a_training_that_has_not_ended_is_left_out_with_a_note() {
    let fixture = Fixture::new();
    let begun = fixture.project.path("artifacts/finetune/begun/de-seed0");
    fs::create_dir_all(&begun).unwrap();
    fs::create_dir_all(fixture.project.path("artifacts/predictions")).unwrap();
    fs::rename(
        fixture.project.path("release/x_copa"),
        fixture.project.path("artifacts/predictions/x_copa"),
    )
    .unwrap();
    let output = fixture
        .project
        .command(&["report", "--resamples", "20"])
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("finetune/begun is left out: no training there has ended\n"),
        "{said}"
    );
}
