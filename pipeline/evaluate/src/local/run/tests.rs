#![allow(clippy::unwrap_used)]

use super::*;
use crate::{AnswerReader, RequestOptions, SetQuestions};
use clika_base::templates::load_prompt;
use clika_base::types::{LanguageCode, NoProgress};
use clika_datasets::Task;
use clika_lm::DeviceChoice;
use std::{fs, path::Path};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name)
}

fn model() -> LocalModel {
    LocalModel::load(
        &folder("pipeline/lm/tests/fixtures/llama-tokenizer"),
        "tiny",
        (Some("none"), &folder("templates/formats")),
        &DeviceChoice::Cpu.device().unwrap(),
        None,
        &NoProgress,
    )
    .unwrap()
}

fn prompt() -> EvaluationSettings {
    EvaluationSettings {
        prompt: load_prompt(&folder("templates/prompts"), "paper").unwrap(),
        options: RequestOptions::default(),
        exemplars: None,
    }
}

fn questions(count: usize) -> Vec<Question> {
    let question = |number: usize| Question {
        id: format!("q{number}"),
        cluster_id: format!("c{number}"),
        premise: None,
        // Of different lengths, so that batches are in another order than the items.
        question: format!("Which is it{}?", ", then".repeat(number * 7 % 11)),
        relation: None,
        choices: (0..4)
            .map(|choice| format!("{number} or {choice}"))
            .collect(),
        label: u8::try_from(number % 4).unwrap(),
    };
    (0..count).map(question).collect()
}

fn set(questions: SetQuestions) -> QuestionSet {
    QuestionSet {
        task: Task::named("xgeo").unwrap(),
        language: LanguageCode::try_from("en".to_owned()).unwrap(),
        questions,
        exemplars: String::new(),
        reader: AnswerReader::new(None, None),
    }
}

fn settings(mode: AnswerMode, permute: bool) -> LocalSettings {
    LocalSettings {
        mode,
        spacing: Spacing::Auto,
        permute,
        max_tokens: 4,
        batch_tokens: 200,
    }
}

fn ask(
    model: &LocalModel,
    settings: &LocalSettings,
    questions: SetQuestions,
    kept: &Path,
) -> Result<SetAnswers, EvaluateError> {
    let cache = AnswerCache::open(kept).unwrap();
    let (sets, stop) = ([set(questions)], AtomicBool::new(false));
    let mut answers = evaluate_local(
        model,
        &prompt(),
        settings,
        &sets,
        &cache,
        &stop,
        &NoProgress,
    )?;
    Ok(answers.remove(0))
}

const MODES: [(AnswerMode, bool); 4] = [
    (AnswerMode::Letters, false),
    (AnswerMode::Letters, true),
    (AnswerMode::TextsPerByte, false),
    (AnswerMode::Free, false),
];

#[test]
fn parts_change_nothing_but_the_last_digits() {
    let model = model();
    for (mode, permute) in MODES {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(mode, permute);
        let one = SetQuestions::from(questions(10));
        let parts = one.clone().in_parts_of(3);
        assert_eq!(parts.parts().count(), 4);
        let whole = ask(&model, &settings, one, &folder.path().join("whole")).unwrap();
        let parted = ask(&model, &settings, parts, &folder.path().join("parts")).unwrap();
        assert_eq!(whole.separator, parted.separator);
        let shares = [&whole, &parted].map(|it| it.letters_probability.unwrap_or(0.0));
        assert!((shares[0] - shares[1]).abs() < 1e-6, "{shares:?}");
        assert_eq!(whole.predictions.len(), 10);
        for (mut a, mut b) in whole.predictions.into_iter().zip(parted.predictions) {
            let (x, y) = (a.scores.take(), b.scores.take());
            assert_eq!(x.is_some(), mode != AnswerMode::Free);
            for (x, y) in x.into_iter().flatten().zip(y.into_iter().flatten()) {
                assert!((x - y).abs() < 1e-5, "{x} {y}");
            }
            assert_eq!(a, b);
        }
    }
}

#[test]
fn a_run_that_was_cut_off_anywhere_ends_as_it_would_have() {
    let model = model();
    for (mode, permute) in MODES {
        let folder = tempfile::tempdir().unwrap();
        let (path, settings) = (folder.path().join("kept"), settings(mode, permute));
        let ask = || {
            let parts = SetQuestions::from(questions(7)).in_parts_of(3);
            ask(&model, &settings, parts, &path).unwrap()
        };
        let answers = ask();
        let kept = fs::read(&path).unwrap();
        for cut in [1, kept.len() / 4, kept.len() / 2, kept.len() - 1] {
            fs::write(&path, &kept[..cut]).unwrap();
            assert_eq!(ask(), answers, "cut at {cut}");
            // In the order of the batches, as before.
            assert!(fs::read(&path).unwrap() == kept, "cut at {cut}");
        }
    }
}

#[test]
fn a_prompt_of_a_later_part_that_is_too_long_fails_before_anything_is_asked() {
    let model = model();
    for (mode, permute) in MODES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        let mut questions = questions(7);
        // The model was made for 2,048 tokens.
        questions[6].question = "long ".repeat(1000);
        let parts = SetQuestions::from(questions).in_parts_of(3);
        let error = ask(&model, &settings(mode, permute), parts, &path).unwrap_err();
        assert!(
            matches!(
                error,
                EvaluateError::Lm(LmError::Context { context: 2048, .. })
            ),
            "{error}"
        );
        assert!(AnswerCache::open(&path).unwrap().is_empty());
    }
}
