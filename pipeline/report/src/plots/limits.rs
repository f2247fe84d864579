//! What a figure can and cannot show, in sentences with this report's numbers.

use crate::sources::Sources;
use crate::tables::modes;
use clika_scores::metrics::detectable_difference;
use std::collections::BTreeSet;

/// The share of items that one of two models has right alone, for an idea of what can be found.
const DISCORDANT: f64 = 0.2;

/// What items and intervals allow to tell apart.
pub(super) fn of_answers(sources: &Sources) -> Vec<String> {
    let mut limits = Vec::new();
    let mut sizes: BTreeSet<(&str, usize)> = BTreeSet::new();
    for source in &sources.answers {
        for (key, answers) in source.collection.iter() {
            sizes.insert((key.task.name(), answers.len()));
        }
    }
    let found: Vec<String> = sizes
        .into_iter()
        .map(
            |(task, items)| match detectable_difference(items, DISCORDANT, 0.05, 0.8) {
                Some(least) => format!("{task} ({items} items) from {least:.3} on"),
                None => format!("{task} ({items} items) none"),
            },
        )
        .collect();
    if !found.is_empty() {
        limits.push(format!(
            "Differences that a paired test at 5 % finds with 80 % power, where two models differ on a fifth of the items: {}. \
             Smaller ones may be there and not be seen.",
            found.join("; ")
        ));
    }
    limits.push(
        "Intervals that overlap do not mean that two models are equal: they answered the same items, so that `clika compare` \
         and the tables of comparisons tell more."
            .to_owned(),
    );
    limits
}

/// Where letters are not what a model would write.
pub(crate) fn letters(sources: &Sources) -> Option<String> {
    let mut weak: BTreeSet<String> = BTreeSet::new();
    for source in &sources.answers {
        for model in source.collection.models() {
            if clika_scores::predictions::weak_letters(&source.collection, model).is_some() {
                weak.insert(source.shown(model));
            }
        }
    }
    let weak: Vec<String> = weak.into_iter().collect();
    (!weak.is_empty()).then(|| {
        format!(
            "Of {} the option letters held less than half of the probability in some language, so that what was compared is not \
             what the model would have written; the shares stand under Provenance.",
            weak.join(", ")
        )
    })
}

/// What a gate and the likeness of names say about conductivity.
pub(super) fn of_runs(sources: &Sources) -> Vec<String> {
    let (mut runs, mut failed, mut places) = (0, 0, BTreeSet::new());
    for (_, _, mode) in modes(sources) {
        runs += 1;
        failed += usize::from(!mode.gate.passed);
        places.insert(mode.conductivity.places);
    }
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    let mut limits = vec![
        format!(
            "The gate failed in {failed} of {runs} (a run with one way of answering). A failed gate says that the training did \
             not work; what then does not cross says nothing about languages."
        ),
        format!(
            "Each score is of {} places, so that its interval is wide: single languages are hard to tell apart.",
            places.join(" or ")
        ),
        "Names that look alike in two languages can carry a fact by spelling alone. `cognate` has equal names, `alias` unrelated \
         ones in the same language: languages lie between these ends, and their likeness has to be read with the score."
            .to_owned(),
        "A guess is right as often as chance says; `random-label` asks for shuffled facts and has to lie there.".to_owned(),
    ];
    if sources
        .experiments
        .iter()
        .all(|it| it.recorded.runs.len() < 2)
    {
        limits.push(
            "One training a language does not show how much another seed would differ.".to_owned(),
        );
    }
    limits
}
