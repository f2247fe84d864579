//! All shares of a collection and their resamples: what every table and score is computed from.

use crate::metrics::{
    ClusteredShare, IntervalMethod, JudgedAnswer, PairedItems, Resampler, ScoreInterval, Share,
    accuracy_at_share, accuracy_share, bca, beyond_letters_interval, correct_overlap_share,
    en_co_share, english_elsewhere_share, invalid_share, percentile, place_share, score_interval,
};
use crate::predictions::{Collection, Prediction};
use crate::report::expression::Expression;
use clika_base::named_enum;
use clika_base::types::{LanguageCode, Progress};
use clika_datasets::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Uncertainty {
    /// How often the items are drawn again.
    pub resamples: usize,
    /// Decides the draws.
    pub seed: u64,
    /// The confidence: 0.95.
    pub level: f64,
    /// The kind of bootstrap interval.
    pub interval: IntervalKind,
}

named_enum! {
    /// The kind of a bootstrap interval, where resamples tell how sure a score is; [`score_interval`] says where.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum IntervalKind {
        /// Quantiles of the resamples.
        Percentile = ("percentile", "Quantiles of the resamples"),
        /// Corrected for bias and skew.
        Bca = ("bca", "Quantiles of the resamples, corrected for bias and skew"),
    }
}

/// Expressions whose resamples are held at once: the shares of so many fit into a processor's cache, and their values for
/// 10,000 resamples into 100 MB.
const PART: usize = 256;

/// What a share is the share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShareKind {
    /// Right among all items.
    Accuracy,
    /// Of the items right in the language, those with the same letter in English.
    EnCo,
    /// Right in both, of those right in the language or in English.
    Overlap,
    /// Of the items wrong in the language, those right in English.
    Elsewhere,
    /// Invalid answers among all items.
    Invalid,
    /// Right among the items whose right option stands at this place.
    AccuracyAt(u8),
    /// Items whose right option stands at this place; counted in English.
    Place(u8),
}

/// The shares of a collection by model, task, language and kind.
pub(crate) struct ShareTable<'a> {
    collection: &'a Collection,
    numbers: BTreeMap<(&'a str, Task, &'a LanguageCode, ShareKind), usize>,
    shares: Vec<Share>,
    /// The clusters of the items of each task.
    clusters: Vec<Vec<&'a str>>,
}

/// A value with its interval, where it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct IntervalEstimate {
    pub(crate) value: Option<f64>,
    pub(crate) interval: Option<ScoreInterval>,
}

impl<'a> ShareTable<'a> {
    pub(crate) fn new(collection: &'a Collection) -> Self {
        let mut panel = Self {
            collection,
            numbers: BTreeMap::new(),
            shares: Vec::new(),
            clusters: Vec::new(),
        };
        let mut start = 0;
        for task in collection.tasks() {
            let mut clusters = Vec::new();
            for (key, predictions) in collection.iter().filter(|(key, _)| key.task == task) {
                clusters = predictions.iter().map(|p| p.cluster_id.as_str()).collect();
                let english = collection
                    .languages()
                    .into_iter()
                    .find(|language| language.as_str() == "en" && **language != key.language)
                    .and_then(|english| collection.get(&key.model, task, english))
                    .map(judged);
                let mut found = shares(&judged(predictions), english.as_deref());
                if english.is_some() || key.language.as_str() == "en" {
                    found.extend(places(
                        &judged(predictions),
                        english.is_none(),
                        task.choices(),
                    ));
                }
                for (kind, share) in found {
                    let name = (key.model.as_str(), task, &key.language, kind);
                    panel.numbers.insert(name, panel.shares.len());
                    panel.shares.push(share.starting_at(start));
                }
            }
            start += clusters.len();
            panel.clusters.push(clusters);
        }
        panel
    }

    pub(crate) fn collection(&self) -> &'a Collection {
        self.collection
    }

    /// The number of a share, if the predictions are there.
    pub(crate) fn share(
        &self,
        model: &str,
        task: Task,
        language: &LanguageCode,
        kind: ShareKind,
    ) -> Option<usize> {
        self.numbers.get(&(model, task, language, kind)).copied()
    }

    /// The number of a share in English.
    pub(crate) fn english(&self, model: &str, task: Task, kind: ShareKind) -> Option<usize> {
        let languages = self.collection.languages();
        let english = languages
            .into_iter()
            .find(|language| language.as_str() == "en")?;
        self.share(model, task, english, kind)
    }

    /// Values without intervals.
    pub(crate) fn values(&self, expressions: &[Expression]) -> Vec<Option<f64>> {
        let shares: Vec<_> = self.shares.iter().map(Share::value).collect();
        expressions
            .iter()
            .map(|expression| expression.value(&shares))
            .collect()
    }

    /// The intervals that resamples give for some expressions. Only the shares that they are made of are counted.
    fn bootstrap(
        &self,
        expressions: &[Expression],
        values: &[Option<f64>],
        (resampler, uncertainty): (&Resampler, &Uncertainty),
        watch: impl FnMut(usize),
    ) -> Vec<Option<ScoreInterval>> {
        let needed: BTreeSet<usize> = expressions.iter().flat_map(Expression::shares).collect();
        let needed: Vec<usize> = needed.into_iter().collect();
        let place = |share: usize| {
            needed
                .binary_search(&share)
                .expect("every share was collected")
        };
        let formulas: Vec<Expression> =
            expressions.iter().map(|it| it.renumbered(&place)).collect();
        let statistics = |counts: &[u32]| -> Vec<Option<f64>> {
            let shares = needed
                .iter()
                .map(|&share| self.shares[share].weighted(counts));
            let shares: Vec<_> = shares.collect();
            formulas
                .iter()
                .map(|formula| formula.value(&shares))
                .collect()
        };
        let distributions = resampler.distributions_watched(statistics, watch);
        match uncertainty.interval {
            IntervalKind::Percentile => distributions
                .par_iter()
                .map(|distribution| {
                    let interval = percentile(distribution, uncertainty.level)?;
                    Some(ScoreInterval::resampled(
                        interval,
                        IntervalMethod::Percentile,
                    ))
                })
                .collect(),
            IntervalKind::Bca => resampler
                .jackknives(statistics)
                .par_iter()
                .zip(&distributions)
                .zip(values)
                .map(|((jackknife, distribution), value)| {
                    let interval = bca(distribution, (*value)?, jackknife, uncertainty.level)?;
                    Some(ScoreInterval::resampled(interval, IntervalMethod::Bca))
                })
                .collect(),
        }
    }

    /// Values with intervals, for `what`. All expressions see the same resamples, and every task's items are
    /// drawn on their own.
    pub(crate) fn estimates(
        &self,
        expressions: &[Expression],
        uncertainty: &Uncertainty,
        (what, progress): (&str, &dyn Progress),
    ) -> Vec<IntervalEstimate> {
        let clusters: Vec<&[&str]> = self.clusters.iter().map(Vec::as_slice).collect();
        let resampler = Resampler::stratified(&clusters, uncertainty.seed, uncertainty.resamples);
        let values = self.values(expressions);
        let parts = expressions.chunks(PART).zip(values.chunks(PART));
        progress.start((uncertainty.resamples * parts.len()) as u64, "resamples");
        let bootstrap: Vec<Option<ScoreInterval>> = parts
            .flat_map(|(expressions, values)| {
                let watch = |drawn| (0..drawn).for_each(|_| progress.step(what));
                self.bootstrap(expressions, values, (&resampler, uncertainty), watch)
            })
            .collect();
        progress.finish();
        let parts: BTreeSet<usize> = expressions.iter().flat_map(Expression::parts).collect();
        let shares: Vec<Option<f64>> = self.shares.iter().map(Share::value).collect();
        let clustered: Vec<Option<ClusteredShare>> = (0..self.shares.len())
            .into_par_iter()
            .map(|number| {
                let share = parts.contains(&number).then(|| &self.shares[number])?;
                ClusteredShare::new(share, &resampler, uncertainty.level)
            })
            .collect();
        let intervals = values.par_iter().zip(expressions).zip(bootstrap);
        intervals
            .map(|((value, expression), bootstrap)| IntervalEstimate {
                value: *value,
                interval: value.and_then(|value| {
                    Some(interval(expression, (&shares, &clustered), bootstrap)?.around(value))
                }),
            })
            .collect()
    }
}

/// The interval of a score; `None` where one of its shares is undefined.
fn interval(
    expression: &Expression,
    (shares, clustered): (&[Option<f64>], &[Option<ClusteredShare>]),
    bootstrap: Option<ScoreInterval>,
) -> Option<ScoreInterval> {
    let numbers: Vec<usize> = expression.parts().into_iter().collect();
    let parts: Option<Vec<&ClusteredShare>> = numbers
        .iter()
        .map(|&number| clustered[number].as_ref())
        .collect();
    let parts = parts?;
    if let Expression::BeyondLetters {
        accuracy,
        consistency,
        elsewhere,
        places,
    } = expression
    {
        let of = |number: &usize| clustered[*number].as_ref();
        let parts = [of(accuracy)?, of(consistency)?, of(elsewhere)?];
        let places = places.iter().filter_map(|place| place.values(shares));
        return beyond_letters_interval(parts, places, || bootstrap);
    }
    let score = |values: &[f64], floors| {
        let share = |number| {
            let place = numbers.binary_search(&number);
            values[place.expect("a score is made of its parts")]
        };
        expression.of_parts(&share, floors)
    };
    let interval = score_interval(&parts, score, || bootstrap)?;
    let floor = if expression.has_floor() {
        0.0
    } else {
        f64::NEG_INFINITY
    };
    Some(ScoreInterval {
        low: interval.low.max(floor),
        ..interval
    })
}

/// The shares of one model, task and language; those with English need its answers.
fn shares(here: &[JudgedAnswer], english: Option<&[JudgedAnswer]>) -> Vec<(ShareKind, Share)> {
    let mut shares = vec![
        (ShareKind::Accuracy, accuracy_share(here)),
        (ShareKind::Invalid, invalid_share(here)),
    ];
    if let Some(english) = english {
        let pair = PairedItems::new(english, here).expect("a collection is aligned");
        shares.push((ShareKind::EnCo, en_co_share(pair)));
        shares.push((ShareKind::Overlap, correct_overlap_share(pair)));
        shares.push((ShareKind::Elsewhere, english_elsewhere_share(pair)));
    }
    shares
}

/// What letters alone give: accuracies by the right option's place, and in English how many items stand there.
fn places(here: &[JudgedAnswer], is_english: bool, choices: usize) -> Vec<(ShareKind, Share)> {
    let mut shares = Vec::new();
    for place in (0..=u8::MAX).take(choices) {
        shares.push((ShareKind::AccuracyAt(place), accuracy_at_share(here, place)));
        if is_english {
            shares.push((ShareKind::Place(place), place_share(here, place)));
        }
    }
    shares
}

fn judged(predictions: &[Prediction]) -> Vec<JudgedAnswer> {
    predictions.iter().map(Prediction::judged).collect()
}
