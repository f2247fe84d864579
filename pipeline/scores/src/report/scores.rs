//! Every score of every model, task and language.

use crate::metrics::{
    Answer, IntervalMethod, PairedItems, ac3, accuracy_share, consistency, rank_c, top_letter,
    worst_language_gap,
};
use crate::predictions::{Collection, Prediction};
use crate::report::{
    Paper, Uncertainty,
    expression::{Expression, PlaceShares},
    share_table::{IntervalEstimate, ShareKind, ShareTable},
};
use clika_base::types::Progress;
use clika_datasets::Task;
use serde::Serialize;

/// A score of a model on a task in a language.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The model.
    pub model: String,
    /// The task.
    pub task: Task,
    /// The language, or `all` for a score over the languages.
    pub language: String,
    /// The score's name, such as `accuracy`.
    pub metric: &'static str,
    /// The score; `null` where it is undefined.
    pub value: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// How the interval was made.
    pub method: Option<IntervalMethod>,
    /// The number of answers: items, or items times languages for a score over the languages.
    pub n: usize,
    /// Answers that were none; they count as wrong.
    pub invalid: usize,
}

/// The scores of everything in a collection, in its order.
///
/// - `accuracy`; `ra`, re-scaled with the paper's reference; `chance_rescaled`, without one
/// - with English: `en_co`, `en_co_corrected` for chance agreement, `en_co_beyond_letters` for preferred letters, too, `overlap` of
///   right answers (Jaccard), `rank_c` where the choices have scores
/// - `invalid_rate`, the share of answers that were none; without interval `top_letter`, the share of the letter that
///   is answered most often
/// - over the languages, without interval: `consistency` of all, `ac3`, `worst_language_gap`
pub(crate) fn scores(
    shares: &ShareTable<'_>,
    paper: &Paper,
    uncertainty: &Uncertainty,
    progress: &dyn Progress,
) -> Vec<Score> {
    let mut rows = Vec::new();
    let mut expressions = Vec::new();
    for (key, predictions) in shares.collection().iter() {
        let share = |kind| shares.share(&key.model, key.task, &key.language, kind);
        let mut add = |metric, expression| {
            rows.push(Score {
                model: key.model.clone(),
                task: key.task,
                language: key.language.to_string(),
                metric,
                value: None,
                low: None,
                high: None,
                method: None,
                n: predictions.len(),
                invalid: invalid(predictions),
            });
            expressions.push(expression);
        };
        let Some(accuracy) = share(ShareKind::Accuracy) else {
            continue;
        };
        let choices = key.task.choices();
        add("accuracy", Expression::Share(accuracy));
        if let Some(&reference) = paper.reference.reference_accuracy.get(&key.task) {
            add(
                "ra",
                Expression::Ra {
                    accuracy,
                    reference,
                    choices,
                },
            );
        }
        add(
            "chance_rescaled",
            Expression::AboveChance { accuracy, choices },
        );
        if let Some(invalid) = share(ShareKind::Invalid) {
            add("invalid_rate", Expression::Share(invalid));
        }
        if let (Some(consistency), Some(overlap)) =
            (share(ShareKind::EnCo), share(ShareKind::Overlap))
        {
            add("en_co", Expression::Share(consistency));
            if let (Some(english), Some(elsewhere)) = (
                shares.english(&key.model, key.task, ShareKind::Accuracy),
                share(ShareKind::Elsewhere),
            ) {
                add(
                    "en_co_corrected",
                    Expression::BeyondIndependence {
                        consistency,
                        english,
                        accuracy,
                        elsewhere,
                    },
                );
                let places = (0..=u8::MAX).take(choices).map(|place| {
                    Some(PlaceShares {
                        items: shares.english(&key.model, key.task, ShareKind::Place(place))?,
                        here: share(ShareKind::AccuracyAt(place))?,
                        english: shares.english(
                            &key.model,
                            key.task,
                            ShareKind::AccuracyAt(place),
                        )?,
                    })
                });
                if let Some(places) = places.collect() {
                    add(
                        "en_co_beyond_letters",
                        Expression::BeyondLetters {
                            consistency,
                            accuracy,
                            elsewhere,
                            places,
                        },
                    );
                }
            }
            add("overlap", Expression::Share(overlap));
        }
    }
    for (row, IntervalEstimate { value, interval }) in
        rows.iter_mut()
            .zip(shares.estimates(&expressions, uncertainty, ("scores", progress)))
    {
        row.value = value;
        row.low = interval.map(|interval| interval.low);
        row.high = interval.map(|interval| interval.high);
        row.method = interval.map(|interval| interval.method);
    }
    rows.extend(scores_without_interval(shares.collection()));
    rows
}

fn scores_without_interval(collection: &Collection) -> Vec<Score> {
    let mut scores = Vec::new();
    for model in collection.models() {
        for task in collection.tasks() {
            let languages: Vec<_> = collection
                .languages()
                .into_iter()
                .filter_map(|language| Some((language, collection.get(model, task, language)?)))
                .collect();
            if languages.is_empty() {
                continue;
            }
            let score = |language: &str, metric, value, predictions: &[&[Prediction]]| Score {
                model: model.to_owned(),
                task,
                language: language.to_owned(),
                metric,
                value,
                low: None,
                high: None,
                method: None,
                n: predictions
                    .iter()
                    .map(|predictions| predictions.len())
                    .sum(),
                invalid: predictions
                    .iter()
                    .map(|predictions| invalid(predictions))
                    .sum(),
            };
            for (language, predictions) in &languages {
                let top = top_letter(predictions.iter().map(|prediction| prediction.answer));
                let share = top.map(|(_, count)| count as f64 / predictions.len() as f64);
                scores.push(score(
                    language.as_str(),
                    "top_letter",
                    share,
                    &[predictions],
                ));
            }
            let english = languages
                .iter()
                .find(|(language, _)| language.as_str() == "en");
            if let Some((_, english)) = english {
                for (language, predictions) in &languages {
                    let pairs =
                        score_pairs(english, predictions).filter(|_| language.as_str() != "en");
                    if let Some(pairs) = pairs {
                        let value = rank_c(&pairs);
                        scores.push(score(language.as_str(), "rank_c", value, &[predictions]));
                    }
                }
            }
            let all: Vec<&[Prediction]> = languages
                .iter()
                .map(|(_, predictions)| *predictions)
                .collect();
            let accuracies: Vec<f64> = all
                .iter()
                .filter_map(|predictions| {
                    let judged: Vec<_> = predictions.iter().map(Prediction::judged).collect();
                    accuracy_share(&judged).value()
                })
                .collect();
            let answers: Vec<Vec<Answer>> = all
                .iter()
                .map(|predictions| predictions.iter().map(|p| p.answer).collect())
                .collect();
            let agreement = consistency(&answers, answers.len()).expect("a collection is aligned");
            let mean = (!accuracies.is_empty())
                .then(|| accuracies.iter().sum::<f64>() / accuracies.len() as f64);
            let both = mean
                .zip(agreement)
                .and_then(|(mean, agreement)| ac3(mean, agreement));
            scores.push(score("all", "consistency", agreement, &all));
            scores.push(score("all", "ac3", both, &all));
            scores.push(score(
                "all",
                "worst_language_gap",
                worst_language_gap(&accuracies),
                &all,
            ));
        }
    }
    scores
}

/// The choices' scores of two languages, item by item, where both have them throughout.
fn score_pairs<'a>(
    english: &'a [Prediction],
    other: &'a [Prediction],
) -> Option<Vec<PairedItems<'a, f64>>> {
    english
        .iter()
        .zip(other)
        .map(|(a, b)| PairedItems::new(a.scores.as_deref()?, b.scores.as_deref()?).ok())
        .collect()
}

fn invalid(predictions: &[Prediction]) -> usize {
    predictions
        .iter()
        .filter(|prediction| prediction.answer == Answer::Invalid)
        .count()
}
