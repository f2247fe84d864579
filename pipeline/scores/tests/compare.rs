//! Two models on the same items, worked out by hand.

#![allow(clippy::unwrap_used)]

use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_scores::metrics::{Answer, IntervalMethod};
use clika_scores::predictions::{Collection, Prediction, PredictionKey};
use clika_scores::report::{ComparedRun, IntervalKind, ReportError, Uncertainty, compare};
use serde_json::json;

const UNCERTAINTY: Uncertainty = Uncertainty {
    resamples: 2_000,
    seed: 1,
    level: 0.95,
    interval: IntervalKind::Percentile,
};

/// One model's answers to items whose right choice is A.
fn run(model: &str, answers: &[(&str, &str)]) -> Collection {
    let mut collection = Collection::default();
    for (language, answers) in answers {
        let predictions = answers
            .chars()
            .enumerate()
            .map(|(item, letter)| Prediction {
                item_id: format!("item {item}"),
                cluster_id: format!("item {item}"),
                scores: None,
                answer: if letter == 'A' {
                    Answer::Choice(0)
                } else {
                    Answer::Choice(1)
                },
                response: None,
                label: 0,
                item_sha256: None,
                prompt_sha256: None,
            });
        let key = PredictionKey {
            model: model.to_owned(),
            task: Task::named("xcopa").unwrap(),
            language: LanguageCode::try_from((*language).to_owned()).unwrap(),
        };
        collection.insert(key, predictions.collect());
    }
    collection
}

#[test]
fn differences_and_tests_by_hand() {
    let a = run("a", &[("de", "AAAAAAAB"), ("zh", "AAAABBBB")]);
    let b = run("b", &[("de", "ABBBBBBB"), ("zh", "AAAABBBB"), ("ja", "A")]);
    let comparison = compare(
        ComparedRun::new(&a, "a"),
        ComparedRun::new(&b, "b"),
        &UNCERTAINTY,
    )
    .unwrap();
    assert_eq!(comparison.rows.len(), 2, "ja is in one only");
    let [unshared] = &comparison.unshared[..] else {
        panic!("{:?}", comparison.unshared)
    };
    assert_eq!(
        (
            unshared.run.as_str(),
            unshared.task,
            unshared.language.as_str()
        ),
        ("b", Task::named("xcopa").unwrap(), "ja")
    );
    assert!(comparison.markdown().ends_with("\n- b: xcopa in ja\n"));
    let [german, chinese] = &comparison.rows[..] else {
        panic!()
    };
    assert_eq!(
        (german.accuracy_a, german.accuracy_b),
        (Some(0.875), Some(0.125))
    );
    assert_eq!(german.difference, Some(0.75));
    assert_eq!((german.only_a, german.only_b), (6, 0));
    // Two-sided exact binomial: 2 · (1/2)⁶.
    assert!((german.mcnemar_p - 0.03125).abs() < 1e-12);
    assert!(german.low.unwrap() > 0.0 && german.high.unwrap() <= 1.0);
    assert_eq!((chinese.difference, chinese.mcnemar_p), (Some(0.0), 1.0));
    assert_eq!(
        (chinese.bootstrap_p, chinese.holm_p),
        (Some(1.0), Some(1.0))
    );
    // Holm over two tests: the smaller p counts twice.
    assert!((german.holm_p.unwrap() - 2.0 * german.bootstrap_p.unwrap()).abs() < 1e-12);
}

#[test]
fn the_kind_of_interval_is_obeyed() {
    // 55 of 200 items differ, more in one direction: a skewed distribution.
    let both = "A".repeat(145);
    let a = run(
        "a",
        &[("de", &(both.clone() + &"A".repeat(44) + &"B".repeat(11)))],
    );
    let b = run("b", &[("de", &(both + &"B".repeat(44) + &"A".repeat(11)))]);
    let interval = |interval| {
        let uncertainty = Uncertainty {
            interval,
            ..UNCERTAINTY
        };
        let (a, b) = (ComparedRun::new(&a, "a"), ComparedRun::new(&b, "b"));
        let row = compare(a, b, &uncertainty).unwrap().rows.remove(0);
        assert!(
            row.low < row.difference && row.difference < row.high,
            "{row:?}"
        );
        (row.low, row.high, row.bootstrap_p, row.method)
    };
    let (percentile, bca) = (
        interval(IntervalKind::Percentile),
        interval(IntervalKind::Bca),
    );
    assert_ne!((percentile.0, percentile.1), (bca.0, bca.1));
    assert_eq!(percentile.2, bca.2);
    let methods = [IntervalMethod::Percentile, IntervalMethod::Bca].map(Some);
    assert_eq!([percentile.3, bca.3], methods);
}

#[test]
fn the_p_is_that_of_the_interval_where_resamples_say_nothing() {
    // One item, a few, all of one kind: resamples alone give a p of 2 / (B + 1) for the first.
    for (ours, theirs) in [
        ("A", "B"),
        ("AA", "BB"),
        ("AAAAAAAA", "BAAAAAAA"),
        ("AAAAAAAA", "BBBBBBBB"),
        ("AAAAAAAAAAAAAAAAAAAA", "BBBBBAAAAAAAAAAAAAAA"),
        ("AAAA", "AAAA"),
    ] {
        let (a, b) = (run("a", &[("de", ours)]), run("b", &[("de", theirs)]));
        let (a, b) = (ComparedRun::new(&a, "a"), ComparedRun::new(&b, "b"));
        let row = compare(a, b, &UNCERTAINTY).unwrap().rows.remove(0);
        assert_eq!(row.method, Some(IntervalMethod::Mover), "{row:?}");
        let leaves_out = row.low.unwrap() > 0.0 || row.high.unwrap() < 0.0;
        let p = row.bootstrap_p.unwrap();
        assert_eq!(leaves_out, p < 1.0 - UNCERTAINTY.level, "{row:?}");
        // Nobody is sure of one or two items: McNemar's exact p is 1 and .5.
        assert!(ours.len() > 2 || p > 0.1, "{row:?}");
        assert!((0.0..=1.0).contains(&p));
    }
}

#[test]
fn models_that_agree_throughout_may_differ() {
    let (a, b) = (
        run("a", &[("de", &"A".repeat(20))]),
        run("b", &[("de", &"A".repeat(20))]),
    );
    for interval in [IntervalKind::Percentile, IntervalKind::Bca] {
        let uncertainty = Uncertainty {
            interval,
            ..UNCERTAINTY
        };
        let (a, b) = (ComparedRun::new(&a, "a"), ComparedRun::new(&b, "b"));
        let comparison = compare(a, b, &uncertainty).unwrap();
        let row = &comparison.rows[0];
        // 0 of 20 differ: 1 − .025^(1/20) = .1684 of all may, in either direction.
        let end = 1.0 - 0.025_f64.powf(1.0 / 20.0);
        assert!((row.high.unwrap() - end).abs() < 1e-9 && (row.low.unwrap() + end).abs() < 1e-9);
        assert_eq!(
            (row.difference, row.method),
            (Some(0.0), Some(IntervalMethod::Mover))
        );
        assert!(
            comparison
                .markdown()
                .contains("| 0.000 | -0.168 to 0.168 |")
        );
    }
}

#[test]
fn swapping_the_models_swaps_the_signs() {
    let a = run("a", &[("de", "AABAAABAAB")]);
    let b = run("b", &[("de", "ABBABABAAA")]);
    let (a, b) = (ComparedRun::new(&a, "a"), ComparedRun::new(&b, "b"));
    let there = &compare(a, b, &UNCERTAINTY).unwrap().rows[0];
    let back = &compare(b, a, &UNCERTAINTY).unwrap().rows[0];
    assert_eq!(
        there.difference,
        back.difference.map(|difference| -difference)
    );
    assert_eq!(there.mcnemar_p, back.mcnemar_p);
    assert_eq!(there.bootstrap_p, back.bootstrap_p);
    let opposite = |end: Option<f64>, other: Option<f64>| {
        assert!(
            (end.unwrap() + other.unwrap()).abs() < 1e-12,
            "{end:?} {other:?}"
        );
    };
    opposite(there.low, back.high);
    opposite(there.high, back.low);
    assert_eq!((there.only_a, there.only_b), (back.only_b, back.only_a));
}

#[test]
fn other_clusters_are_other_items() {
    let a = run("a", &[("de", "AA")]);
    let mut b = Collection::default();
    for (key, predictions) in run("a", &[("de", "AA")]).iter() {
        let mut predictions = predictions.to_vec();
        predictions[1].cluster_id = "item 0".to_owned();
        b.insert(key.clone(), predictions);
    }
    let error = compare(
        ComparedRun::new(&a, "a"),
        ComparedRun::new(&b, "a"),
        &UNCERTAINTY,
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("item item 1 is in cluster `item 1` of the one, in `item 0` of the other"),
        "{error}"
    );
}

#[test]
fn labels_tell_runs_of_one_model_apart_and_are_escaped() {
    let a = run("m", &[("de", "AA")]);
    let named = |label| ComparedRun {
        label,
        ..ComparedRun::new(&a, "m")
    };
    let comparison = compare(named("x|1"), named("y"), &UNCERTAINTY).unwrap();
    assert_eq!((comparison.a.as_str(), comparison.b.as_str()), ("x|1", "y"));
    assert!(comparison.markdown().contains("| x\\|1 | y | difference |"));
}

#[test]
fn other_items_and_nothing_shared_are_errors() {
    let long = run("a", &[("de", "AAB")]);
    let short = run("b", &[("de", "AA")]);
    let other = run("c", &[("zh", "AA")]);
    let runs = [(&long, "a"), (&short, "b"), (&other, "c")]
        .map(|(collection, model)| ComparedRun::new(collection, model));
    let error = compare(runs[0], runs[1], &UNCERTAINTY)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("item item 2 is in one only"), "{error}");
    let error = compare(runs[0], runs[2], &UNCERTAINTY).unwrap_err();
    assert!(matches!(error, ReportError::NothingShared { .. }));
}

/// The same answers, to questions with this hash.
fn asked(collection: &Collection, hash: &str) -> Collection {
    let mut hashed = Collection::default();
    for (key, predictions) in collection.iter() {
        let mut predictions = predictions.to_vec();
        for prediction in &mut predictions {
            prediction.item_sha256 = Some(hash.to_owned());
        }
        hashed.insert(key.clone(), predictions);
    }
    hashed
}

#[test]
fn answers_to_other_questions_are_not_compared_and_unknown_ones_are_named() {
    let (plain_a, plain_b) = (run("a", &[("de", "AAB")]), run("b", &[("de", "ABB")]));
    let compared = |a: &Collection, b: &Collection| {
        compare(
            ComparedRun::new(a, "a"),
            ComparedRun::new(b, "b"),
            &UNCERTAINTY,
        )
    };
    let (a, b) = (asked(&plain_a, "one"), asked(&plain_b, "one"));
    let same = compared(&a, &b).unwrap();
    assert!(same.unverified.is_empty());
    assert!(!same.markdown().contains("unverified"));
    let error = compared(&a, &asked(&plain_b, "two"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(
            "xcopa in `de`: a and b have different items: item item 0 is another question"
        ) && error.ends_with("the two answered other versions of the dataset"),
        "{error}"
    );
    let unknown = compared(&a, &plain_b).unwrap();
    assert_eq!(unknown.unverified, ["b"]);
    assert!(
        unknown
            .markdown()
            .contains("\nunverified: b: recorded without hashes"),
        "{}",
        unknown.markdown()
    );
    assert_eq!(compared(&plain_a, &plain_b).unwrap().unverified, ["a", "b"]);
    // Of versions without hashes the dataset may be known.
    let on = |collection: &Collection, dataset: &str| {
        let mut described = collection.clone();
        for (key, _) in collection.iter() {
            described.describe(key.clone(), json!({ "dataset": dataset }));
        }
        described
    };
    assert!(compared(&on(&plain_a, "one"), &on(&plain_b, "one")).is_ok());
    let error = compared(&on(&plain_a, "one"), &on(&plain_b, "two")).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("on other versions of the dataset"),
        "{error}"
    );
    assert!(
        compared(&on(&a, "one"), &on(&b, "two")).is_ok(),
        "the hashes are equal"
    );
}

#[test]
fn answers_that_were_scored_in_other_ways_are_compared_and_named() {
    let scored = |model: &str, run_config: serde_json::Value| {
        let mut collection = run(model, &[("de", "AAB")]);
        let keys: Vec<_> = collection.iter().map(|(key, _)| key.clone()).collect();
        for key in keys {
            collection.describe(key, run_config.clone());
        }
        collection
    };
    let compared = |a: &Collection, b: &Collection| {
        compare(
            ComparedRun::new(a, "a"),
            ComparedRun::new(b, "b"),
            &UNCERTAINTY,
        )
    };
    let a = scored("a", json!({ "scoring_version": 2 }));
    let same = compared(&a, &scored("b", json!({ "scoring_version": 2 }))).unwrap();
    assert!(same.other_scoring.is_empty());
    assert!(!same.markdown().contains("Scored by"));
    for (config, version, said) in [
        (
            json!({ "scoring_version": 3 }),
            Some(3),
            "scoring_version 2 and 3",
        ),
        (json!({}), None, "scoring_version 2 and not recorded"),
    ] {
        let other = compared(&a, &scored("b", config)).unwrap();
        assert_eq!(
            (other.other_scoring[0].a, other.other_scoring[0].b),
            (Some(2), version)
        );
        let said = format!("\n- xcopa in de: {said}\n");
        assert!(other.markdown().contains(&said), "{}", other.markdown());
    }
    // Imported answers have no run of ours.
    let imported = compared(&a, &run("b", &[("de", "AAB")])).unwrap();
    assert!(imported.other_scoring.is_empty());
}
