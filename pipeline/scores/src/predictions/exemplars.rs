//! Items that runs with exemplars do not ask: what is compared is what all have asked.

use crate::predictions::{Collection, PredictionKey};
use clika_datasets::Task;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The ids of the items that a run set aside for its exemplars.
pub(crate) fn set_aside(run: Option<&Value>) -> BTreeSet<&str> {
    let ids = run.and_then(|run| run["exemplars"]["set_aside"].as_array());
    ids.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// How many exemplars a run showed, and their seed: `2 exemplars, seed 0`.
pub(crate) fn shots_of(run: &Value) -> String {
    match (
        run["shots"]["count"].as_u64(),
        run["shots"]["seed"].as_u64(),
    ) {
        (Some(1), Some(seed)) => format!("1 exemplar, seed {seed}"),
        (Some(count), Some(seed)) => format!("{count} exemplars, seed {seed}"),
        _ => "no exemplars".to_owned(),
    }
}

/// Takes out of every file what a run on the same task set aside, and says so. Returns the items, by task.
pub(crate) fn leave_out(collection: &mut Collection) -> BTreeMap<Task, BTreeSet<String>> {
    let mut aside = BTreeMap::<Task, BTreeSet<String>>::new();
    for (key, _) in collection.iter() {
        let ids = set_aside(collection.run(key))
            .into_iter()
            .map(str::to_owned);
        aside.entry(key.task).or_default().extend(ids);
    }
    let mut left_out = BTreeMap::<Task, BTreeSet<String>>::new();
    let keys: Vec<PredictionKey> = collection.iter().map(|(key, _)| key.clone()).collect();
    for key in keys {
        let Some(aside) = aside.get(&key.task) else {
            continue;
        };
        for id in collection.take_out(&key, aside) {
            left_out.entry(key.task).or_default().insert(id);
        }
    }
    for (task, items) in &left_out {
        collection.notice(format!(
            "{} items of {task} are left out of every file, because a run set them aside for its exemplars",
            items.len()
        ));
    }
    left_out
}

/// Says which models were shown exemplars.
pub(crate) fn note_shots(collection: &mut Collection) {
    let shown: BTreeSet<(String, String)> = collection
        .iter()
        .filter_map(|(key, _)| {
            let run = collection.run(key).filter(|run| !run["shots"].is_null())?;
            Some((key.model.clone(), shots_of(run)))
        })
        .collect();
    for (model, shots) in shown {
        collection.notice(format!("{model} was asked after {shots}"));
    }
}
