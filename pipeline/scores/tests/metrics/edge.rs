//! Intervals of shares near 0 and 1, of few clusters, and of scores made from such shares.

use clika_scores::metrics::*;

const LEVEL: f64 = 0.95;

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} instead of {expected}"
    );
}

/// A share of items with their clusters.
fn clustered(items: &[(usize, bool)]) -> ClusteredShare {
    let clusters: Vec<usize> = items.iter().map(|(cluster, _)| *cluster).collect();
    let share: Share = items.iter().map(|(_, right)| Some(*right)).collect();
    ClusteredShare::new(&share, &Resampler::new(&clusters, 1, 0), LEVEL).unwrap()
}

/// So many right of so many independent items.
fn independent(right: usize, items: usize) -> ClusteredShare {
    let items: Vec<_> = (0..items).map(|item| (item, item < right)).collect();
    clustered(&items)
}

/// The interval without resamples.
fn made(
    shares: &[&ClusteredShare],
    score: impl Fn(&[f64], Floors) -> Option<f64>,
) -> ScoreInterval {
    score_interval(shares, score, || None).unwrap()
}

#[test]
fn all_right_is_not_certain() {
    // P(20 of 20) = p²⁰ is .025 at p = .025^(1/20) = .8316; upside down 1 − .8316 = .1684.
    let all = independent(20, 20);
    close(all.low, 0.025_f64.powf(0.05), 1e-12);
    close(all.low, 0.832, 0.0005);
    assert_eq!((all.high, all.effective), (1.0, 20.0));
    let none = independent(0, 20);
    assert_eq!(none.low, 0.0);
    close(none.high, 0.168, 0.0005);
    let interval = made(&[&all], |shares, _| Some(shares[0]));
    assert_eq!(interval.method, IntervalMethod::ClopperPearson);
    assert_eq!((interval.low, interval.high), (all.low, 1.0));
}

#[test]
fn a_cluster_counts_once_where_its_spread_is_unknown() {
    // Ten clusters of two, all right: .025^(1/10).
    let items: Vec<_> = (0..20).map(|item| (item / 2, true)).collect();
    let pairs = clustered(&items);
    assert_eq!((pairs.items, pairs.clusters), (20, 10));
    close(pairs.effective, 10.0, 1e-12);
    close(pairs.low, 0.025_f64.powf(0.1), 1e-12);
    // One cluster of seven and three of one: 10² / (7² + 3) items.
    let items: Vec<_> = (0..10).map(|item| (item.max(6), item > 2)).collect();
    close(clustered(&items).effective, 100.0 / 52.0, 1e-12);
}

#[test]
fn the_design_effect_is_estimated_where_clusters_show_it() {
    // Forty clusters of two: both right in ten, one in twenty, none in ten. R = ½, u − R·2 is ±1 in twenty clusters and 0
    // in the others: v = 40/39 · 20 / 80² = .0032051, and R (1 − R) / v = 78. One of 80 items is right in thirty clusters,
    // wrong in thirty: (t₇₉ / t₂₉)² = (1.99045 / 2.04523)² = .94715.
    let items: Vec<_> = (0..80)
        .map(|item| {
            let cluster = item / 2;
            (cluster, cluster < 10 || (cluster < 30 && item % 2 == 0))
        })
        .collect();
    let share = clustered(&items);
    close(
        share.effective,
        78.0 * (1.990_45_f64 / 2.045_23).powi(2),
        0.002,
    );
    assert!(share.suits_bootstrap());
    // Items of a cluster that are all alike: C − 1 of 40 clusters before the t, and never less than 40.
    let alike: Vec<_> = (0..80).map(|item| (item / 2, item < 40)).collect();
    close(clustered(&alike).effective, 40.0, 1e-12);
    // One right in each: no spread at all, and no more than there are items.
    let even: Vec<_> = (0..80).map(|item| (item / 2, item % 2 == 0)).collect();
    close(clustered(&even).effective, 80.0, 1e-12);
    // Nine such clusters: 4.5 right ones and as many wrong, if the items of each were alike.
    let few: Vec<_> = (0..18).map(|item| (item / 2, item % 2 == 0)).collect();
    close(clustered(&few).effective, 9.0, 1e-12);
}

#[test]
fn resamples_count_where_they_say_something() {
    let drawn = ScoreInterval {
        low: 0.4,
        high: 0.6,
        method: IntervalMethod::Percentile,
    };
    let method = |right, items| {
        let share = independent(right, items);
        score_interval(&[&share], |shares, _| Some(shares[0]), || Some(drawn))
            .unwrap()
            .method
    };
    assert_eq!(method(10, 30), IntervalMethod::Percentile);
    assert_eq!(method(20, 30), IntervalMethod::Percentile);
    // Nine right, nine wrong, 29 clusters.
    for (right, items) in [(9, 30), (21, 30), (10, 29)] {
        assert_eq!(method(right, items), IntervalMethod::ClopperPearson);
    }
    // At its floor a score does not follow its share.
    let share = independent(30, 100);
    let ra = |shares: &[f64], floors| match floors {
        Floors::Kept => rescaled_accuracy(shares[0], 0.25, 0.97),
        Floors::Removed => rescaled_unfloored(shares[0], 0.25, 0.97),
    };
    let interval = score_interval(&[&share], ra, || Some(drawn)).unwrap();
    assert_eq!(
        (interval.low, interval.method),
        (0.0, IntervalMethod::ClopperPearson)
    );
    close(interval.high, (share.high - 0.25) / 0.72, 1e-12);
}

#[test]
fn two_models_that_agree_throughout_may_differ() {
    // Nobody differs in 20 items: up to 1 − .025^(1/20) do, in either direction.
    let (a, b) = (independent(0, 20), independent(0, 20));
    let interval = difference_interval(&a, &b, || None).unwrap();
    assert_eq!(interval.method, IntervalMethod::Mover);
    let end = 1.0 - 0.025_f64.powf(0.05);
    // Neither can be less than 0, so that each goes one way.
    close(interval.high, end, 1e-12);
    close(interval.low, -end, 1e-12);
    // Six of eight that only the one has right, and none that only the other has. Clopper and Pearson: .3491 to .9681, and 0
    // to .3694; .75 − √((.75 − .3491)² + .3694²) = .2049. McNemar's p is 2 · ½⁶ = .031.
    let interval = difference_interval(&independent(6, 8), &independent(0, 8), || None).unwrap();
    close(interval.low, 0.2049, 0.0002);
    close(interval.high, 0.9681, 0.0001);
}

#[test]
fn moves_add_up_as_the_shares_correlate() {
    let (a, b) = (independent(15, 60), independent(15, 60));
    let (down, up) = (a.value - a.low, a.high - a.value);
    // Of two tasks.
    let clusters: Vec<usize> = (0..60).collect();
    let table = Resampler::stratified(&[&clusters, &clusters], 1, 0);
    let of_task = |start: usize| {
        let share: Share = (0..60).map(|item| Some(item < 15)).collect();
        ClusteredShare::new(&share.starting_at(start), &table, LEVEL).unwrap()
    };
    let (one, other) = (of_task(0), of_task(60));
    let sum = |shares: &[f64], _| Some(shares[0] + shares[1]);
    let interval = made(&[&one, &other], sum);
    close(interval.low, 0.5 - 2f64.sqrt() * down, 1e-12);
    close(interval.high, 0.5 + 2f64.sqrt() * up, 1e-12);
    // The same items: they add up; in a difference all but 8/60 of the correlation is taken off.
    close(made(&[&a, &b], sum).high, 0.5 + 2.0 * up, 1e-12);
    let difference = made(&[&a, &b], |shares, _| Some(shares[0] - shares[1]));
    let (left, square) = (8.0 / 60.0, down * down + up * up);
    close(
        difference.high,
        (square - 2.0 * (1.0 - left) * down * up).sqrt(),
        1e-12,
    );
    // All right in one language: nothing is known of the correlation, and the widest is taken.
    let all = independent(60, 60);
    close(
        made(&[&a, &all], sum).low,
        1.25 - down - (1.0 - all.low),
        1e-12,
    );
}

#[test]
fn a_floor_that_lifts_a_mean_does_not_lift_its_interval() {
    // RA of nine tasks of which four lie above chance by as much as five below.
    let clusters: Vec<usize> = (0..100).collect();
    let tasks = [clusters.as_slice(); 9];
    let table = Resampler::stratified(&tasks, 1, 0);
    let shares: Vec<ClusteredShare> = (0..9)
        .map(|task| {
            let right = if task < 4 { 29 } else { 21 };
            let share: Share = (0..100).map(|item| Some(item < right)).collect();
            ClusteredShare::new(&share.starting_at(100 * task), &table, LEVEL).unwrap()
        })
        .collect();
    let shares: Vec<&ClusteredShare> = shares.iter().collect();
    let mean = |shares: &[f64], floors| {
        let ra = shares.iter().map(|&share| match floors {
            Floors::Kept => rescaled_accuracy(share, 0.25, 0.97),
            Floors::Removed => rescaled_unfloored(share, 0.25, 0.97),
        });
        let all: Option<Vec<f64>> = ra.collect();
        all.map(|all| all.iter().sum::<f64>() / 9.0)
    };
    let interval = made(&shares, mean);
    // 4/9 · .04/.72 = .0247, and without floors −.0062 less √9/9 of what one may fall.
    close(
        mean(
            &[0.29, 0.29, 0.29, 0.29, 0.21, 0.21, 0.21, 0.21, 0.21],
            Floors::Kept,
        )
        .unwrap(),
        0.024_69,
        1e-5,
    );
    assert!(
        interval.low < 0.0 && interval.high > 0.024_69,
        "{interval:?}"
    );
}

#[test]
fn corrected_consistency_is_the_same_of_two_shares_and_of_three() {
    // Twenty items: eight right here, of which six are right in English, as are three of the other twelve.
    let (en_co, english) = (6.0 / 8.0, 9.0 / 20.0);
    let expected = chance_corrected(en_co, english).unwrap();
    close(
        beyond_independence(0.4, en_co, 0.25).unwrap(),
        expected,
        1e-15,
    );
    // All right in English.
    assert_eq!(beyond_independence(0.4, 1.0, 1.0), None);
}
