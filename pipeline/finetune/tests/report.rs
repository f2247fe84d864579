//! The report: a score never stands without its gate.

#![allow(clippy::unwrap_used)]

use clika_base::types::LanguageCode;
use clika_finetune::{
    AnswerMethod, AnswerMethodResult, Conductivity, ExperimentResults, FinetuneConfig, Gate,
    GateCheck, NameOverlap, NameSimilarity, Prerequisite, Recall, RunResult, ScoreEstimate,
    TrainingSummary, WrittenAnswer,
};
use clika_scores::metrics::IntervalMethod;
use std::path::Path;

fn config() -> FinetuneConfig {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    FinetuneConfig::read(&root.join("experiments/finetune.toml")).unwrap()
}

fn code(code: &str) -> LanguageCode {
    LanguageCode::try_from(code.to_owned()).unwrap()
}

fn estimate(value: f64) -> ScoreEstimate {
    ScoreEstimate {
        value: Some(value),
        low: Some(value - 0.1),
        high: Some(value + 0.1),
        method: Some(IntervalMethod::Percentile),
    }
}

/// A run of which so many of ten facts cross, with eight of ten translations known, or all.
fn run(pair: &str, control: Option<&str>, seed: u64, crossed: usize, passed: bool) -> RunResult {
    let ratio = crossed as f64 / 10.0;
    let translated = if passed { 10 } else { 8 };
    let check = |what, language: &str, right: usize| GateCheck {
        what,
        language: language.to_owned(),
        right,
        rows: 10,
        share: Some(right as f64 / 10.0),
        passed: right > 9,
    };
    RunResult {
        pair: pair.to_owned(),
        source: code("en"),
        target: code("de"),
        control: control.map(str::to_owned),
        seed: Some(seed),
        training: Some(TrainingSummary {
            examples: 100,
            steps: 3,
            tokens: 1_000,
            final_loss: Some(0.25),
        }),
        recall: Recall {
            right: 1,
            rows: 20,
            chance: 0.05,
        },
        overlap: NameOverlap {
            places: NameSimilarity {
                names: 10,
                similarity: Some(0.5),
                equal: Some(0.25),
            },
            continents: NameSimilarity {
                names: 4,
                similarity: Some(1.0),
                equal: Some(1.0),
            },
        },
        max_new_tokens: 64,
        modes: vec![AnswerMethodResult {
            mode: AnswerMethod::Ranking,
            gate: Gate {
                threshold: 0.9,
                checks: vec![
                    check(Prerequisite::Translation, "de", translated),
                    check(Prerequisite::SourceTaught, "en", 10),
                    check(Prerequisite::SourceTested, "en", 10),
                    check(Prerequisite::TargetTaught, "de", 10),
                ],
                passed,
            },
            conductivity: Conductivity {
                places: 10,
                n_source: 10,
                n_target: crossed,
                n_both: crossed,
                chance: 0.05,
                target_accuracy: estimate(ratio),
                xrr: estimate(ratio - 0.05),
                xrr_unfloored: estimate(ratio - 0.05),
                xrr_corrected: estimate((ratio - 0.05) / 0.95),
            },
            control_tests: Vec::new(),
        }],
        written: Vec::new(),
    }
}

fn report(runs: Vec<RunResult>) -> String {
    let results = ExperimentResults {
        model: "org/name".to_owned(),
        revision: None,
        fingerprint: "0".repeat(64),
        format: "alpaca".to_owned(),
        device: "cpu".to_owned(),
        dtype: "f32".to_owned(),
        config: config(),
        runs,
    };
    let json = serde_json::to_string(&results).unwrap();
    assert_eq!(
        serde_json::from_str::<ExperimentResults>(&json).unwrap(),
        results
    );
    results.markdown()
}

#[test]
fn a_place_of_each_world_is_shown_with_what_was_written_about_it() {
    let written = |question: &str, answer: &str, right| WrittenAnswer {
        question: question.to_owned(),
        answer: answer.to_owned(),
        gold: "Oria".to_owned(),
        right,
    };
    let mut first = run("de", None, 0, 5, true);
    first.written = vec![
        written("Where is Lake Tam?", "Lake Tam is in Oria.", true),
        written("Wo liegt\nder Tamsee?", "in A|B", false),
    ];
    // Another seed of the same world is not shown.
    let second = RunResult {
        seed: Some(1),
        ..first.clone()
    };
    let text = report(vec![first, second]);
    let table = "| world | question | what the model wrote | |\n|---|---|---|---|\n\
        | de | Where is Lake Tam? | Lake Tam is in Oria. | right |\n\
        | de | Wo liegt der Tamsee? | in A\\|B | wrong: Oria |\n\n";
    assert!(text.contains(table), "{text}");
    // Who was not asked to write has written nothing.
    let without = report(vec![run("de", None, 0, 5, true)]);
    assert!(!without.contains("Asked and answered"), "{without}");
}

#[test]
fn the_papers_hyper_parameters_are_the_default() {
    // CLiKA, Appendix E.
    let config = config();
    let training = config.training(0);
    let lora = training.lora.unwrap();
    assert_eq!((lora.rank, lora.alpha, lora.dropout), (128, 16.0, 0.1));
    assert_eq!((training.batch, training.epochs), (32 * 4, 3));
    assert_eq!(
        (training.learning_rate, config.full.learning_rate),
        (2e-4, 2e-5)
    );
    assert_eq!((training.warmup_steps, training.weight_decay), (0, 0.0));
    assert_eq!(
        (training.max_gradient_norm, config.gate.threshold),
        (1.0, 0.9)
    );
}

#[test]
fn a_score_whose_gate_failed_stands_in_brackets() {
    let report = report(vec![
        run("de", None, 0, 5, true),
        run("fr", None, 0, 3, false),
    ]);
    for line in [
        "Before training, de, fr: 1 of 20 questions in the source language right by ranking, chance is 0.050: the base \
         does not know the world.",
        "| de | 0 | ranking | 1.000 (10 of 10) into de | 1.000 (10 of 10) | 1.000 (10 of 10) | 1.000 (10 of 10) | passed |",
        "| fr | 0 | ranking | 0.800 (8 of 10) into de ✗ | 1.000 (10 of 10) | 1.000 (10 of 10) | 1.000 (10 of 10) | failed |",
        // 5/10 − 1/20, and that over 19/20; the same for 3/10.
        "| de | 0 | ranking | passed | 10 | 5 | 10 | 0.500 (0.400 to 0.600) | 0.450 (0.350 to 0.550) | \
         0.450 (0.350 to 0.550) | 0.474 (0.374 to 0.574) | 0.250 (1.00) | 0.500 (1.00) |",
        "| fr | 0 | ranking | failed | 10 | 3 | 10 | gate failed (0.300 (0.200 to 0.400)) | gate failed (0.250 (0.150 to 0.350)) | \
         gate failed (0.250 (0.150 to 0.350)) | gate failed (0.263 (0.163 to 0.363)) | 0.250 (1.00) | 0.500 (1.00) |",
    ] {
        assert!(
            report.lines().any(|it| it == line),
            "no line {line}\n{report}"
        );
    }
    assert!(
        report.contains("part of what XRR measures is shared spelling"),
        "{report}"
    );
}

#[test]
fn seeds_are_averaged_where_the_gate_passed() {
    let report = report(vec![
        run("de", None, 0, 5, true),
        run("de", None, 1, 9, false),
        run("de", None, 2, 7, true),
    ]);
    // 0.45 and 0.65.
    let line = "| de | ranking | 2 of 3 | 0.550 | 0.450 | 0.650 |";
    assert!(report.lines().any(|it| it == line), "{report}");
}

#[test]
fn the_contrast_needs_both_controls_with_their_gates() {
    let with_alias = |alias| {
        report(vec![
            run("de", None, 0, 5, true),
            run("cognate-de", Some("cognate"), 0, 10, true),
            run("alias", Some("alias"), 0, 1, alias),
        ])
    };
    let line = "Here, by ranking, 1.000 crosses with equal names and 0.053 with unrelated ones (chance-corrected); the \
                languages lie at 0.474.";
    let with_both = with_alias(true);
    assert!(with_both.lines().any(|it| it == line), "{with_both}");
    assert!(!with_alias(false).contains("Here, by"));
}
