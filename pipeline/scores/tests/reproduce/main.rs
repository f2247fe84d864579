//! The paper's tables: on the release, and on a handful of answers worked out by hand.

#![allow(clippy::explicit_write, clippy::unwrap_used)]

mod by_hand;
mod release;

use clika_base::types::{LanguageCode, NoProgress};
use clika_datasets::Task;
use clika_scores::metrics::{Answer, IntervalMethod};
use clika_scores::predictions::{Collection, Prediction, PredictionKey};
use clika_scores::report::{
    IntervalKind, Paper, PaperCell, Reproduction, Score, Uncertainty, reproduce,
};
use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn paper() -> Paper {
    Paper::load(&repository().join("reference/paper")).unwrap()
}

fn uncertainty(resamples: usize) -> Uncertainty {
    Uncertainty {
        resamples,
        seed: 1,
        level: 0.95,
        interval: IntervalKind::Percentile,
    }
}

fn release() -> Option<Collection> {
    let folder = repository().join("../shared/reference/CLiKA");
    if folder.is_dir() {
        return Some(Collection::read(&folder).unwrap());
    }
    // Written past the test harness, which hides what a passing test prints.
    writeln!(
        std::io::stderr(),
        "SKIPPED: no release in {}",
        folder.display()
    )
    .unwrap();
    None
}

fn score<'a>(
    reproduction: &'a Reproduction,
    model: &str,
    task: Task,
    language: &str,
    metric: &str,
) -> &'a Score {
    reproduction
        .scores
        .iter()
        .find(|score| {
            (
                score.model.as_str(),
                score.task,
                score.language.as_str(),
                score.metric,
            ) == (model, task, language, metric)
        })
        .unwrap()
}

/// Items whose right choice is the first; `answers` holds a letter for each, `-` for none.
fn items(collection: &mut Collection, task: Task, language: &str, answers: &str) {
    let predictions = answers
        .chars()
        .enumerate()
        .map(|(item, letter)| Prediction {
            item_id: item.to_string(),
            cluster_id: item.to_string(),
            scores: None,
            answer: match letter {
                '-' => Answer::Invalid,
                letter => Answer::Choice(u8::try_from(u32::from(letter) - u32::from('A')).unwrap()),
            },
            response: None,
            label: 0,
            item_sha256: None,
            prompt_sha256: None,
        });
    let key = PredictionKey {
        model: "llama_13b".to_owned(),
        task,
        language: LanguageCode::try_from(language.to_owned()).unwrap(),
    };
    collection.insert(key, predictions.collect());
}
