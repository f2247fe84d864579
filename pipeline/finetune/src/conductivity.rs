//! XRR in all its forms, with intervals.

use crate::{AnswerRecord, IntervalSettings};
use clika_scores::metrics::{
    Answer, ClusteredShare, Floors, IntervalMethod, JudgedAnswer, PairedItems, Resampler,
    ScoreInterval, Share, accuracy_share, chance_corrected, percentile, retrieval_share,
    score_interval, xrr, xrr_unfloored,
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

/// A score with its interval; `None` where it is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreEstimate {
    /// The score.
    pub value: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// How the interval was made; `None` also in a file of clika 0.2.0, which drew all of them from resamples.
    #[serde(default)]
    pub method: Option<IntervalMethod>,
}

/// A form in which conductivity is given.
#[derive(Clone, Copy)]
enum Form {
    Accuracy,
    Xrr,
    Unfloored,
    Corrected,
}

impl Form {
    const ALL: [Self; 4] = [Self::Accuracy, Self::Xrr, Self::Unfloored, Self::Corrected];

    /// 0 for the share of right answers in the target language, 1 for that of them among what the source language knows.
    const fn share(self) -> usize {
        match self {
            Self::Accuracy => 0,
            Self::Xrr | Self::Unfloored | Self::Corrected => 1,
        }
    }

    /// The form of its share: of all places for the accuracy, otherwise of those that are known in the source language.
    fn value(self, share: f64, chance: f64, floors: Floors) -> Option<f64> {
        match (self, floors) {
            (Self::Accuracy, _) => Some(share),
            (Self::Xrr, Floors::Kept) => Some(xrr(share, chance)),
            (Self::Xrr, Floors::Removed) | (Self::Unfloored, _) => {
                Some(xrr_unfloored(share, chance))
            }
            (Self::Corrected, _) => chance_corrected(share, chance),
        }
    }

    /// The form with its interval: what resamples say where they say something.
    fn estimate(
        self,
        share: Option<&ClusteredShare>,
        chance: f64,
        bootstrap: impl FnOnce() -> Option<ScoreInterval>,
    ) -> ScoreEstimate {
        let Some(share) = share else {
            return ScoreEstimate::default();
        };
        let score = |shares: &[f64], floors| self.value(shares[0], chance, floors);
        let interval = score_interval(&[share], score, bootstrap);
        ScoreEstimate {
            value: self.value(share.value, chance, Floors::Kept),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            method: interval.map(|interval| interval.method),
        }
    }
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
        let table = Resampler::new(&places, intervals.seed, intervals.resamples);
        let drawn = table.distributions(|counts| {
            let shares = [accuracy.weighted(counts), retrieval.weighted(counts)];
            let forms = Form::ALL.iter().map(|form| {
                let share = shares[form.share()]?;
                form.value(share, chance, Floors::Kept)
            });
            forms.collect()
        });
        let shares = [&accuracy, &retrieval]
            .map(|share| ClusteredShare::new(share, &table, intervals.level));
        let estimate = |form: Form| {
            form.estimate(shares[form.share()].as_ref(), chance, || {
                let interval = percentile(&drawn[form as usize], intervals.level)?;
                Some(ScoreInterval::resampled(
                    interval,
                    IntervalMethod::Percentile,
                ))
            })
        };
        let count = |of: fn(&(&str, bool, bool)) -> bool| both.iter().filter(|it| of(it)).count();
        Self {
            places: both.len(),
            n_source: count(|(_, source, _)| *source),
            n_target: count(|(_, _, target)| *target),
            n_both: count(|(_, source, target)| *source && *target),
            chance,
            target_accuracy: estimate(Form::Accuracy),
            xrr: estimate(Form::Xrr),
            xrr_unfloored: estimate(Form::Unfloored),
            xrr_corrected: estimate(Form::Corrected),
        }
    }
}

impl Conductivity {
    /// Replaces intervals without a method, those of a file of clika 0.2.0, where resamples do not tell how sure a score is.
    pub(crate) fn with_methods(mut self, level: f64) -> Self {
        let shares = [(self.n_target, self.places), (self.n_both, self.n_source)]
            .map(|(right, places)| counted(right, places, level));
        let scores = [
            &mut self.target_accuracy,
            &mut self.xrr,
            &mut self.xrr_unfloored,
            &mut self.xrr_corrected,
        ];
        for (form, score) in Form::ALL.into_iter().zip(scores) {
            let (None, Some(low), Some(high)) = (score.method, score.low, score.high) else {
                continue;
            };
            let method = IntervalMethod::Percentile;
            let found = form.estimate(shares[form.share()].as_ref(), self.chance, || {
                Some(ScoreInterval { low, high, method })
            });
            *score = ScoreEstimate {
                value: score.value,
                ..found
            };
        }
        self
    }
}

/// A share by its counts: every place is asked about once.
fn counted(right: usize, places: usize, level: f64) -> Option<ClusteredShare> {
    let share: Share = (0..places).map(|place| Some(place < right)).collect();
    let clusters: Vec<usize> = (0..places).collect();
    ClusteredShare::new(&share, &Resampler::new(&clusters, 0, 0), level)
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
    fn what_all_resamples_share_is_not_certain() {
        let all: Vec<usize> = (0..20).collect();
        let source = answers("en", 0..20, &all);
        let scores = |right: &[usize]| {
            Conductivity::new(&source, &answers("de", 0..20, right), 0.05, &INTERVALS)
        };
        // Clopper and Pearson's lower end for n of n is (.05/2)^(1/n).
        let end = 0.025_f64.powf(1.0 / 20.0);
        assert!((end - 0.8316).abs() < 1e-4);
        let crossed = scores(&all);
        close(crossed.target_accuracy.low, end);
        close(crossed.target_accuracy.high, 1.0);
        close(crossed.xrr.low, end - 0.05);
        close(crossed.xrr_unfloored.high, 0.95);
        close(crossed.xrr_corrected.value, 1.0);
        close(crossed.xrr_corrected.low, (end - 0.05) / 0.95);
        // And upside down; the floor of XRR keeps the lower end.
        let nothing = scores(&[]);
        close(nothing.target_accuracy.low, 0.0);
        close(nothing.target_accuracy.high, 1.0 - end);
        close(nothing.xrr.low, 0.0);
        close(nothing.xrr.high, 1.0 - end - 0.05);
        close(nothing.xrr_unfloored.low, -0.05);
        let method = Some(IntervalMethod::ClopperPearson);
        for score in [crossed.xrr, crossed.target_accuracy, nothing.xrr_corrected] {
            assert_eq!(score.method, method);
        }
    }

    #[test]
    fn many_places_away_from_the_edge_are_resampled() {
        let known: Vec<usize> = (0..100).collect();
        let source = answers("en", 0..100, &known);
        let target = answers("de", 0..100, &known[..40]);
        let scores = Conductivity::new(&source, &target, 0.05, &INTERVALS);
        let method = Some(IntervalMethod::Percentile);
        assert_eq!(
            (scores.xrr.method, scores.target_accuracy.method),
            (method, method)
        );
        // 40 of 100 has a standard deviation of .049.
        let (low, high) = (scores.xrr.low.unwrap(), scores.xrr.high.unwrap());
        assert!((low - (0.35 - 0.096)).abs() < 0.02 && (high - (0.35 + 0.096)).abs() < 0.02);
    }

    /// What clika 0.2.0 wrote: an interval from resamples, without a method.
    fn old(scores: &Conductivity, low: f64, high: f64) -> Conductivity {
        let mut json = serde_json::to_value(scores).unwrap();
        for form in ["target_accuracy", "xrr", "xrr_unfloored", "xrr_corrected"] {
            let score = json[form].as_object_mut().unwrap();
            score.remove("method");
            score["low"] = low.into();
            score["high"] = high.into();
        }
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn old_files_are_read_and_get_honest_intervals() {
        let known: Vec<usize> = (0..100).collect();
        let scores = |places: usize, right: usize| {
            let source = answers("en", 0..places, &known[..places]);
            let target = answers("de", 0..places, &known[..right]);
            Conductivity::new(&source, &target, 0.05, &INTERVALS)
        };
        let all = scores(20, 20);
        assert_eq!(old(&all, 1.0, 1.0).with_methods(0.95), all);
        // Where resamples said something, what they said stays.
        let some = old(&scores(100, 40), 0.25, 0.45).with_methods(0.95);
        assert_eq!((some.xrr.low, some.xrr.high), (Some(0.25), Some(0.45)));
        assert_eq!(some.xrr.method, Some(IntervalMethod::Percentile));
    }
}
