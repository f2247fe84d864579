//! Resamples and intervals against what can be worked by hand.

use clika_scores::metrics::*;

fn share(items: &[Option<bool>]) -> Share {
    items.iter().copied().collect()
}

/// The counts of every resample.
fn counts(resampler: &Resampler) -> Vec<Vec<f64>> {
    let columns = resampler.distributions(|counts| {
        let values = counts.iter().map(|&count| Some(f64::from(count)));
        values.collect()
    });
    let values = columns.iter().map(|column| column.values());
    let values: Vec<Vec<f64>> = values
        .map(|column| {
            column
                .iter()
                .map(|value| value.expect("counts are defined"))
                .collect()
        })
        .collect();
    (0..values[0].len())
        .map(|resample| values.iter().map(|column| column[resample]).collect())
        .collect()
}

#[test]
fn a_share_counts_items_as_often_as_told() {
    let share = share(&[Some(true), Some(false), None, Some(true)]);
    // As they are: 2 of 3. With the counts: above 2·1 + 0·1, below 2 + 1 + 0; the third is in neither.
    assert_eq!(share.value(), Some(2.0 / 3.0));
    assert_eq!(share.weighted(&[2, 1, 5, 0]), Some(2.0 / 3.0));
    assert_eq!(share.weighted(&[1, 3, 0, 0]), Some(0.25));
    assert_eq!(share.weighted(&[0, 0, 5, 0]), None);
    let later = share.starting_at(2);
    assert_eq!(later.weighted(&[9, 9, 1, 3, 0, 0, 9]), Some(0.25));
}

#[test]
fn an_item_mean_counts_items_as_often_as_told() {
    let mean = ItemMean::new(vec![1.0, 4.0, 7.0]);
    assert_eq!(mean.value(), Some(4.0));
    // (3 · 1 + 1 · 7) / 4.
    assert_eq!(mean.weighted(&[3, 0, 1]), Some(2.5));
    assert_eq!(mean.weighted(&[0, 0, 0]), None);
    let later = mean.starting_at(1);
    assert_eq!(later.weighted(&[9, 3, 0, 1, 9]), Some(2.5));
    assert_eq!(ItemMean::new(vec![]).value(), None);
}

#[test]
fn a_resample_draws_whole_clusters() {
    let resampler = Resampler::new(&["b", "a", "b", "c", "a", "b"], 5, 200);
    for counts in counts(&resampler) {
        let (a, b, c) = (counts[1], counts[0], counts[3]);
        assert_eq!(counts, [b, a, b, c, a, b]);
        assert_eq!(a + b + c, 3.0);
    }
}

#[test]
fn every_cluster_is_drawn_equally_often() {
    // The mean count of a cluster is 1 with a standard error of √(1 − 1/5) / √10,000 < .009.
    let counts = counts(&Resampler::new(&[0, 1, 2, 3, 4], 11, 10_000));
    for cluster in 0..5 {
        let mean = counts.iter().map(|counts| counts[cluster]).sum::<f64>() / 10_000.0;
        assert!((mean - 1.0).abs() < 0.04, "{cluster}: {mean}");
    }
}

#[test]
fn tasks_draw_from_their_own_clusters_and_for_themselves() {
    let task = [0, 0, 1, 1, 2, 3];
    let one = counts(&Resampler::new(&task, 3, 100));
    let two = counts(&Resampler::stratified(&[&task, &task], 3, 100));
    let mut equal = 0;
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(
            one,
            &two[..6],
            "a further task changes the first one's draw"
        );
        for task in [&two[..6], &two[6..]] {
            assert_eq!(task[0] + task[2] + task[4] + task[5], 4.0);
        }
        equal += usize::from(two[..6] == two[6..]);
    }
    // Two independent draws are equal with probability 2,716 / 4⁸ = .04; one stream for both gives 100.
    assert!(equal < 15, "{equal}");
}

#[test]
fn another_seed_is_another_draw() {
    let resampler = |seed| Resampler::new(&[0, 1, 2, 3, 4, 5, 6, 7], seed, 50);
    assert_eq!(counts(&resampler(1)), counts(&resampler(1)));
    assert_ne!(counts(&resampler(1)), counts(&resampler(2)));
    let mut distinct = counts(&resampler(1));
    distinct.sort_by(|a, b| a.partial_cmp(b).unwrap());
    distinct.dedup();
    // Resamples of one seed differ from each other: 8 draws of 8 have 6,435 outcomes.
    assert!(distinct.len() > 40, "{}", distinct.len());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let clusters: Vec<usize> = (0..60).map(|item| item / 2).collect();
    let share: Share = (0..60).map(|item| Some(item % 3 == 0)).collect();
    let resampler = Resampler::new(&clusters, 9, 500);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            (
                resampler.distribution(|counts| share.weighted(counts)),
                resampler.jackknives(|counts| vec![share.weighted(counts)]),
            )
        })
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(1), with(7));
}

#[test]
fn one_statistic_and_a_table_see_the_same_resamples() {
    let share = share(&[Some(true), Some(false), Some(true), Some(true), None]);
    let resampler = Resampler::new(&[0, 1, 2, 3, 4], 1, 100);
    let table = resampler.distributions(|counts| vec![Some(1.0), share.weighted(counts)]);
    assert_eq!(
        table[1],
        resampler.distribution(|counts| share.weighted(counts))
    );
}

#[test]
fn clusters_widen_the_interval() {
    // 200 items, half of them right. In 100 clusters of two equal items the mean of a resample is that of 100
    // draws with p = ½: its standard deviation is √(¼ / 100) = .05. Items drawn alone give √(¼ / 200) = .0354.
    let share: Share = (0..200).map(|item| Some(item % 4 < 2)).collect();
    let deviation = |size: usize| {
        let clusters: Vec<usize> = (0..200).map(|item| item / size).collect();
        let resampler = Resampler::new(&clusters, 2, 10_000);
        let values = resampler
            .distribution(|counts| share.weighted(counts))
            .sorted();
        let square = |value: &f64| (value - 0.5).powi(2);
        (values.iter().map(square).sum::<f64>() / 10_000.0).sqrt()
    };
    // The standard error of a standard deviation from 10,000 draws is .7 %.
    assert!((deviation(2) - 0.05).abs() < 0.0015, "{}", deviation(2));
    assert!((deviation(1) - 0.03536).abs() < 0.001, "{}", deviation(1));
}

#[test]
fn undefined_resamples_are_counted_and_not_zero() {
    // One of two clusters holds the only item of the denominator: a resample without it has probability ¼.
    let share = share(&[Some(true), None]);
    let resampler = Resampler::new(&[0, 1], 4, 10_000);
    let distribution = resampler.distribution(|counts| share.weighted(counts));
    let undefined = distribution.undefined();
    assert!((undefined as f64 / 10_000.0 - 0.25).abs() < 0.02);
    let interval = percentile(&distribution, 0.95).unwrap();
    assert_eq!((interval.low, interval.high), (1.0, 1.0));
    assert_eq!(
        (interval.resamples, interval.undefined),
        (10_000, undefined)
    );
}

#[test]
fn a_value_that_is_not_finite_is_undefined() {
    let distribution =
        Distribution::new(vec![Some(f64::NAN), Some(1.0), Some(f64::INFINITY), None]);
    assert_eq!(distribution.undefined(), 3);
    assert_eq!(distribution.sorted(), [1.0]);
}

#[test]
fn the_percentile_interval_interpolates() {
    let distribution = Distribution::new([4.0, 1.0, 5.0, 3.0, 2.0].map(Some).to_vec());
    let ends = |level| percentile(&distribution, level).map(|i| (i.low, i.high));
    // Quantile ¼ lies at position ¼ · 4 = 1, quantile .2 at .8, between 1 and 2.
    assert_eq!(ends(0.5), Some((2.0, 4.0)));
    let (low, high) = ends(0.6).unwrap();
    assert!((low - 1.8).abs() < 1e-12 && (high - 4.2).abs() < 1e-12);
    assert_eq!(ends(0.0), None);
    assert_eq!(ends(1.0), None);
    assert_eq!(ends(f64::NAN), None);
    assert_eq!(percentile(&Distribution::new(vec![]), 0.95), None);
    assert_eq!(percentile(&Distribution::new(vec![None]), 0.95), None);
}

#[test]
fn the_acceleration_is_that_of_the_clusters() {
    // Clusters: one right item; one wrong; two wrong. Without each in turn: 0/3, 1/3, 1/2; their mean is 5/18 and
    // the differences (5, −1, −4)/18. (125 − 1 − 64) / (6 · (25 + 1 + 16)^(3/2)) = 60 / (6 · 272.190…) = .036739…
    let share = share(&[Some(true), Some(false), Some(false), Some(false)]);
    let resampler = Resampler::new(&[0, 1, 2, 2], 1, 0);
    let jackknife = &resampler.jackknives(|counts| vec![share.weighted(counts)])[0];
    assert_eq!(
        jackknife.strata(),
        [[Some(0.0), Some(1.0 / 3.0), Some(0.5)]]
    );
    let expected = 10.0 / 42f64.powf(1.5);
    assert!((expected - 0.036_739).abs() < 1e-6);
    assert!((jackknife.acceleration().unwrap() - expected).abs() < 1e-12);
}

#[test]
fn bca_without_bias_and_acceleration_is_the_percentile_interval() {
    let values: Vec<Option<f64>> = (0..=100).map(|value| Some(f64::from(value))).collect();
    let distribution = Distribution::new(values);
    // Symmetric: as many resamples below 50 as above, and cubes that cancel.
    let jackknife = Jackknife::new(vec![vec![Some(-1.0), Some(0.0), Some(1.0)]]);
    let bca = bca(&distribution, 50.0, &jackknife, 0.9).unwrap();
    assert!((bca.low - 5.0).abs() < 1e-9 && (bca.high - 95.0).abs() < 1e-9);
}

#[test]
fn bca_is_undefined_rather_than_replaced() {
    let distribution = Distribution::new([1.0, 2.0, 3.0].map(Some).to_vec());
    let jackknife = Jackknife::new(vec![vec![Some(1.0), Some(2.0), Some(2.5)]]);
    let interval = |estimate, jackknife| bca(&distribution, estimate, jackknife, 0.95);
    assert!(interval(2.0, &jackknife).is_some_and(|interval| interval.low < interval.high));
    // All resamples above the estimate, or below it.
    assert_eq!(interval(0.5, &jackknife), None);
    assert_eq!(interval(3.5, &jackknife), None);
    // No cluster moves the statistic.
    let still = Jackknife::new(vec![vec![Some(0.1); 3]]);
    assert_eq!(interval(2.0, &still), None);
    // Undefined without one of the clusters.
    let torn = Jackknife::new(vec![vec![Some(1.0), None, Some(2.5)]]);
    assert_eq!(interval(2.0, &torn), None);
    // One cluster of 10,000 moves the statistic, which gives an acceleration just below its bound of 1/6. The
    // adjustment then has its pole near z = 6, which a level of 1 − 10⁻¹² passes.
    let mut lever = vec![Some(1.0); 10_000];
    lever[0] = Some(-1.0);
    let lever = Jackknife::new(vec![lever]);
    assert!((lever.acceleration().unwrap() - 1.0 / 6.0).abs() < 1e-3);
    assert!(interval(2.0, &lever).is_some());
    assert_eq!(bca(&distribution, 2.0, &lever, 1.0 - 1e-12), None);
}

#[test]
fn bca_of_equal_resamples_is_the_estimate() {
    let distribution = Distribution::new(vec![Some(1.0), None, Some(1.0)]);
    let still = Jackknife::new(vec![vec![Some(1.0); 3]]);
    let interval = bca(&distribution, 1.0, &still, 0.95).unwrap();
    assert_eq!((interval.low, interval.high), (1.0, 1.0));
    assert_eq!((interval.resamples, interval.undefined), (3, 1));
    // Equal, but to something else.
    assert_eq!(bca(&distribution, 0.9, &still, 0.95), None);
}
