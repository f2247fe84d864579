//! Every file of a task holds the same items, and a language's items are the same questions in every file.

use crate::predictions::{Prediction, PredictionError, PredictionKey};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// An item as every file has to have it.
struct AlignedItem {
    id: String,
    label: u8,
    cluster: String,
}

/// Brings every file of a task into the order of the first model's first language.
pub(crate) fn align(
    collected: &mut BTreeMap<PredictionKey, Vec<Prediction>>,
    files: &BTreeMap<PredictionKey, PathBuf>,
) -> Result<(), PredictionError> {
    let mut orders = BTreeMap::<Task, (PredictionKey, Vec<AlignedItem>)>::new();
    let file = |key: &PredictionKey| match files.get(key) {
        Some(path) => path.display().to_string(),
        None => key.to_string(),
    };
    for (key, predictions) in collected.iter_mut() {
        let (first, order) = orders.entry(key.task).or_insert_with(|| {
            let order = predictions.iter().map(|prediction| AlignedItem {
                id: prediction.item_id.clone(),
                label: prediction.label,
                cluster: prediction.cluster_id.clone(),
            });
            (key.clone(), order.collect())
        });
        let differs = |difference: String| PredictionError::NotParallel {
            file: file(key),
            other: file(first),
            difference,
        };
        let mut by_id: BTreeMap<String, Prediction> = std::mem::take(predictions)
            .into_iter()
            .map(|prediction| (prediction.item_id.clone(), prediction))
            .collect();
        let missing = |id: &str, place: &PredictionKey, count, other| {
            differs(format!(
                "item {id} is missing in {}, which has {count} items; the other file has {other}",
                file(place)
            ))
        };
        let count = by_id.len();
        for item in order.iter() {
            let id = &item.id;
            if !by_id.contains_key(id) {
                return Err(missing(id, key, count, order.len()));
            }
        }
        if count > order.len() {
            let known: BTreeSet<_> = order.iter().map(|item| &item.id).collect();
            if let Some(id) = by_id.keys().find(|id| !known.contains(id)) {
                return Err(missing(id, first, order.len(), count));
            }
        }
        for item in order.iter() {
            let id = &item.id;
            let Some(prediction) = by_id.remove(id) else {
                return Err(differs(format!(
                    "item {id} occurs twice in the second file"
                )));
            };
            if prediction.label != item.label {
                return Err(differs(format!(
                    "the right choice of item {id} is number {} in the first file, {} in the second",
                    prediction.label, item.label
                )));
            }
            if prediction.cluster_id != item.cluster {
                return Err(differs(format!(
                    "item {id} is in cluster `{}` in the first file, in `{}` in the second",
                    prediction.cluster_id, item.cluster
                )));
            }
            predictions.push(prediction);
        }
    }
    same_questions(collected, &file)
}

/// Fails where an item's question or choices are not those that another file has in the same language.
fn same_questions(
    collected: &BTreeMap<PredictionKey, Vec<Prediction>>,
    file: &impl Fn(&PredictionKey) -> String,
) -> Result<(), PredictionError> {
    let mut asked = BTreeMap::<(Task, &LanguageCode, &str), (&str, &PredictionKey)>::new();
    for (key, predictions) in collected {
        for prediction in predictions {
            // What was recorded without hashes is named as unverified.
            let Some(hash) = prediction.item_sha256.as_deref() else {
                continue;
            };
            let item = (key.task, &key.language, prediction.item_id.as_str());
            let (first, other) = *asked.entry(item).or_insert((hash, key));
            if first != hash {
                return Err(PredictionError::OtherQuestion {
                    item: prediction.item_id.clone(),
                    file: file(key),
                    other: file(other),
                });
            }
        }
    }
    Ok(())
}
