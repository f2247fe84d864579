//! What every place of a fine-tuning run was answered with, before and after.

use crate::{
    browser::answers::shortened,
    sources::{ExperimentSource, Sources},
};
use clika_finetune::{AnswerRecord, RecordedRun, Split};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most characters of a written answer.
const CUT: usize = 200;

/// The runs of each model; several folders may hold runs of one.
pub(super) fn trainings(sources: &Sources) -> Vec<Value> {
    let mut of_models: Vec<(&str, Vec<Value>)> = Vec::new();
    for ExperimentSource { name, recorded } in &sources.experiments {
        let runs = recorded.runs.iter().map(run);
        match of_models.iter_mut().find(|(model, _)| model == name) {
            Some((_, of_model)) => of_model.extend(runs),
            None => of_models.push((name, runs.collect())),
        }
    }
    let trainings = of_models.into_iter();
    trainings
        .map(|(name, runs)| json!({ "name": name, "runs": runs }))
        .collect()
}

fn run(run: &RecordedRun) -> Value {
    let result = &run.result;
    let by_mode = |of: fn(&clika_finetune::AnswerMethodResult) -> Value| -> Map<String, Value> {
        let modes = result.modes.iter();
        modes
            .map(|it| (it.mode.name().to_owned(), of(it)))
            .collect()
    };
    let names = run.names();
    let mut places: BTreeMap<&str, Vec<&AnswerRecord>> = BTreeMap::new();
    for answer in &run.answers {
        places.entry(&answer.entity).or_default().push(answer);
    }
    let places: Vec<Value> = places
        .into_iter()
        .map(|(entity, answers)| {
            let of_place = names.get(entity);
            json!({
                "entity": entity,
                "type": answers.iter().find_map(|it| it.type_),
                "names": of_place,
                "likeness": of_place.and_then(|names| run.likeness(names)),
                "answers": answers.iter().map(|it| answer(it)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "pair": result.pair,
        "seed": result.seed,
        "source": result.source,
        "target": result.target,
        "control": result.control,
        "gates": by_mode(|it| json!(it.gate.passed)),
        "xrr": by_mode(|it| json!(it.conductivity.xrr.value)),
        "places": places,
    })
}

fn answer(it: &AnswerRecord) -> Value {
    let (when, split) = match &it.split {
        Split::Recall => ("before", "recall"),
        Split::Gate => ("after", "gate"),
        Split::Test => ("after", "test"),
        Split::ControlTest(name) => ("after", name.as_str()),
    };
    json!({
        "when": when,
        "split": split,
        "kind": it.kind,
        "mode": it.mode,
        "language": it.language,
        "gold": it.gold,
        "answer": shortened(&it.answer, CUT),
        "right": it.right,
    })
}
