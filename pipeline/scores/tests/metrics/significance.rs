//! Tests of differences and planning, against numbers worked by hand.

use crate::answers::judged;
use clika_scores::metrics::*;

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9,
        "{found} instead of {expected}"
    );
}

#[test]
fn mcnemar_looks_at_discordant_items_only() {
    // The first is right in items 1 and 2, the second in 1 and 4 to 7.
    let first = judged("AABBBBB", "AAAAAAA");
    let second = judged("AB-AAAA", "AAAAAAA");
    let test = McNemar::of(PairedItems::new(&first, &second).unwrap());
    // b = 1, c = 4: 2 · (C(5,0) + C(5,1)) / 2⁵ = 12/32.
    assert_eq!((test.only_first, test.only_second), (1, 4));
    close(test.p, 0.375);
}

#[test]
fn mcnemar_is_exact() {
    // 2 · (1 + 11 + 55) / 2¹¹ = 134/2048.
    close(mcnemar(2, 9), 134.0 / 2048.0);
    // 2 · ½⁶.
    close(mcnemar(0, 6), 1.0 / 32.0);
    // P(X ≤ 3) is above ½ already.
    assert_eq!(mcnemar(3, 3), 1.0);
    assert_eq!(mcnemar(0, 0), 1.0);
}

#[test]
fn holm_adjusts_in_input_order() {
    // Sorted: 4 · .005 = .02; 3 · .01 = .03; 2 · .03 = .06; 1 · .04 = .04, raised to .06.
    let adjusted = holm(&[0.01, 0.04, 0.03, 0.005].map(Some));
    for (found, expected) in adjusted.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
        close(found.unwrap(), expected);
    }
}

#[test]
fn holm_leaves_undefined_tests_out_of_the_family() {
    // Two tests: 2 · .01, 1 · .04.
    assert_eq!(
        holm(&[Some(0.01), None, Some(0.04)]),
        [Some(0.02), None, Some(0.04)]
    );
    // Two tests: 2 · .7 is capped.
    assert_eq!(holm(&[Some(0.7), Some(0.9)]), [Some(1.0), Some(1.0)]);
    assert_eq!(holm(&[None]), [None]);
}

#[test]
fn the_p_value_of_a_difference_counts_both_sides() {
    let p = |values: Vec<Option<f64>>| {
        let distribution = Distribution::new(values);
        PairedDifference::new(0.1, &distribution, 0.95).map(|test| test.p)
    };
    // One below 0, one at 0, seven above: 2 · (min(2, 8) + 1) / (9 + 1) = .6.
    let mut values = vec![Some(0.2); 7];
    values.extend([Some(0.0), Some(-0.1)]);
    close(p(values.clone()).unwrap(), 0.6);
    // The other sign is the same test.
    let negated = values.iter().map(|value| value.map(|value| -value));
    close(p(negated.collect()).unwrap(), 0.6);
    // An undefined resample is not one of the nine.
    values.push(None);
    close(p(values).unwrap(), 0.6);
    // 2 · (0 + 1) / (999 + 1), not 0.
    close(p(vec![Some(0.2); 999]).unwrap(), 0.002);
    // 2 · (2 + 1) / 3 is capped.
    assert_eq!(p(vec![Some(0.2), Some(-0.2)]), Some(1.0));
    assert_eq!(p(vec![None]), None);
}

#[test]
fn both_models_see_the_same_resample() {
    // The second is right where the first is, and in every tenth item more. Right in 10 of 100 items less, drawn
    // from 100: the difference of a resample is a share of these items, never negative.
    let first: Share = (0..100).map(|item| Some(item % 2 == 0)).collect();
    let second: Share = (0..100)
        .map(|item| Some(item % 2 == 0 || item % 10 == 1))
        .collect();
    let clusters: Vec<usize> = (0..100).collect();
    let resampler = Resampler::new(&clusters, 1, 1999);
    let test = PairedDifference::of(
        &resampler,
        |counts| second.weighted(counts),
        |counts| first.weighted(counts),
        0.95,
    )
    .unwrap();
    close(test.estimate, 0.1);
    close(test.p, 2.0 / 2000.0);
    // Binomial(100, .1) / 100: quantiles .025 and .975 are .05 and .16. Two separate draws of these shares would
    // have a standard deviation of √(.25/100 + .24/100) = .07, and reach below 0.
    assert!((test.interval.low - 0.05).abs() <= 0.01, "{test:?}");
    assert!((test.interval.high - 0.16).abs() <= 0.01, "{test:?}");
}

#[test]
fn a_model_does_not_differ_from_itself() {
    let share: Share = (0..50).map(|item| Some(item % 3 == 0)).collect();
    let resampler = Resampler::new(&[0; 50].map(|zero: usize| zero), 1, 99);
    let score = |counts: &[u32]| share.weighted(counts);
    let test = PairedDifference::of(&resampler, score, score, 0.95).unwrap();
    assert_eq!((test.estimate, test.p), (0.0, 1.0));
    assert_eq!((test.interval.low, test.interval.high), (0.0, 0.0));
    let undefined = |_: &[u32]| None;
    assert_eq!(
        PairedDifference::of(&resampler, score, undefined, 0.95),
        None
    );
}

#[test]
fn the_detectable_difference_inverts_connors_sample_size() {
    // powerandsamplesize.com's example after Connor: p₁₀ = .05, p₀₁ = .45, hence ψ = .5 and d = .4; at α = .05
    // (two-sided) and power .8, n = ((1.959964 √.5 + .841621 √.34) / .4)² = (1.876651 / .4)² = 22.01, so 23 pairs.
    let difference = |items| detectable_difference(items, 0.5, 0.05, 0.8).unwrap();
    assert!(difference(23) <= 0.4, "{}", difference(23));
    assert!(difference(22) > 0.4, "{}", difference(22));
}

#[test]
fn no_difference_exceeds_the_discordant_items() {
    // Ten items of which one is discordant: McNemar cannot reach .05 before 6 discordant items.
    assert_eq!(detectable_difference(10, 0.1, 0.05, 0.8), None);
    assert_eq!(detectable_difference(1, 1.0, 0.05, 0.8), None);
    assert_eq!(detectable_difference(0, 0.2, 0.05, 0.8), None);
    for (discordant, alpha, power) in [
        (0.0, 0.05, 0.8),
        (1.1, 0.05, 0.8),
        (f64::NAN, 0.05, 0.8),
        (0.2, 0.0, 0.8),
        (0.2, 0.05, 1.0),
        (0.2, 0.5, 0.4),
    ] {
        let found = detectable_difference(1000, discordant, alpha, power);
        assert_eq!(found, None, "{discordant} {alpha} {power}");
    }
}

#[test]
fn the_half_width_is_walds() {
    // 1.959964 · √(.25 / 200) = 1.959964 · .0353553 = .0692952.
    let found = half_width(200, 0.5, 0.95).unwrap();
    assert!((found - 0.069_295_2).abs() < 1e-7, "{found}");
    assert_eq!(half_width(200, 1.0, 0.95), Some(0.0));
    assert_eq!(half_width(0, 0.5, 0.95), None);
    assert_eq!(half_width(200, 1.5, 0.95), None);
    assert_eq!(half_width(200, 0.5, 1.0), None);
}
