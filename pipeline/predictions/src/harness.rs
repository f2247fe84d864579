//! `samples_<task>_<language>_<time>.jsonl` of lm-evaluation-harness, as `--log_samples` writes
//! them into a folder for each model.

use crate::{
    Collection, Key, Prediction, PredictionError,
    jsonl::{self, invalid},
};
use clika_core::{LanguageCode, Place, Task};
use clika_metrics::Answer;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

const EXPECTED: &str = "each line is a sample of a multiple_choice task: an object with `doc_id`, \
     `target` and `filtered_resps`, a list of [log-probability, is_greedy] for each choice";

/// A sample; the harness writes numbers as numbers or as texts, by version.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Sample {
    doc_id: u64,
    #[serde(default)]
    doc: BTreeMap<String, Value>,
    target: Value,
    filtered_resps: Vec<Value>,
}

/// Reads every file of samples in the folder and in its folders, of which each is a model.
pub(crate) fn read(folder: &Path) -> Result<Collection, PredictionError> {
    let mut newest = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| PredictionError::Unreadable {
            path: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some((task, language)) = task_and_language(&path) {
                let model = folder
                    .file_name()
                    .map_or_else(Default::default, |name| name.to_string_lossy());
                let key = Key {
                    // The harness makes a folder of `org/name` this way.
                    model: model.replace("__", "/"),
                    task,
                    language,
                };
                // Names end in the time of the run: of several runs the newest counts.
                let file = newest.entry(key).or_insert_with(|| path.clone());
                if path > *file {
                    *file = path;
                }
            }
        }
    }
    let mut collection = Collection::default();
    for (key, path) in newest {
        let predictions = predictions(&path)?;
        collection.insert_from(key, predictions, path);
    }
    Ok(collection)
}

/// `samples_xgeo_de_2026-11-23T12-00-00.000000.jsonl`, with or without a prefix such as `clika_`.
fn task_and_language(path: &Path) -> Option<(Task, LanguageCode)> {
    let name = path
        .file_name()?
        .to_str()?
        .strip_prefix("samples_")?
        .strip_suffix(".jsonl")?;
    let mut parts = name
        .split('_')
        .skip_while(|part| !Task::ALL.iter().any(|task| task.name() == *part));
    let task = parts.next()?;
    let task = Task::ALL.into_iter().find(|known| known.name() == task)?;
    let language = LanguageCode::try_from(parts.next()?.to_owned()).ok()?;
    Some((task, language))
}

fn predictions(path: &Path) -> Result<Vec<Prediction>, PredictionError> {
    let lines = jsonl::read::<Sample>(path, EXPECTED)?.records;
    let mut predictions = Vec::new();
    for (place, sample) in &lines {
        predictions.push(prediction(sample, place)?);
    }
    let items = lines.iter().zip(&predictions);
    jsonl::check_distinct(
        items.map(|((place, _), p): (&(Place, Sample), _)| (place, p.item_id.as_str())),
    )?;
    Ok(predictions)
}

fn prediction(sample: &Sample, place: &Place) -> Result<Prediction, PredictionError> {
    let scores: Option<Vec<f64>> = sample
        .filtered_resps
        .iter()
        .map(|response| number(response.get(0)?))
        .collect();
    let scores = match scores {
        Some(scores) if scores.len() > 1 && scores.iter().all(|score| !score.is_nan()) => scores,
        _ => {
            return Err(invalid(
                place.clone(),
                "`filtered_resps` holds no log-probabilities",
                EXPECTED,
            ));
        }
    };
    let label = number(&sample.target)
        .filter(|label| label.fract() == 0.0 && (0.0..scores.len() as f64).contains(label));
    let Some(label) = label else {
        return Err(invalid(
            place.clone(),
            &format!(
                "`target` {} is no position among {} choices",
                sample.target,
                scores.len()
            ),
            EXPECTED,
        ));
    };
    // The first of equal scores, as the harness' own accuracy takes it.
    let choice =
        (0..scores.len()).fold(0, |best, i| if scores[i] > scores[best] { i } else { best });
    let text = |name: &str| match sample.doc.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) | None => None,
    };
    let item_id = text("id").unwrap_or_else(|| sample.doc_id.to_string());
    Ok(Prediction {
        cluster_id: text("cluster_id").unwrap_or_else(|| item_id.clone()),
        item_id,
        answer: Answer::Choice(u8::try_from(choice).expect("an item has few choices")),
        scores: Some(scores),
        response: None,
        label: label as u8,
    })
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
