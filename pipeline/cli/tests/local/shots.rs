//! Answered items before each one that is asked.

use super::*;
use clika_base::files::sha256_hex;
use clika_base::types::LanguageCode;
use clika_scores::predictions::{Collection, Prediction};

/// A run of the tiny model on xCOPA-mini, with what it said.
fn ask(project: &TestProject, name: &str, options: &[&str]) -> String {
    let model = model();
    let fixed = [
        "evaluate",
        "xcopa-mini",
        "--model",
        &model,
        "--name",
        name,
        "--format",
        "none",
        "--quiet",
    ];
    let output = project.command(&[&fixed[..], options].concat()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stderr)
}

/// What the manifest says of a run in a language.
fn run_of(project: &TestProject, name: &str, language: &str) -> Value {
    let path = format!("artifacts/predictions/{name}/manifest.json");
    let manifest = fs::read_to_string(project.path(&path)).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["config"]["runs"][format!("xcopa-mini/{language}")].clone()
}

fn predictions(project: &TestProject, name: &str, language: &str) -> Vec<Prediction> {
    let folder = project.path("artifacts/predictions");
    let collection = Collection::read_model(&folder, name).unwrap();
    let code = LanguageCode::try_from(language.to_owned()).unwrap();
    let mut found = collection.iter().filter(|(key, _)| key.language == code);
    found.next().unwrap().1.to_vec()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn ids(predictions: &[Prediction]) -> Vec<&str> {
    predictions.iter().map(|it| it.item_id.as_str()).collect()
}

/// An item as the paper's prompt writes it, from the project's own file of items.
fn written(project: &TestProject, language: &str, id: &str, answer: Option<&str>) -> String {
    let file = project.path(&format!("templates/items/xcopa-mini/{language}.jsonl"));
    let lines = fs::read_to_string(file).unwrap();
    let items = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let number: u64 = id.strip_prefix("xcopa-mini-").unwrap().parse().unwrap();
    let item = items.into_iter().find(|item| item["id"] == number).unwrap();
    let part = |name: &str| item[name].as_str().unwrap().to_owned();
    let asked = match part("question").as_str() {
        "cause" => "What was the cause of this?",
        _ => "What happened as a result?",
    };
    let choices = [part("choice1"), part("choice2")];
    let right = usize::try_from(item["label"].as_u64().unwrap()).unwrap();
    let answer = match answer {
        None => String::new(),
        Some("letter") => format!("{}. {}\n\n", ["A", "B"][right], choices[right]),
        Some(_) => format!("{}\n\n", choices[right]),
    };
    let [first, second] = choices;
    format!(
        "Premise:{}\nQuestion:{asked}\nA. {first}\nB. {second}\nAnswer:{answer}",
        part("premise")
    )
}

/// The exemplars of a run as they stand in a prompt.
fn exemplars(project: &TestProject, language: &str, ids: &[String], answer: &str) -> String {
    let written = ids
        .iter()
        .map(|id| written(project, language, id, Some(answer)));
    written.collect()
}

const INSTRUCTION: &str = "Answer the following multiple choice questions by selecting the correct option according to the \
                           Premise.Please choose the correct one from the two options A and B.\n";

#[test]
fn exemplars_are_the_same_items_in_every_language_and_are_not_asked() {
    let project = project();
    for (name, answer, form) in [
        ("letters", "letters", "letter"),
        ("texts", "texts", "text"),
        ("free", "free", "letter"),
    ] {
        let options = ["--shots", "2", "--languages", "en,he", "--answer", answer];
        let limit: &[&str] = if name == "letters" {
            &[]
        } else {
            &["--limit", "3"]
        };
        let said = ask(&project, name, &[&options, limit].concat());
        let run = run_of(&project, name, "en");
        let shown = texts(&run["exemplars"]["ids"]);
        assert_eq!(shown.len(), 2);
        assert_eq!(run["shots"], json!({ "count": 2, "seed": 0 }));
        assert_eq!(run["exemplars"], run_of(&project, name, "he")["exemplars"]);
        for language in ["en", "he"] {
            let answers = predictions(&project, name, language);
            let all: Vec<String> = (1..=60)
                .map(|number| format!("xcopa-mini-{number}"))
                .collect();
            if limit.is_empty() {
                let asked: Vec<&String> = all.iter().filter(|id| !shown.contains(id)).collect();
                assert_eq!(ids(&answers), asked);
                assert!(said.contains(
                    "note: xcopa-mini: set aside in every language and not asked: 2 as exemplars, 0 for a cluster"
                ), "{said}");
            } else {
                assert_eq!(ids(&answers), all[..3]);
                assert!(!said.contains("set aside"), "{said}");
            }
            let before = INSTRUCTION.to_owned() + &exemplars(&project, language, &shown, form);
            for answer in &answers {
                let prompt = before.clone() + &written(&project, language, &answer.item_id, None);
                assert_eq!(
                    answer.prompt_sha256,
                    Some(sha256_hex(prompt)),
                    "{}",
                    answer.item_id
                );
            }
        }
        let mut aside = texts(&run["exemplars"]["set_aside"]);
        let mut expected = if limit.is_empty() { shown } else { Vec::new() };
        aside.sort();
        expected.sort();
        assert_eq!(aside, expected);
    }
}

#[test]
fn both_questions_of_a_person_are_set_aside() {
    let project = project();
    project.run(&["datasets", "xpeo"]);
    let model = model();
    let options = [
        "--shots",
        "3",
        "--shots-seed",
        "5",
        "--languages",
        "ar",
        "--json",
        "--quiet",
    ];
    let said = project.run(&[&["evaluate", "xpeo", "--model", &model], &options[..]].concat());
    let said: Value = serde_json::from_str(&said).unwrap();
    let shown = texts(&said["exemplars"]["xpeo"]["ids"]);
    let people: Vec<&str> = shown
        .iter()
        .map(|id| id.rsplit_once('-').unwrap().0)
        .collect();
    let mut aside = texts(&said["exemplars"]["xpeo"]["set_aside"]);
    let mut expected: Vec<String> = people
        .iter()
        .flat_map(|person| [format!("{person}-birth"), format!("{person}-death")])
        .collect();
    aside.sort();
    expected.sort();
    assert_eq!(aside, expected, "three people with two questions each");
    assert_eq!(said["scores"][0]["items"], 174);
    assert_eq!(said["run"]["shots"], json!({ "count": 3, "seed": 5 }));
}

#[test]
fn kept_answers_are_those_of_the_same_exemplars() {
    let project = project();
    let kept = || {
        let files = program::files(&project.path("artifacts/cache/models"));
        // The first line names the form of the file.
        let answers = files
            .iter()
            .map(|(_, content)| text(content).lines().count() - 1);
        answers.sum::<usize>()
    };
    for (name, options, expected) in [
        ("zero", &[][..], 4),
        ("two", &["--shots", "2"], 8),
        ("again", &["--shots", "2", "--shots-seed", "0"], 8),
        ("other", &["--shots", "2", "--shots-seed", "3"], 12),
        ("none", &["--shots", "0"], 12),
    ] {
        ask(
            &project,
            name,
            &[&["--languages", "en", "--limit", "4"], options].concat(),
        );
        assert_eq!(kept(), expected, "{name}");
    }
    let file = |name: &str| {
        fs::read(project.path(&format!(
            "artifacts/predictions/{name}/xcopa-mini/en.parquet"
        )))
        .unwrap()
    };
    assert_eq!(file("zero"), file("none"));
    assert_eq!(file("two"), file("again"));
    let run = run_of(&project, "none", "en");
    assert_eq!(run, run_of(&project, "zero", "en"));
    assert!(
        run.get("shots").is_none() && run.get("exemplars").is_none(),
        "{run}"
    );
}

#[test]
fn one_name_is_asked_after_the_same_exemplars() {
    let project = project();
    let model = model();
    let refused = |name: &str, options: &[&str]| {
        let fixed = [
            "evaluate", "--model", &model, "--name", name, "--format", "none", "--quiet",
        ];
        project.fail(&[&fixed[..], &["--languages", "de", "--limit", "4"], options].concat())
    };
    ask(&project, "zero", &["--languages", "en", "--limit", "4"]);
    let error = refused("zero", &["--shots", "2"]);
    assert!(
        error.contains("`shots` is none and `{\"count\":2,\"seed\":0}`"),
        "{error}"
    );
    ask(
        &project,
        "two",
        &["--languages", "en", "--limit", "4", "--shots", "2"],
    );
    let error = refused("two", &[]);
    assert!(
        error.contains("`shots` is `{\"count\":2,\"seed\":0}` and none"),
        "{error}"
    );
    let error = refused("two", &["--shots", "2", "--shots-seed", "1"]);
    assert!(
        error.contains("`shots` is `{\"count\":2,\"seed\":0}` and `{\"count\":2,\"seed\":1}`"),
        "{error}"
    );
}

#[test]
fn items_that_one_run_set_aside_are_not_compared_and_are_named() {
    let project = project();
    ask(&project, "zero", &["--languages", "en,he"]);
    ask(&project, "two", &["--languages", "en,he", "--shots", "2"]);
    ask(&project, "few", &["--languages", "en", "--limit", "5"]);
    let mut aside = texts(&run_of(&project, "two", "en")["exemplars"]["set_aside"]);
    aside.sort();
    let folder = |name: &str| {
        project
            .path(&format!("artifacts/predictions/{name}"))
            .display()
            .to_string()
    };
    let shared = project.path("both");
    for name in ["zero", "two"] {
        for (path, content) in program::files(Path::new(&folder(name))) {
            let path = shared.join(name).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    let shared = shared.display().to_string();
    for runs in [
        [&folder("zero"), &folder("two")],
        [&"zero".to_owned(), &"two".to_owned()],
    ] {
        let arguments = [
            "compare",
            runs[0],
            runs[1],
            "--predictions",
            &shared,
            "--resamples",
            "10",
        ];
        let said: Value =
            serde_json::from_str(&project.run(&[&arguments[..], &["--json"]].concat())).unwrap();
        assert_eq!(
            said["left_out"],
            json!([{ "task": "xcopa-mini", "items": aside }])
        );
        assert_eq!(
            said["other_shots"],
            json!(["no exemplars", "2 exemplars, seed 0"])
        );
        for row in 0..2 {
            assert_eq!(said["rows"][row]["n"], 58);
        }
        let said = project.run(&arguments);
        assert!(
            said.contains("Asked in two ways: ")
                && said.contains("after no exemplars, ")
                && said.contains("after 2 exemplars, seed 0.\n")
                && said.contains("set them aside for its exemplars:\n\n- xcopa-mini: 2\n"),
            "{said}"
        );
    }
    // A run that asked fewer for another reason is refused as before.
    let error = project.fail(&["compare", &folder("few"), &folder("two")]);
    assert!(error.contains(" is in one only"), "{error}");
    let arguments = [
        "reproduce",
        "--predictions",
        &shared,
        "--resamples",
        "10",
        "--json",
    ];
    let report: Value = serde_json::from_str(&project.run(&arguments)).unwrap();
    let notices = report["notices"].to_string();
    assert!(
        notices.contains("2 items of xcopa-mini are left out of every file, because a run set them aside for its exemplars")
            && notices.contains("two was asked after 2 exemplars, seed 0"),
        "{notices}"
    );
}

#[test]
fn more_exemplars_than_there_are_items_or_tokens_are_refused() {
    let project = project();
    let model = model();
    let evaluate = [
        "evaluate",
        "--model",
        &model,
        "--format",
        "none",
        "--languages",
        "en",
        "--quiet",
    ];
    let error = project.fail(&[&evaluate[..], &["--shots", "60"]].concat());
    assert!(
        error.starts_with(
            "error: xcopa-mini has 60 items, of which 59 can be shown as answered while one is left to ask: --shots 60 is too \
             many\nhint: --shots 59 is the most that xcopa-mini has items for"
        ),
        "{error}"
    );
    let error = project.fail(&[&evaluate[..], &["--shots", "20", "--limit", "2"]].concat());
    assert!(
        error.contains("tokens, but the model's context is 2048\nhint: use fewer --shots"),
        "{error}"
    );
    let error = project.fail(&["export", "llama-factory", "--shots", "2"]);
    assert!(
        error.starts_with("error: --shots is not for llama-factory: "),
        "{error}"
    );
    let error = project.fail(&["export", "lm-eval", "--shots", "60"]);
    assert!(error.contains("--shots 59 is the most"), "{error}");
    for command in [&evaluate[..], &["export", "lm-eval"]] {
        let output = project
            .command(&[command, &["--shots-seed", "1"]].concat())
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains("--shots <K>"),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn an_export_shows_the_exemplars_of_evaluate() {
    let project = project();
    ask(
        &project,
        "two",
        &["--languages", "en,he", "--shots", "2", "--shots-seed", "4"],
    );
    let run = run_of(&project, "two", "en");
    let shown = texts(&run["exemplars"]["ids"]);
    let arguments = [
        "export",
        "lm-eval",
        "--shots",
        "2",
        "--shots-seed",
        "4",
        "--json",
    ];
    let said: Value = serde_json::from_str(&project.run(&arguments)).unwrap();
    let folder = project.path("artifacts/exports/lm-eval");
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["config"]["shots"], run["shots"]);
    assert_eq!(
        manifest["config"]["exemplars"]["xcopa-mini"],
        run["exemplars"]
    );
    for language in ["en", "he"] {
        assert_eq!(said["entries"][format!("clika_xcopa-mini_{language}")], 58);
        let yaml = fs::read_to_string(folder.join(format!("xcopa-mini/{language}.yaml"))).unwrap();
        let line = yaml
            .lines()
            .find_map(|line| line.strip_prefix("doc_to_text: "))
            .unwrap();
        let text: String = serde_json::from_str(line).unwrap();
        let before = INSTRUCTION.to_owned() + &exemplars(&project, language, &shown, "letter");
        assert!(
            text.starts_with(&(before + "Premise:{{premise}}\n")),
            "{text}"
        );
        assert!(!text.contains("The sky turns dark."), "{text}");
    }
    let without: Value =
        serde_json::from_str(&project.run(&["export", "lm-eval", "--json"])).unwrap();
    assert_eq!(without["entries"]["clika_xcopa-mini_he"], 60);
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(
        !manifest.contains("shots") && !manifest.contains("exemplars"),
        "{manifest}"
    );
}
