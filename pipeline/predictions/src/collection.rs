use crate::{PredictionError, folder, harness, parquet, release};
use clika_core::{LanguageCode, Task};
use clika_metrics::{Answer, Judged};
use serde_json::Value;
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
    /// Where predictions were read, for errors and manifests.
    files: BTreeMap<Key, PathBuf>,
    /// How predictions were made, where that is known.
    runs: BTreeMap<Key, Value>,
    /// Files beside the answers that decide what is read, such as the clusters', by task.
    shared_files: BTreeMap<Task, PathBuf>,
    /// The folder that was read.
    root: Option<PathBuf>,
    notices: Vec<String>,
}

impl Collection {
    /// Reads a folder in whatever form it is in: the paper's release, our Parquet files, or
    /// lm-evaluation-harness' samples.
    ///
    /// Fails on the first line that is wrong, on an empty file, on an item that stands twice, on
    /// two files of the same predictions, and where the files of a task do not hold the same items.
    /// What lies in the folder and was left aside is in [`notices`](Self::notices).
    pub fn read(folder: &Path) -> Result<Self, PredictionError> {
        let mut collection = Self {
            root: Some(folder.to_owned()),
            ..Self::default()
        };
        if release::is_release(folder) {
            release::read(folder, &mut collection)?;
        } else {
            let found = folder::walk(folder)?;
            parquet::read(folder, &found, &mut collection)?;
            harness::read(&found, &mut collection)?;
        }
        if collection.predictions.is_empty() {
            return Err(PredictionError::Nothing {
                path: folder.to_owned(),
                notices: collection.notices,
            });
        }
        collection.align()?;
        Ok(collection)
    }

    /// Writes every prediction as `folder/<model>/<task>/<language>.parquet`, with a manifest for
    /// each model. A model appears whole or not at all.
    ///
    /// The manifest names the last name of the folder that was read, and every file by its path
    /// from there.
    pub fn write(&self, folder: &Path) -> Result<(), PredictionError> {
        parquet::write(self, folder)
    }

    /// What was left aside or could not be known, a sentence each: files that were not read, older
    /// runs, items without clusters.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Adds predictions.
    pub fn insert(&mut self, key: Key, predictions: Vec<Prediction>) {
        self.predictions.insert(key, predictions);
    }

    /// Notes how predictions were made: dataset, prompt, endpoint. It stands in the model's manifest.
    pub fn describe(&mut self, key: Key, run: Value) {
        self.runs.insert(key, run);
    }

    /// How predictions were made, where that is known.
    pub fn run(&self, key: &Key) -> Option<&Value> {
        self.runs.get(key)
    }

    /// Reads the predictions that [`write`](Self::write) has put into a folder for one model; none where
    /// there are none.
    pub fn read_model(folder: &Path, model: &str) -> Result<Self, PredictionError> {
        let path = folder.join(parquet::folder_name(model));
        if path.is_dir() {
            Self::read(&path)
        } else {
            Ok(Self::default())
        }
    }

    /// Takes predictions out.
    pub fn remove(&mut self, key: &Key) {
        self.predictions.remove(key);
        self.files.remove(key);
        self.runs.remove(key);
    }

    /// Adds predictions that were read from a file.
    pub(crate) fn insert_from(
        &mut self,
        key: Key,
        predictions: Vec<Prediction>,
        file: PathBuf,
    ) -> Result<(), PredictionError> {
        if key.model.is_empty() || key.model.starts_with('.') {
            return Err(PredictionError::ModelName {
                model: key.model,
                path: file,
            });
        }
        if let Some(first) = self.files.get(&key) {
            return Err(PredictionError::Twice {
                model: key.model,
                task: key.task,
                language: key.language,
                first: first.clone(),
                second: file,
            });
        }
        self.files.insert(key.clone(), file);
        self.insert(key, predictions);
        Ok(())
    }

    /// Notes a file that the predictions of a task depend on.
    pub(crate) fn depend_on(&mut self, task: Task, file: PathBuf) {
        self.shared_files.insert(task, file);
    }

    pub(crate) fn notice(&mut self, notice: String) {
        self.notices.push(notice);
    }

    /// Notes that a file is left aside.
    pub(crate) fn not_read(&mut self, path: &Path, why: &str) {
        let notice = format!("not read: {} ({why})", self.name_of(path));
        self.notice(notice);
    }

    /// A file's path from the folder that was read.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        let root = self.root.as_deref().unwrap_or(Path::new(""));
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// The last name of the folder that was read; `None` for predictions that were not read.
    pub(crate) fn source(&self) -> Result<Option<String>, PredictionError> {
        self.root.as_deref().map(folder::last_name).transpose()
    }

    /// The files that a model's predictions were read from.
    pub(crate) fn files_of(&self, model: &str) -> BTreeSet<&Path> {
        let keys = self.files.iter().filter(|(key, _)| key.model == model);
        keys.flat_map(|(key, file)| [Some(file), self.shared_files.get(&key.task)])
            .flatten()
            .map(PathBuf::as_path)
            .collect()
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

    /// What models lack: for every task that stands somewhere, the languages that another model
    /// has and those that are expected.
    pub fn missing(&self, expected: &[LanguageCode]) -> Vec<Key> {
        let mut pairs: BTreeSet<_> = self
            .predictions
            .keys()
            .map(|key| (key.task, &key.language))
            .collect();
        for task in self.tasks() {
            pairs.extend(expected.iter().map(|language| (task, language)));
        }
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

    /// Brings every file of a task into the order of the first model's first language.
    fn align(&mut self) -> Result<(), PredictionError> {
        /// An item as every file has to have it.
        struct Item {
            id: String,
            label: u8,
            cluster: String,
        }
        let mut orders = BTreeMap::<Task, (Key, Vec<Item>)>::new();
        for (key, predictions) in &mut self.predictions {
            let (first, order) = orders.entry(key.task).or_insert_with(|| {
                let order = predictions.iter().map(|prediction| Item {
                    id: prediction.item_id.clone(),
                    label: prediction.label,
                    cluster: prediction.cluster_id.clone(),
                });
                (key.clone(), order.collect())
            });
            let file = |key: &Key| match self.files.get(key) {
                Some(path) => path.display().to_string(),
                None => format!("{} on {} in {}", key.model, key.task, key.language),
            };
            let differs = |difference: String| PredictionError::NotParallel {
                file: file(key),
                other: file(first),
                difference,
            };
            let mut by_id: BTreeMap<String, Prediction> = std::mem::take(predictions)
                .into_iter()
                .map(|prediction| (prediction.item_id.clone(), prediction))
                .collect();
            let missing = |id: &str, place: &Key, count, other| {
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
                        "item {id} stands twice in the second file"
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
        Ok(())
    }
}
