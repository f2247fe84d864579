//! The data that the page's scripts read: items with their answers, and the places of fine-tuning runs.
//!
//! It lies in the page as two compressed blocks, because a page that is opened from disk may not fetch files. JSON has
//! what is text; an answer is a byte, and so is a choice's score.

mod answers;
mod items;
mod places;

use crate::sources::Sources;
use base64::{Engine, engine::general_purpose::STANDARD};
use clika_base::types::WritingDirection;
use clika_datasets::Task;
use flate2::{Compression, write::GzEncoder};
use items::ItemSets;
use serde_json::{Value, json};
use std::{collections::BTreeSet, io::Write};

/// The two blocks, compressed and in base64, and what is said of them.
pub(crate) struct BrowserData {
    /// Languages, tasks, models, items, answers and places.
    pub(crate) json: String,
    /// Answers and scores.
    pub(crate) bytes: String,
    /// The most characters of what a model wrote that are kept.
    pub(crate) cut: usize,
    /// Items with answers.
    pub(crate) items: usize,
    /// Items whose question is not known in some language.
    pub(crate) unknown: usize,
}

impl BrowserData {
    pub(crate) fn new(sources: &Sources) -> Self {
        let models: Vec<String> = sources.models().map(|(_, _, shown)| shown).collect();
        let languages = sources.answered_languages();
        let tasks: Vec<Task> = Task::all().collect();
        let sets = ItemSets::new(sources, &languages);
        let cut = answers::affordable(sources);
        let packed = answers::Packed::new(sources, &sets, &languages, cut);
        let shown = |codes: &[&str]| -> Vec<Value> {
            codes.iter().map(|code| language(sources, code)).collect()
        };
        let tasks = tasks.iter().map(|task| {
            let choices = task.choices();
            json!({ "name": task.name(), "choices": choices, "chance": 1.0 / choices as f64 })
        });
        let object = json!({
            "languages": shown(&languages),
            "others": shown(&others(sources)),
            "tasks": tasks.collect::<Vec<Value>>(),
            "models": models,
            "sets": sets.json(),
            "answers": packed.entries,
            "trainings": places::trainings(sources),
        });
        Self {
            json: compressed(object.to_string().as_bytes()),
            bytes: compressed(&packed.bytes),
            cut,
            items: sets.items(),
            unknown: sets.unknown(),
        }
    }
}

/// A language as the scripts know it.
fn language(sources: &Sources, code: &str) -> Value {
    let language = sources.language(code);
    let direction = match language.direction {
        WritingDirection::Ltr => "ltr",
        WritingDirection::Rtl => "rtl",
    };
    json!({ "code": code, "name": language.english, "own": language.own, "direction": direction })
}

/// The languages of fine-tuning runs that nobody answered items in.
fn others(sources: &Sources) -> Vec<&str> {
    let runs = sources.experiments.iter().flat_map(|it| &it.recorded.runs);
    let mut codes: BTreeSet<&str> = runs
        .flat_map(|run| [run.result.source.as_str(), run.result.target.as_str()])
        .collect();
    for answered in sources.answered_languages() {
        codes.remove(answered);
    }
    sources.in_order(codes)
}

/// Bytes as base64 of gzip.
fn compressed(bytes: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .expect("writing to memory succeeds");
    STANDARD.encode(encoder.finish().expect("writing to memory succeeds"))
}
