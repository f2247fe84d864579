use crate::{PredictionError, harness, parquet, release};
use clika_core::{LanguageCode, Task};
use clika_metrics::{Answer, Judged};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// A model's recorded answer to one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The item, equal in every language.
    pub item_id: String,
    /// Items that share this are not independent.
    pub cluster_id: String,
    /// A score for each choice, the higher the better, where the model gave scores.
    pub scores: Option<Vec<f64>>,
    /// The choice, or that the answer was none.
    pub answer: Answer,
    /// What the model said, where it was recorded.
    pub response: Option<String>,
    /// The right choice, from 0.
    pub label: u8,
}

impl Prediction {
    /// The answer beside the right one.
    pub fn judged(&self) -> Judged {
        Judged {
            answer: self.answer,
            right: self.label,
        }
    }
}

/// Which predictions: a model on a task in a language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The model, as the source of the predictions names it.
    pub model: String,
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
}

/// Predictions of any number of models, parallel over the languages of each task.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    predictions: BTreeMap<Key, Vec<Prediction>>,
    /// Where predictions were read, for errors.
    files: BTreeMap<Key, PathBuf>,
}

impl Collection {
    /// Reads a folder in whatever form it is in: the paper's release, our Parquet files, or
    /// lm-evaluation-harness' samples.
    ///
    /// Fails on the first line that is wrong, on an empty file, on an item that stands twice, and
    /// where the languages of a model and task do not hold the same items.
    pub fn read(folder: &Path) -> Result<Self, PredictionError> {
        let mut collection = if release::is_release(folder) {
            release::read(folder)?
        } else {
            let mut found = parquet::read(folder)?;
            let samples = harness::read(folder)?;
            found.predictions.extend(samples.predictions);
            found.files.extend(samples.files);
            found
        };
        if collection.predictions.is_empty() {
            return Err(PredictionError::Nothing {
                path: folder.to_owned(),
            });
        }
        collection.align()?;
        Ok(collection)
    }

    /// Writes every prediction as `folder/<model>/<task>/<language>.parquet`, with a manifest for
    /// each model. A model appears whole or not at all.
    pub fn write(&self, folder: &Path, source: &str) -> Result<(), PredictionError> {
        parquet::write(self, folder, source)
    }

    /// Adds predictions.
    pub fn insert(&mut self, key: Key, predictions: Vec<Prediction>) {
        self.predictions.insert(key, predictions);
    }

    /// Adds predictions that were read from a file.
    pub(crate) fn insert_from(&mut self, key: Key, predictions: Vec<Prediction>, file: PathBuf) {
        self.files.insert(key.clone(), file);
        self.insert(key, predictions);
    }

    /// The predictions of a model on a task in a language.
    pub fn get(&self, model: &str, task: Task, language: &LanguageCode) -> Option<&[Prediction]> {
        let key = Key {
            model: model.to_owned(),
            task,
            language: language.clone(),
        };
        self.predictions.get(&key).map(Vec::as_slice)
    }

    /// Everything, by model, task and language.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &[Prediction])> {
        self.predictions
            .iter()
            .map(|(key, predictions)| (key, predictions.as_slice()))
    }

    /// The models.
    pub fn models(&self) -> BTreeSet<&str> {
        self.predictions
            .keys()
            .map(|key| key.model.as_str())
            .collect()
    }

    /// The tasks of any model.
    pub fn tasks(&self) -> BTreeSet<Task> {
        self.predictions.keys().map(|key| key.task).collect()
    }

    /// The languages of any model.
    pub fn languages(&self) -> BTreeSet<&LanguageCode> {
        self.predictions.keys().map(|key| &key.language).collect()
    }

    /// What some model has and another has not: every pair of a task and a language that stands
    /// somewhere, for every model.
    pub fn missing(&self) -> Vec<Key> {
        let pairs: BTreeSet<_> = self
            .predictions
            .keys()
            .map(|key| (key.task, &key.language))
            .collect();
        let mut missing = Vec::new();
        for model in self.models() {
            for &(task, language) in &pairs {
                let key = Key {
                    model: model.to_owned(),
                    task,
                    language: language.clone(),
                };
                if !self.predictions.contains_key(&key) {
                    missing.push(key);
                }
            }
        }
        missing
    }

    /// Brings every language of a task into the order of the first model's first language.
    fn align(&mut self) -> Result<(), PredictionError> {
        let mut orders = BTreeMap::<Task, (Key, Vec<(String, u8)>)>::new();
        for (key, predictions) in &mut self.predictions {
            let (first, order) = orders.entry(key.task).or_insert_with(|| {
                let order = predictions.iter().map(|p| (p.item_id.clone(), p.label));
                (key.clone(), order.collect())
            });
            let mut by_id: BTreeMap<String, Prediction> = std::mem::take(predictions)
                .into_iter()
                .map(|prediction| (prediction.item_id.clone(), prediction))
                .collect();
            let file = |key: &Key| match self.files.get(key) {
                Some(path) => path.display().to_string(),
                None => format!("{} on {} in {}", key.model, key.task, key.language),
            };
            let differs = |difference: String| PredictionError::NotParallel {
                file: file(key),
                other: file(first),
                difference,
            };
            for (id, label) in order.iter() {
                let prediction = by_id
                    .remove(id)
                    .ok_or_else(|| differs(format!("item {id} is missing in the first file")))?;
                if prediction.label != *label {
                    return Err(differs(format!(
                        "the right choice of item {id} is number {} in the first file, {label} in the second",
                        prediction.label
                    )));
                }
                predictions.push(prediction);
            }
            if let Some(id) = by_id.keys().next() {
                return Err(differs(format!("item {id} is missing in the second file")));
            }
        }
        Ok(())
    }
}
