//! XRR in all its forms, with intervals.

use crate::{AnswerRecord, IntervalSettings};
use clika_scores::metrics::{
    Answer, JudgedAnswer, PairedItems, Resampler, accuracy_share, chance_corrected, percentile,
    retrieval_share, xrr, xrr_unfloored,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What crossed from the source language to the target language, on the places that were not taught in the latter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conductivity {
    /// Places that were asked about in both languages.
    pub places: usize,
    /// Right in the source language.
    pub n_source: usize,
    /// Right in the target language.
    pub n_target: usize,
    /// Right in both.
    pub n_both: usize,
    /// The share that a guess has right: one of the choices.
    pub chance: f64,
    /// `n_target / places`.
    pub target_accuracy: ScoreEstimate,
    /// `max(n_both / n_source − chance, 0)`, the paper's XRR.
    pub xrr: ScoreEstimate,
    /// The same without the floor, which turns noise around 0 into a positive mean.
    pub xrr_unfloored: ScoreEstimate,
    /// `(n_both / n_source − chance) / (1 − chance)`: 0 at chance, 1 when all crosses.
    pub xrr_corrected: ScoreEstimate,
}

/// A score with its bootstrap interval; `None` where it is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreEstimate {
    /// The score.
    pub value: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
}

impl Conductivity {
    /// Compares answers on the same places. A resample draws places; both languages see the same.
    pub(crate) fn new(
        source: &[AnswerRecord],
        target: &[AnswerRecord],
        chance: f64,
        intervals: &IntervalSettings,
    ) -> Self {
        let known: BTreeMap<&str, bool> = source
            .iter()
            .map(|answer| (answer.entity.as_str(), answer.right))
            .collect();
        let both: Vec<(&str, bool, bool)> = target
            .iter()
            .filter_map(|answer| {
                let entity = answer.entity.as_str();
                Some((entity, *known.get(entity)?, answer.right))
            })
            .collect();
        let places: Vec<&str> = both.iter().map(|(place, _, _)| *place).collect();
        let source: Vec<JudgedAnswer> = both.iter().map(|(_, source, _)| judged(*source)).collect();
        let target: Vec<JudgedAnswer> = both.iter().map(|(_, _, target)| judged(*target)).collect();
        let pair = PairedItems::new(&source, &target).expect("both are of the same pairs");
        let (retrieval, accuracy) = (retrieval_share(pair), accuracy_share(&target));
        let forms = |accuracy: Option<f64>, ratio: Option<f64>| {
            [
                accuracy,
                ratio.map(|ratio| xrr(ratio, chance)),
                ratio.map(|ratio| xrr_unfloored(ratio, chance)),
                ratio.and_then(|ratio| chance_corrected(ratio, chance)),
            ]
        };
        let resampler = Resampler::new(&places, intervals.seed, intervals.resamples);
        let drawn = resampler.distributions(|counts| {
            forms(accuracy.weighted(counts), retrieval.weighted(counts)).to_vec()
        });
        let values = forms(accuracy.value(), retrieval.value());
        let estimate = |form: usize| {
            let value: Option<f64> = values[form];
            let interval = value.and_then(|_| percentile(&drawn[form], intervals.level));
            ScoreEstimate {
                value,
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
            }
        };
        let count = |of: fn(&(&str, bool, bool)) -> bool| both.iter().filter(|it| of(it)).count();
        Self {
            places: both.len(),
            n_source: count(|(_, source, _)| *source),
            n_target: count(|(_, _, target)| *target),
            n_both: count(|(_, source, target)| *source && *target),
            chance,
            target_accuracy: estimate(0),
            xrr: estimate(1),
            xrr_unfloored: estimate(2),
            xrr_corrected: estimate(3),
        }
    }
}

/// The scores look at what is right only.
fn judged(right: bool) -> JudgedAnswer {
    let answer = if right {
        Answer::Choice(0)
    } else {
        Answer::Invalid
    };
    JudgedAnswer { answer, right: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::tests::answered;

    const INTERVALS: IntervalSettings = IntervalSettings {
        resamples: 1_000,
        level: 0.95,
        seed: 1,
    };

    /// Answers on places by number; those of `right` are right.
    fn answers(
        language: &str,
        places: std::ops::Range<usize>,
        right: &[usize],
    ) -> Vec<AnswerRecord> {
        places
            .map(|place| {
                let entity = format!("place-{place:03}");
                answered(language, &entity, 1, right.contains(&place))
            })
            .collect()
    }

    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn scores_by_hand() {
        // Eight of ten known in English; three of them and one other in German. Places beyond are of one language only.
        let source = answers("en", 0..12, &[0, 1, 2, 3, 4, 5, 6, 7, 11]);
        let mut target = answers("de", 0..10, &[0, 1, 2, 9]);
        target.reverse();
        let scores = Conductivity::new(&source, &target, 0.05, &INTERVALS);
        assert_eq!(
            (
                scores.places,
                scores.n_source,
                scores.n_target,
                scores.n_both
            ),
            (10, 8, 4, 3)
        );
        close(scores.target_accuracy.value, 0.4);
        // 3/8 − 1/20, and that over 19/20.
        close(scores.xrr.value, 0.325);
        close(scores.xrr_unfloored.value, 0.325);
        close(scores.xrr_corrected.value, 0.325 / 0.95);
        let (low, high) = (scores.xrr.low.unwrap(), scores.xrr.high.unwrap());
        assert!((0.0..0.325).contains(&low) && 0.325 < high && high <= 0.95);
    }

    #[test]
    fn below_chance_only_the_floor_hides_it() {
        let source = answers("en", 0..10, &[0, 1, 2, 3]);
        let target = answers("de", 0..10, &[9]);
        let scores = Conductivity::new(&source, &target, 0.25, &INTERVALS);
        close(scores.xrr.value, 0.0);
        close(scores.xrr_unfloored.value, -0.25);
        close(scores.xrr_corrected.value, -1.0 / 3.0);
    }

    #[test]
    fn without_known_places_there_is_no_score() {
        let source = answers("en", 0..10, &[]);
        let target = answers("de", 0..10, &[1, 2]);
        let scores = Conductivity::new(&source, &target, 0.05, &INTERVALS);
        assert_eq!(scores.xrr, ScoreEstimate::default());
        assert_eq!(scores.xrr_corrected, ScoreEstimate::default());
        close(scores.target_accuracy.value, 0.2);
    }

    #[test]
    fn what_all_resamples_share_is_certain() {
        let all: Vec<usize> = (0..10).collect();
        let source = answers("en", 0..10, &all);
        let target = answers("de", 0..10, &all);
        let scores = Conductivity::new(&source, &target, 0.05, &INTERVALS);
        close(scores.xrr.low, 0.95);
        close(scores.xrr.high, 0.95);
        close(scores.xrr_corrected.value, 1.0);
    }
}
