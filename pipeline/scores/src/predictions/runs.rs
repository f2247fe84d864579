//! Whether predictions under one name are of one model, asked in one way, on one version of each dataset.

use crate::metrics::top_letter;
use crate::predictions::{Collection, Prediction, PredictionError, PredictionKey};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a run records without being another model or another way of asking for it. Everything else that describes a
/// run has to be equal among predictions of one name: a field that is not listed here distinguishes runs.
///
/// Model, revision and adapter are names; their files have hashes of their own. Exemplars are of one dataset, and are
/// compared where it is.
const RECORDS: [&str; 13] = [
    "adapter",
    "dataset",
    "dataset_sha256",
    "device",
    "exemplars",
    "format_comment",
    "letters_probability",
    "limit",
    "model",
    "pilot",
    "revision",
    "separator",
    "thought",
];

/// Below this share of the probability, the options' letters do not stand for what a model would answer.
pub const LEAST_PROBABILITY: f64 = 0.5;

/// Of a model's sets whose letters held little of the probability where the answer was read: which, and how much.
pub fn weak_letters(collection: &Collection, model: &str) -> Option<String> {
    let of_model = collection.iter().filter(|(key, _)| key.model == model);
    let weak: Vec<String> = of_model
        .filter_map(|(key, _)| {
            let share = collection.run(key)?["letters_probability"].as_f64()?;
            (share < LEAST_PROBABILITY)
                .then(|| format!("{} in {} {share:.2}", key.task, key.language))
        })
        .collect();
    let sets = (!weak.is_empty()).then(|| weak.join(", "))?;
    Some(format!(
        "{model}: the option letters held little of the probability where the answer was read ({sets}), so that what was \
         compared is not what the model would have written"
    ))
}

/// From this share of the answers on, one letter is nearly every answer.
const NEARLY_ALL: f64 = 0.9;
/// Fewer answers may be one letter by chance.
const FEWEST: usize = 10;

/// A letter that nearly every answer is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OneLetter {
    /// The letter of the option.
    pub letter: char,
    /// Its share of the answers, in 0.9 to 1.
    pub share: f64,
}

impl fmt::Display for OneLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.1} %", self.letter, 100.0 * self.share)
    }
}

/// The letter that nearly every answer is, although right options stand elsewhere, too.
pub fn one_letter(predictions: &[Prediction]) -> Option<OneLetter> {
    let items = predictions.len();
    let (place, count) = top_letter(predictions.iter().map(|it| it.answer))?;
    let right = predictions.iter().filter(|it| it.label == place).count();
    let share = |count: usize| count as f64 / items as f64;
    let one = items >= FEWEST && share(count) >= NEARLY_ALL && share(right) < NEARLY_ALL;
    one.then(|| OneLetter {
        letter: char::from(b'A'.saturating_add(place)),
        share: share(count),
    })
}

/// Of a model's sets in which one letter is nearly every answer: which, and how often it is.
pub fn one_letter_answers(collection: &Collection, model: &str) -> Option<String> {
    let of_model = collection.iter().filter(|(key, _)| key.model == model);
    let found: Vec<String> = of_model
        .filter_map(|(key, predictions)| {
            let letter = one_letter(predictions)?;
            Some(format!("{} in {} {letter}", key.task, key.language))
        })
        .collect();
    let sets = (!found.is_empty()).then(|| found.join(", "))?;
    Some(format!(
        "{model}: nearly every answer is one letter ({sets}), so that accuracy and en-CO say where right options stand; \
         `en_co_beyond_letters` leaves that out"
    ))
}

/// What is said of a value that an older version did not record.
const NOT_RECORDED: &str = "not recorded";

/// What differs between two runs that were described, in words; `None` where predictions of both may stand under one name.
pub fn difference(one: &Value, other: &Value) -> Option<String> {
    let keys = |run: &Value| -> Vec<String> {
        let fields = run.as_object().into_iter().flatten();
        fields.map(|(key, _)| key.clone()).collect()
    };
    let all: BTreeSet<String> = [keys(one), keys(other)].concat().into_iter().collect();
    let differing: Vec<&String> = all
        .iter()
        .filter(|key| !RECORDS.contains(&key.as_str()) && one[key.as_str()] != other[key.as_str()])
        .collect();
    let shown = |key: &str, value: &Value| match value {
        // What shows no exemplars does not say so.
        Value::Null if key == "shots" => "none".to_owned(),
        value => shown(value),
    };
    let said = |key: &str| {
        let (one, other) = (shown(key, &one[key]), shown(key, &other[key]));
        format!("`{key}` is {one} and {other}")
    };
    // Of another version of the scoring everything may differ, and nothing else need be said.
    let scoring = differing.iter().find(|key| **key == "scoring_version");
    match scoring {
        Some(key) => Some(said(key)),
        None if differing.is_empty() => None,
        None => Some(
            differing
                .iter()
                .map(|key| said(key))
                .collect::<Vec<_>>()
                .join(", "),
        ),
    }
}

/// Whether two runs are known to be on different versions of a dataset.
pub fn other_dataset(one: &Value, other: &Value) -> bool {
    // Equal rows are one version, whatever else was built with them.
    let key = ["dataset_sha256", "dataset"]
        .into_iter()
        .find(|key| !one[key].is_null() && !other[key].is_null());
    key.is_some_and(|key| one[key] != other[key])
}

/// Whether two runs are known to have asked other questions in a language, although one has no hashes of them: only
/// versions of clika before there were hashes recorded the dataset and not its items.
pub(crate) fn other_questions(
    one: (&Collection, &PredictionKey),
    other: (&Collection, &PredictionKey),
) -> bool {
    let unhashed = |(collection, key): (&Collection, &PredictionKey)| {
        let answers = collection.get(&key.model, key.task, &key.language);
        let mut answers = answers.into_iter().flatten();
        answers.any(|it| it.item_sha256.is_none())
    };
    match (one.0.run(one.1), other.0.run(other.1)) {
        (Some(run), Some(its_run)) => {
            other_dataset(run, its_run) && (unhashed(one) || unhashed(other))
        }
        (None, _) | (_, None) => false,
    }
}

/// A value in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => NOT_RECORDED.to_owned(),
        Value::String(hash) if hash.len() == 64 && hash.is_ascii() => format!("`{}…`", &hash[..12]),
        Value::String(text) => format!("`{text}`"),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            format!("`{value}`")
        }
    }
}

/// Fails where one name stands for several runs that differ, or for several versions of a dataset.
pub(crate) fn check(collection: &Collection) -> Result<(), PredictionError> {
    let mut first = BTreeMap::<&str, (&PredictionKey, &Value)>::new();
    let mut first_of_task = BTreeMap::<(&str, Task), (&PredictionKey, &Value)>::new();
    let mut first_of_language = BTreeMap::<(Task, &LanguageCode), &PredictionKey>::new();
    for (key, _) in collection.iter() {
        // Imported logs say nothing about their runs.
        let Some(run) = collection.run(key) else {
            continue;
        };
        let (other, its_run) = *first.entry(&key.model).or_insert((key, run));
        if let Some(difference) = difference(its_run, run) {
            return Err(PredictionError::Mixed {
                first: Box::new(other.clone()),
                second: Box::new(key.clone()),
                difference,
            });
        }
        let of_task = (key.model.as_str(), key.task);
        let (other, its_run) = *first_of_task.entry(of_task).or_insert((key, run));
        if other_dataset(its_run, run) {
            return Err(other_version(other, key));
        }
        if its_run["exemplars"] != run["exemplars"] {
            return Err(PredictionError::Mixed {
                first: Box::new(other.clone()),
                second: Box::new(key.clone()),
                difference: "other exemplars were shown".to_owned(),
            });
        }
        let of_language = (key.task, &key.language);
        let other = *first_of_language.entry(of_language).or_insert(key);
        if other_questions((collection, other), (collection, key)) {
            return Err(other_version(other, key));
        }
    }
    Ok(())
}

fn other_version(first: &PredictionKey, second: &PredictionKey) -> PredictionError {
    PredictionError::OtherDataset {
        first: Box::new(first.clone()),
        second: Box::new(second.clone()),
    }
}
