//! What holds for any answers: ranges, symmetries, and that order does not matter.

use clika_scores::metrics::*;
use proptest::{collection::vec, prelude::*};

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => (0u8..4).prop_map(Answer::Choice),
        1 => Just(Answer::Invalid),
    ]
}

/// Answers in two languages to the same items.
fn two_languages() -> impl Strategy<Value = (Vec<JudgedAnswer>, Vec<JudgedAnswer>)> {
    vec((answer(), answer(), 0u8..4), 0..40).prop_map(|items| {
        let judge = |(first, second, right)| {
            let judged = |answer| JudgedAnswer { answer, right };
            (judged(first), judged(second))
        };
        items.into_iter().map(judge).unzip()
    })
}

/// Every share of the crate.
fn shares(languages: PairedItems<'_, JudgedAnswer>) -> [Share; 5] {
    [
        accuracy_share(languages.second()),
        invalid_share(languages.second()),
        en_co_share(languages),
        correct_overlap_share(languages),
        retrieval_share(languages),
    ]
}

/// Scores with many ties, of candidates in two languages.
fn scored_items() -> impl Strategy<Value = Vec<(Vec<f64>, Vec<f64>)>> {
    let item = vec((0i8..6, 0i8..6), 1..9).prop_map(|scores| {
        let scores = scores.into_iter();
        scores.map(|(a, b)| (f64::from(a), f64::from(b))).unzip()
    });
    vec(item, 1..12)
}

fn pairs(items: &[(Vec<f64>, Vec<f64>)]) -> Vec<PairedItems<'_, f64>> {
    items
        .iter()
        .map(|(first, second)| PairedItems::new(first, second).expect("parallel"))
        .collect()
}

fn swap(pairs: &[PairedItems<'_, f64>]) -> Option<f64> {
    let swapped: Vec<_> = pairs.iter().map(|pair| pair.swapped()).collect();
    rank_c(&swapped)
}

proptest! {
    #[test]
    fn scores_stay_in_their_ranges((first, second) in two_languages(), random in 0.0..0.9f64) {
        let languages = PairedItems::new(&first, &second).unwrap();
        for share in shares(languages) {
            prop_assert!(share.value().is_none_or(|value| (0.0..=1.0).contains(&value)));
        }
        let accuracy = accuracy_share(&first).value();
        if let Some(ratio) = retrieval_share(languages).value() {
            prop_assert!((0.0..=1.0 - random).contains(&xrr(ratio, random)));
            prop_assert!(chance_corrected(ratio, random).is_none_or(|score| score <= 1.0));
        }
        if let (Some(en_co), Some(accuracy)) = (en_co_share(languages).value(), accuracy) {
            prop_assert!(chance_corrected(en_co, accuracy).is_none_or(|score| score <= 1.0));
        }
        prop_assert_eq!(accuracy.is_none(), first.is_empty());
    }

    #[test]
    fn the_overlap_of_right_answers_is_symmetric((first, second) in two_languages()) {
        let languages = PairedItems::new(&first, &second).unwrap();
        let overlap = |languages| correct_overlap_share(languages).value();
        prop_assert_eq!(overlap(languages), overlap(languages.swapped()));
    }

    #[test]
    fn scores_do_not_depend_on_the_order_of_items((mut first, mut second) in two_languages()) {
        let value = |first: &[JudgedAnswer], second: &[JudgedAnswer]| {
            shares(PairedItems::new(first, second).unwrap()).map(|share| share.value())
        };
        let forwards = value(&first, &second);
        first.reverse();
        second.reverse();
        prop_assert_eq!(forwards, value(&first, &second));
    }

    /// A count is a repetition: the weighted share is the plain share of a list that repeats its items.
    #[test]
    fn a_count_is_a_repetition(
        (first, second) in two_languages(),
        counts in vec(0u32..4, 43),
        start in 0usize..3,
    ) {
        let languages = PairedItems::new(&first, &second).unwrap();
        let repeat = |judged: &[JudgedAnswer]| -> Vec<JudgedAnswer> {
            let repeated = judged.iter().zip(&counts[start..]);
            repeated.flat_map(|(item, &count)| vec![*item; count as usize]).collect()
        };
        let (first, second) = (repeat(&first), repeat(&second));
        let repeated = shares(PairedItems::new(&first, &second).unwrap());
        for (share, repeated) in shares(languages).into_iter().zip(repeated) {
            prop_assert_eq!(share.starting_at(start).weighted(&counts), repeated.value());
        }
    }

    #[test]
    fn resamples_do_not_depend_on_the_order_of_items(
        items in vec((0u8..8, any::<bool>()), 1..30),
        rotation in 0usize..30,
        seed: u64,
    ) {
        let distribution = |items: &[(u8, bool)]| {
            let clusters: Vec<u8> = items.iter().map(|item| item.0).collect();
            let share: Share = items.iter().map(|item| Some(item.1)).collect();
            Resampler::new(&clusters, seed, 20).distribution(|counts| share.weighted(counts))
        };
        let mut rotated = items.clone();
        rotated.rotate_left(rotation % items.len());
        prop_assert_eq!(distribution(&items), distribution(&rotated));
    }

    #[test]
    fn rank_c_is_symmetric_and_a_share(items in scored_items()) {
        let pairs = pairs(&items);
        let score = rank_c(&pairs).unwrap();
        prop_assert!(score > 0.0 && score <= 1.0 + 1e-12);
        prop_assert_eq!(Some(score), swap(&pairs));
        let same: Vec<_> = items.iter().map(|(a, _)| PairedItems::new(a, a).unwrap()).collect();
        prop_assert!((rank_c(&same).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn larger_sets_of_languages_agree_less(
        languages in (1usize..12).prop_flat_map(|items| vec(vec(answer(), items), 2..6)),
    ) {
        let by_size: Vec<f64> = (2..=languages.len())
            .map(|size| consistency(&languages, size).unwrap().unwrap())
            .collect();
        prop_assert!(by_size.iter().all(|value| (0.0..=1.0).contains(value)));
        prop_assert!(by_size.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12));
    }

    #[test]
    fn intervals_are_ordered_and_nested(
        values in vec(proptest::option::weighted(0.9, -1.0..1.0f64), 1..60),
        clusters in vec(-1.0..1.0f64, 2..30),
        estimate in -1.0..1.0f64,
        level in 0.5..0.99f64,
    ) {
        let distribution = Distribution::new(values);
        let (sorted, jackknife) = (
            distribution.sorted(),
            Jackknife::new(vec![clusters.into_iter().map(Some).collect()]),
        );
        let inside = |interval: Interval| {
            sorted[0] <= interval.low
                && interval.low <= interval.high
                && interval.high <= sorted[sorted.len() - 1]
        };
        prop_assert_eq!(percentile(&distribution, level).is_none(), sorted.is_empty());
        if let Some(interval) = percentile(&distribution, level) {
            prop_assert!(inside(interval));
            let narrow = percentile(&distribution, level / 2.0).unwrap();
            prop_assert!(interval.low <= narrow.low && narrow.high <= interval.high);
        }
        if let Some(interval) = bca(&distribution, estimate, &jackknife, level) {
            prop_assert!(inside(interval));
        }
    }

    #[test]
    fn holm_only_raises_and_keeps_the_order(tests in vec(proptest::option::of(0.0..=1.0f64), 0..20)) {
        let adjusted = holm(&tests);
        prop_assert_eq!(adjusted.len(), tests.len());
        let both: Vec<_> = tests.iter().zip(&adjusted).collect();
        for (raw, adjusted) in &both {
            prop_assert_eq!(raw.is_none(), adjusted.is_none());
            if let (Some(raw), Some(adjusted)) = (raw, adjusted) {
                prop_assert!(raw <= adjusted && *adjusted <= 1.0);
            }
        }
        for (raw, adjusted) in &both {
            for (other, other_adjusted) in &both {
                prop_assert!(raw > other || adjusted <= other_adjusted || other.is_none());
            }
        }
    }

    #[test]
    fn mcnemar_does_not_care_which_model_comes_first(b in 0u64..300, c in 0u64..300) {
        prop_assert_eq!(mcnemar(b, c), mcnemar(c, b));
        prop_assert!((0.0..=1.0).contains(&mcnemar(b, c)));
    }

    #[test]
    fn the_normal_quantile_inverts_the_distribution(p in 1e-12..0.999_999f64) {
        let back = normal_cdf(normal_quantile(p).unwrap());
        prop_assert!((back - p).abs() <= 1e-13 * p, "{} instead of {}", back, p);
    }

    #[test]
    fn more_items_show_smaller_differences(
        items in 50usize..2000,
        discordant in 0.1..1.0f64,
        power in 0.5..0.95f64,
    ) {
        let difference = |items| detectable_difference(items, discordant, 0.05, power);
        if let (Some(few), Some(many)) = (difference(items), difference(2 * items)) {
            prop_assert!(0.0 < many && many < few && few <= discordant);
        }
    }
}
