//! `samples_<task>_<language>_<time>.jsonl` of lm-evaluation-harness, as `--log_samples` writes
//! them into a folder for each model.

use crate::metrics::Answer;
use crate::predictions::{
    Collection, Prediction, PredictionError, PredictionKey,
    folder::{EntryKind, FolderEntry, last_name},
    item_sha256,
    jsonl::{self, BlankLines, invalid},
};
use clika_base::types::{FilePosition, LanguageCode};
use clika_datasets::Task;
use serde::Deserialize;
use serde_json::Value;
use std::{cmp::Ordering, collections::BTreeMap, path::Path};

const EXPECTED: &str = "each line is a sample of a multiple_choice task: an object with `doc_id`, `target` (the \
     right choice: its position from 0, or its letter from A) and `filtered_resps`, a list of \
     [log-probability, is_greedy] for each choice; acc_mutual_info doubles that list: leave the metric out";

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

/// Reads every file of samples among the files found; the folder of each is its model.
pub(crate) fn read(
    found: &[FolderEntry],
    collection: &mut Collection,
) -> Result<(), PredictionError> {
    let mut newest = BTreeMap::<PredictionKey, (String, &Path)>::new();
    for entry in found {
        if entry.kind == EntryKind::LinkToFolder {
            collection.not_read(&entry.path, "a link to a folder");
            continue;
        }
        let name = entry.name.strip_prefix("samples_");
        let Some(name) = name.and_then(|name| name.strip_suffix(".jsonl")) else {
            continue;
        };
        let (task, language, time) = match parts(name) {
            Ok(parts) => parts,
            Err(why) => {
                collection.not_read(&entry.path, &why);
                continue;
            }
        };
        let folder = entry.path.parent().unwrap_or(Path::new("."));
        let key = PredictionKey {
            // The harness makes a folder of `org/name` this way.
            model: last_name(folder)?.replace("__", "/"),
            task,
            language,
        };
        let Some((other, file)) = newest.get_mut(&key) else {
            newest.insert(key, (time, &entry.path));
            continue;
        };
        // Of several runs the newest counts, by the time in the name, wherever the files lie.
        let superseded = match time.cmp(other) {
            Ordering::Equal => {
                return Err(PredictionError::Twice {
                    model: key.model,
                    task: key.task,
                    language: key.language,
                    first: file.to_owned(),
                    second: entry.path.clone(),
                });
            }
            Ordering::Less => &entry.path,
            Ordering::Greater => {
                *other = time;
                std::mem::replace(file, &entry.path)
            }
        };
        collection.not_read(superseded, "there is a newer run");
    }
    let mut without_clusters = BTreeMap::<String, (usize, &Path)>::new();
    for (key, (_, path)) in newest {
        let (predictions, clusters) = predictions(path, key.task)?;
        if !clusters {
            let (count, _) = without_clusters
                .entry(key.model.clone())
                .or_insert((0, path));
            *count += 1;
        }
        collection.insert_from(key, predictions, path.to_owned())?;
    }
    for (model, (count, path)) in without_clusters {
        let name = collection.name_of(path);
        collection.notice(format!(
            "{model}: `doc` has no `cluster_id` in {count} of its files, such as {name}, so that every such item is \
             drawn on its own"
        ));
    }
    Ok(())
}

/// The parts of `xgeo_de_2026-11-23T12-00-00.000000`, with or without a prefix such as `clika_`; or
/// what is missing. A name without time counts as older than one with.
fn parts(name: &str) -> Result<(Task, LanguageCode, String), String> {
    let known = |part: &str| Task::named(part);
    let mut parts = name.split('_').skip_while(|part| known(part).is_none());
    let Some(task) = parts.next().and_then(known) else {
        return Err("the name holds no task of ours".to_owned());
    };
    let Some(language) = parts.next() else {
        return Err(format!("no language follows {task} in the name"));
    };
    let language = LanguageCode::try_from(language.to_owned())
        .map_err(|problem| format!("no language follows {task} in the name: {problem}"))?;
    let time = parts.collect::<Vec<_>>().join("_");
    if time.contains('_') || !(time.is_empty() || time.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(format!("`{time}` after the language is no time of a run"));
    }
    Ok((task, language, time))
}

/// The predictions of a file, and whether every item names its cluster.
fn predictions(path: &Path, task: Task) -> Result<(Vec<Prediction>, bool), PredictionError> {
    let lines = jsonl::read::<Sample>(path, BlankLines::Skipped, EXPECTED)?.records;
    let mut predictions = Vec::new();
    for (at, sample) in &lines {
        predictions.push(prediction(sample, task, at)?);
    }
    let items = lines.iter().zip(&predictions);
    jsonl::check_distinct(
        items.map(|((at, _), p): (&(FilePosition, Sample), _)| (at, p.item_id.as_str())),
    )?;
    let clusters = lines
        .iter()
        .all(|(_, sample)| sample.text("cluster_id").is_some());
    Ok((predictions, clusters))
}

impl Sample {
    /// A text or number of the document.
    fn text(&self, name: &str) -> Option<String> {
        match self.doc.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) | None => None,
        }
    }

    /// What was asked, where the document is a row of ours.
    fn item_sha256(&self) -> Option<String> {
        let text = |name: &str| self.doc.get(name).and_then(Value::as_str);
        let choices = self.doc.get("choices")?.as_array()?.iter();
        let choices: Option<Vec<_>> = choices.map(|it| Some(it.as_str()?.to_owned())).collect();
        Some(item_sha256(
            text("premise"),
            text("question")?,
            text("relation"),
            &choices?,
        ))
    }
}

fn prediction(
    sample: &Sample,
    task: Task,
    at: &FilePosition,
) -> Result<Prediction, PredictionError> {
    let wrong = |problem: &str| invalid(at.clone(), problem, EXPECTED);
    let (found, choices) = (sample.filtered_resps.len(), task.choices());
    if found != choices {
        return Err(wrong(&format!(
            "`filtered_resps` has {found} entries, and {task} has {choices} choices"
        )));
    }
    let scores: Option<Vec<f64>> = sample
        .filtered_resps
        .iter()
        .map(|response| number(response.get(0)?))
        .collect();
    let Some(scores) = scores else {
        return Err(wrong("`filtered_resps` holds no log-probabilities"));
    };
    if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
        return Err(wrong(&format!("the log-probability {score} is not finite")));
    }
    if let Some(Value::Array(there)) = sample.doc.get("choices")
        && there.len() != found
    {
        let there = there.len();
        return Err(wrong(&format!(
            "`filtered_resps` has {found} entries, and `doc` has {there} choices"
        )));
    }
    check_probabilities(&scores).map_err(|problem| wrong(&problem))?;
    let Some(label) = position(&sample.target, choices) else {
        return Err(wrong(&format!(
            "`target` {} is neither a position nor a letter among {choices} choices",
            sample.target
        )));
    };
    if let Some(of_doc) = sample.doc.get("label")
        && position(of_doc, choices) != Some(label)
    {
        return Err(wrong(&format!(
            "`target` is {}, and the `label` of `doc` is {of_doc}",
            sample.target
        )));
    }
    // The first of equal scores, as the harness' own accuracy takes it.
    let (choice, _) =
        (0u8..)
            .zip(&scores)
            .fold((0, f64::NEG_INFINITY), |best, (position, &score)| {
                if score > best.1 {
                    (position, score)
                } else {
                    best
                }
            });
    let item_id = sample
        .text("id")
        .unwrap_or_else(|| sample.doc_id.to_string());
    Ok(Prediction {
        cluster_id: sample.text("cluster_id").unwrap_or_else(|| item_id.clone()),
        item_id,
        answer: Answer::Choice(choice),
        scores: Some(scores),
        response: None,
        label,
        item_sha256: sample.item_sha256(),
        prompt_sha256: None,
    })
}

/// The most that the probabilities of an item's choices add up to: 1, and what rounding adds.
const MOST: f64 = 1.01;

/// Refuses scores that are not log-probabilities of choices that exclude each other.
fn check_probabilities(scores: &[f64]) -> Result<(), String> {
    if let Some(score) = scores.iter().find(|&&score| score.exp() > MOST) {
        return Err(format!(
            "the log-probability {score} is above 0, which is impossible"
        ));
    }
    let sum: f64 = scores.iter().map(|score| score.exp()).sum();
    if sum <= MOST {
        return Ok(());
    }
    Err(format!(
        "the choices' probabilities add up to {sum:.3}, and 1 is the most: the harness gives a letter that merges with \
         the end of the prompt the log-probability 0"
    ))
}

/// A position from 0 as a number or text, or a letter from A.
fn position(value: &Value, choices: usize) -> Option<u8> {
    let position = match value {
        Value::Number(number) => u8::try_from(number.as_u64()?).ok()?,
        Value::String(text) => match text.trim().as_bytes() {
            [letter @ b'A'..=b'Z'] => letter - b'A',
            _ => text.trim().parse().ok()?,
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (usize::from(position) < choices).then_some(position)
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
