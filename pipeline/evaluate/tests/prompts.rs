//! The paper's prompts, byte for byte as the authors recorded them.

#![allow(clippy::unwrap_used, clippy::explicit_write)]

use clika_base::templates::{AnswerForm, load_prompt, prompt_names};
use clika_base::types::LanguageCode;
use clika_datasets::ShotPlan;
use clika_datasets::Task;
use clika_evaluate::{AnswerReader, EvaluationSettings, Question, QuestionSet, RequestOptions};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What an `input` of the release asks: premise, question, choices.
fn parts(input: &str) -> (Option<String>, String, Vec<String>) {
    let item = match input.rfind("\nPremise:").or(input.rfind("\nQuestion:")) {
        Some(start) => &input[start + 1..],
        None => input,
    };
    let item = item.strip_suffix("\nAnswer:").unwrap();
    let (premise, rest) = match item.strip_prefix("Premise:") {
        Some(rest) => {
            let (premise, rest) = rest.split_once("\nQuestion:").unwrap();
            (Some(premise.to_owned()), rest)
        }
        None => (None, item.strip_prefix("Question:").unwrap()),
    };
    let (question, lines) = rest.split_once("\nA. ").unwrap();
    let mut choices = Vec::new();
    let mut lines = lines;
    for letter in 'B'..='E' {
        match lines.split_once(&format!("\n{letter}. ")) {
            Some((choice, rest)) => {
                choices.push(choice.to_owned());
                lines = rest;
            }
            None => break,
        }
    }
    choices.push(lines.to_owned());
    (premise, question.to_owned(), choices)
}

#[test]
fn the_papers_prompts_equal_the_recorded_inputs() {
    let release = root().join("../shared/reference/CLiKA");
    if !release.exists() {
        writeln!(std::io::stderr(), "SKIPPED: no {}", release.display()).unwrap();
        return;
    }
    let mut compared = 0;
    for (folder, prompt, file) in [
        (
            "x_copa/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_copa/he",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_csqa/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_csqa/ZH_trans",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_geo/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_geo/ru",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_name/en",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        (
            "x_name/ja",
            "paper",
            "llama_13b_res_bf16_add_simple_example.jsonl",
        ),
        ("x_copa/en", "paper-zero-shot", "chatgpt_res.jsonl"),
        ("x_geo/en", "paper-zero-shot", "chatgpt_res.jsonl"),
        ("x_name/ja", "paper-zero-shot", "chatgpt_res.jsonl"),
    ] {
        let template = load_prompt(&root().join("templates/prompts"), prompt).unwrap();
        let lines = fs::read_to_string(release.join(folder).join(file)).unwrap();
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let input = record["input"].as_str().unwrap();
            let (premise, question, choices) = parts(input);
            let kind = match premise {
                Some(_) => &template.premise,
                None => &template.question,
            };
            let relation = match question.as_str() {
                "What was the cause of this?" => Some("cause"),
                "What happened as a result?" => Some("effect"),
                _ => None,
            };
            // The dataset's own question is not asked where the paper asks in English.
            let asked = relation.map_or(question.as_str(), |_| "?");
            let ours = kind.render(premise.as_deref(), asked, relation, &choices);
            assert_eq!(ours, input, "{folder}");
            compared += 1;
        }
    }
    // 3 × 500 + 2 × 1000 + 3 × 200 + 3 × 180
    assert_eq!(compared, 4640);
}

#[test]
fn every_template_is_read_and_an_unknown_one_is_named() {
    let folder = root().join("templates/prompts");
    let names = prompt_names(&folder).unwrap();
    assert!(names.len() >= 3, "{names:?}");
    for name in &names {
        assert!(
            !load_prompt(&folder, name).unwrap().description.is_empty(),
            "{name}"
        );
    }
    let error = load_prompt(&folder, "papre").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no prompt template `papre`; there are paper, paper-zero-shot, plain"
    );
}

#[test]
fn a_template_without_a_place_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("templates/prompts/plain.toml")).unwrap();
    fs::write(
        folder.path().join("mine.toml"),
        text.replacen("{choices}", "", 1),
    )
    .unwrap();
    let error = load_prompt(folder.path(), "mine").unwrap_err().to_string();
    assert!(
        error.starts_with("`question.item` has `{choices}` 0 times\n"),
        "{error}"
    );
    assert!(error.ends_with("mine.toml:7"), "{error}");
}

fn question(id: &str, question: &str, choices: [&str; 4], label: u8) -> Question {
    Question {
        id: id.to_owned(),
        cluster_id: id.to_owned(),
        premise: None,
        question: question.to_owned(),
        relation: Some("birth".to_owned()),
        choices: choices.map(str::to_owned).to_vec(),
        label,
    }
}

fn premise(id: &str, texts: [&str; 4], relation: &str, label: u8) -> Question {
    let [premise, question, first, second] = texts.map(str::to_owned);
    Question {
        id: id.to_owned(),
        cluster_id: id.to_owned(),
        premise: Some(premise),
        question,
        relation: Some(relation.to_owned()),
        choices: vec![first, second],
        label,
    }
}

fn english() -> Vec<Question> {
    vec![
        question("asked", "When?", ["1", "2", "3", "4"], 0),
        question(
            "marie",
            "In what year was Marie Curie born?",
            ["1871", "1869", "1867", "1865"],
            2,
        ),
        question(
            "brace",
            "Is {choices} a place?",
            ["{letter}", "no", "{choice}", "I"],
            0,
        ),
    ]
}

fn hebrew() -> Vec<Question> {
    vec![
        premise(
            "asked",
            [
                "ירד גשם.",
                "מה קרה כתוצאה מכך?",
                "הכביש נרטב.",
                "הכביש התייבש.",
            ],
            "effect",
            0,
        ),
        premise(
            "tea",
            [
                "המים רתחו.",
                "מה הייתה הסיבה לכך?",
                "הקומקום היה כבוי.",
                "הקומקום פעל.",
            ],
            "cause",
            1,
        ),
        premise(
            "light",
            [
                "האור כבה.",
                "מה קרה כתוצאה מכך?",
                "החדר החשיך.",
                "החדר התחמם.",
            ],
            "effect",
            0,
        ),
    ]
}

/// The prompt of the item `asked` after exemplars.
fn few_shot(
    prompt: &str,
    questions: &[Question],
    exemplars: [&str; 2],
    form: AnswerForm,
) -> String {
    let settings = EvaluationSettings {
        prompt: load_prompt(&root().join("templates/prompts"), prompt).unwrap(),
        options: RequestOptions::default(),
        exemplars: Some(form),
    };
    let plan = ShotPlan {
        ids: exemplars.map(str::to_owned).to_vec(),
        set_aside: Vec::new(),
        shared_clusters: Vec::new(),
    };
    let set = QuestionSet {
        task: Task::named("xgeo").unwrap(),
        language: LanguageCode::try_from("he".to_owned()).unwrap(),
        questions: Vec::new().into(),
        exemplars: plan.text(questions, &settings.prompt, form).unwrap(),
        reader: AnswerReader::new(None, None),
    };
    settings.render(&set, &questions[0])
}

#[test]
fn exemplars_are_written_as_the_papers_own_example_and_stand_in_its_place() {
    let exemplars = ["marie", "brace"];
    assert_eq!(
        few_shot("paper", &english(), exemplars, AnswerForm::Letter),
        "The following are multiple choice questions. Please choose the most reasonable one from the following options.\n\
         Question:In what year was Marie Curie born?\nA. 1871\nB. 1869\nC. 1867\nD. 1865\nAnswer:C. 1867\n\
         Question:Is {choices} a place?\nA. {letter}\nB. no\nC. {choice}\nD. I\nAnswer:A. {letter}\n\
         Question:When?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:"
    );
    let hebrew = hebrew();
    let instruction = "Answer the following multiple choice questions by selecting the correct option according to the \
                       Premise.Please choose the correct one from the two options A and B.\n";
    assert_eq!(
        few_shot("paper", &hebrew, ["light", "tea"], AnswerForm::Letter),
        instruction.to_owned()
            + "Premise:האור כבה.\nQuestion:What happened as a result?\nA. החדר החשיך.\nB. החדר התחמם.\nAnswer:A. החדר החשיך.\n\n"
            + "Premise:המים רתחו.\nQuestion:What was the cause of this?\nA. הקומקום היה כבוי.\nB. הקומקום פעל.\nAnswer:B. הקומקום פעל.\n\n"
            + "Premise:ירד גשם.\nQuestion:What happened as a result?\nA. הכביש נרטב.\nB. הכביש התייבש.\nAnswer:"
    );
}

#[test]
fn exemplars_of_the_plain_prompt_answer_with_the_letter_in_the_items_language() {
    assert_eq!(
        few_shot("plain", &english(), ["marie", "brace"], AnswerForm::Letter),
        "In what year was Marie Curie born?\nA. 1871\nB. 1869\nC. 1867\nD. 1865\nAnswer: C\n\n\
         Is {choices} a place?\nA. {letter}\nB. no\nC. {choice}\nD. I\nAnswer: A\n\n\
         When?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:"
    );
    assert_eq!(
        few_shot("plain", &hebrew(), ["tea", "light"], AnswerForm::Letter),
        "המים רתחו. מה הייתה הסיבה לכך?\nA. הקומקום היה כבוי.\nB. הקומקום פעל.\nAnswer: B\n\n\
         האור כבה. מה קרה כתוצאה מכך?\nA. החדר החשיך.\nB. החדר התחמם.\nAnswer: A\n\n\
         ירד גשם. מה קרה כתוצאה מכך?\nA. הכביש נרטב.\nB. הכביש התייבש.\nAnswer:"
    );
}

#[test]
fn exemplars_answer_with_the_text_where_texts_are_scored() {
    let paper = few_shot("paper", &hebrew(), ["tea", "light"], AnswerForm::Text);
    assert!(
        paper.contains("\nAnswer:הקומקום פעל.\n\nPremise:האור"),
        "{paper}"
    );
    assert!(
        paper.contains("\nAnswer:החדר החשיך.\n\nPremise:ירד"),
        "{paper}"
    );
    let plain = few_shot("plain", &english(), ["brace", "marie"], AnswerForm::Text);
    assert!(
        plain.contains("\nAnswer: {letter}\n\nIn what year"),
        "{plain}"
    );
    assert!(plain.contains("\nAnswer: 1867\n\nWhen?"), "{plain}");
    let zero = few_shot(
        "paper-zero-shot",
        &english(),
        ["brace", "marie"],
        AnswerForm::Letter,
    );
    assert!(
        zero.starts_with("The following is a multiple choice question.")
            && zero.contains("\nAnswer:A. {letter}\nQuestion:In what year")
            && zero.contains("\nAnswer:C. 1867\nQuestion:When?"),
        "{zero}"
    );
}

#[test]
fn a_prompt_that_shows_no_answer_has_no_form_for_exemplars() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("templates/prompts/plain.toml")).unwrap();
    let answered = "answered = \"{letter}\\n\\n\"\n";
    assert_eq!(text.matches(answered).count(), 2);
    fs::write(folder.path().join("mine.toml"), text.replace(answered, "")).unwrap();
    let prompt = load_prompt(folder.path(), "mine").unwrap();
    let plan = ShotPlan {
        ids: vec!["marie".to_owned()],
        set_aside: Vec::new(),
        shared_clusters: Vec::new(),
    };
    let error = plan
        .text(&english(), &prompt, AnswerForm::Letter)
        .unwrap_err();
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(error.to_string().contains("--shots has no form"), "{error}");
    assert!(
        help.contains(r#"answered = "{letter}. {choice}\n""#),
        "{help}"
    );
    for (written, said) in [
        ("{choice}\\n", "`question.answered` is \"{choice}\\n\""),
        ("{letter}", "`question.answered` is \"{letter}\""),
    ] {
        let changed = text.replacen("{letter}\\n\\n", written, 1);
        fs::write(folder.path().join("mine.toml"), changed).unwrap();
        let error = load_prompt(folder.path(), "mine").unwrap_err().to_string();
        assert!(
            error.starts_with(said) && error.ends_with("mine.toml:11"),
            "{error}"
        );
    }
    let paper = fs::read_to_string(root().join("templates/prompts/paper.toml")).unwrap();
    let changed = paper.replacen(
        "separator = \"\"",
        "separator = \"\"\nanswered = \"{letter}\\n\"",
        1,
    );
    fs::write(folder.path().join("mine.toml"), changed).unwrap();
    let error = load_prompt(folder.path(), "mine").unwrap_err().to_string();
    assert!(
        error.contains(r#"and an example shows "{letter}. {choice}\n""#),
        "{error}"
    );
}
