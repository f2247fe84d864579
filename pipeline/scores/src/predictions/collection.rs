use crate::metrics::{Answer, JudgedAnswer};
use crate::predictions::{
    PredictionError, align, exemplars, folder, harness, parquet, release, runs,
};
use clika_base::files::{TakenFolder, recover_folder};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
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
    /// SHA-256 of what was asked, as [`item_sha256`](crate::predictions::item_sha256) gives it; `None` if it was not recorded.
    pub item_sha256: Option<String>,
    /// SHA-256 of the text that the model was given.
    pub prompt_sha256: Option<String>,
}

impl Prediction {
    /// The answer next to the right one.
    pub fn judged(&self) -> JudgedAnswer {
        JudgedAnswer {
            answer: self.answer,
            right: self.label,
        }
    }
}

/// Which predictions: a model on a task in a language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PredictionKey {
    /// The model, as the source of the predictions names it.
    pub model: String,
    /// The task.
    pub task: Task,
    /// The language.
    pub language: LanguageCode,
}

impl fmt::Display for PredictionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} in {}", self.model, self.task, self.language)
    }
}

/// Predictions of any number of models, parallel over the languages of each task.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    predictions: BTreeMap<PredictionKey, Vec<Prediction>>,
    /// Where predictions were read, for errors and manifests.
    files: BTreeMap<PredictionKey, PathBuf>,
    /// How predictions were made, where that is known.
    runs: BTreeMap<PredictionKey, Value>,
    /// Files next to the answers that decide what is read, such as the clusters', by task.
    shared_files: BTreeMap<Task, PathBuf>,
    /// The folder that was read.
    root: Option<PathBuf>,
    notices: Vec<String>,
    /// Items that were read and left out, because a run set them aside for its exemplars.
    left_out: BTreeMap<Task, BTreeSet<String>>,
    /// Files that cannot be used, where that is not an error.
    unusable: Vec<(PredictionKey, Arc<PredictionError>)>,
}

/// Whether a folder of predictions can have this name: readers do not see those that begin with a dot.
pub fn is_model_name(name: &str) -> bool {
    !(name.is_empty() || name.starts_with('.') || name.contains(char::is_control))
}

/// Refuses a name that is not one of a folder of predictions.
pub(crate) fn check_name(model: &str, path: &Path) -> Result<(), PredictionError> {
    if !is_model_name(model) {
        return Err(PredictionError::ModelName {
            model: model.to_owned(),
            path: path.to_owned(),
        });
    }
    Ok(())
}

impl Collection {
    /// Reads a folder in whatever form it is in: the paper's release, our Parquet files, or
    /// lm-evaluation-harness' samples.
    ///
    /// Fails on the first line that is wrong, on an empty file, on an item that occurs twice, on
    /// two files of the same predictions, where the files of a task do not hold the same items, where a language's items
    /// are other questions in one file than in another, and where one name stands for several models. Items that a run set aside
    /// for its exemplars are left out of all files of the task.
    /// What lies in the folder and was left aside is in [`notices`](Self::notices).
    pub fn read(folder: &Path) -> Result<Self, PredictionError> {
        Self::read_all(&[folder])
    }

    /// Reads several folders as one, as [`read`](Self::read) does: a model's tasks may lie in several of them.
    ///
    /// Fails as well on a folder without predictions.
    pub fn read_all(folders: &[&Path]) -> Result<Self, PredictionError> {
        let mut collection = Self::default();
        for &folder in folders {
            recover_folder(folder)?;
            collection.root = Some(folder.to_owned());
            let before = collection.predictions.len();
            if release::is_release(folder) {
                release::read(folder, &mut collection)?;
            } else {
                let found = folder::walk(folder)?;
                parquet::read(folder, &found, &mut collection, false)?;
                harness::read(&found, &mut collection)?;
            }
            if collection.predictions.len() == before {
                return Err(PredictionError::Nothing {
                    path: folder.to_owned(),
                    notices: collection.notices,
                });
            }
        }
        if folders.len() != 1 {
            collection.root = None;
        }
        collection.left_out = exemplars::leave_out(&mut collection);
        exemplars::note_shots(&mut collection);
        align::align(&mut collection.predictions, &collection.files)?;
        runs::check(&collection)?;
        Ok(collection)
    }

    /// Writes every prediction as `folder/<model>/<task>/<language>.parquet`, with a manifest for
    /// each model. A model appears whole or not at all.
    ///
    /// The manifest names the last name of the folder that was read, and every file by its path
    /// from there.
    pub fn write(&self, folder: &Path) -> Result<(), PredictionError> {
        parquet::write(self, folder, None)
    }

    /// Takes the folder of a model, so that nobody replaces it between [`read_model`](Self::read_model) and
    /// [`write_taken`](Self::write_taken). Waits for another run that is writing there.
    pub fn take_model(folder: &Path, model: &str) -> Result<TakenFolder, PredictionError> {
        Ok(TakenFolder::wait(
            &folder.join(parquet::folder_name(model)),
        )?)
    }

    /// Writes the predictions of one model into its folder, which was taken before it was read.
    pub fn write_taken(&self, folder: &Path, taken: TakenFolder) -> Result<(), PredictionError> {
        parquet::write(self, folder, Some(taken))
    }

    /// What was left aside or could not be known, a sentence each: files that were not read, older
    /// runs, items without clusters.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Adds predictions.
    pub fn insert(&mut self, key: PredictionKey, predictions: Vec<Prediction>) {
        self.predictions.insert(key, predictions);
    }

    /// Notes how predictions were made: dataset, prompt, endpoint. It goes into the model's manifest.
    pub fn describe(&mut self, key: PredictionKey, run: Value) {
        self.runs.insert(key, run);
    }

    /// How predictions were made, where that is known.
    pub fn run(&self, key: &PredictionKey) -> Option<&Value> {
        self.runs.get(key)
    }

    /// Reads the predictions that [`write`](Self::write) has put into a folder for one model; none where
    /// there are none.
    ///
    /// They need not be of one run, and a file with scores that are not finite is not an error: it is
    /// [`unusable`](Self::unusable).
    pub fn read_model(folder: &Path, model: &str) -> Result<Self, PredictionError> {
        check_name(model, folder)?;
        let path = folder.join(parquet::folder_name(model));
        recover_folder(&path)?;
        let mut collection = Self::default();
        if path.is_dir() {
            collection.root = Some(path.clone());
            let found = folder::walk(&path)?;
            parquet::read(&path, &found, &mut collection, true)?;
        }
        Ok(collection)
    }

    /// What [`read_model`](Self::read_model) could not use, and why.
    pub fn unusable(&self) -> &[(PredictionKey, Arc<PredictionError>)] {
        &self.unusable
    }

    /// Models, or what of them, whose answers carry no hash of their question, so that it is unknown whether they are to
    /// the same version of a dataset.
    pub fn unverified(&self) -> Vec<String> {
        let mut unverified = Vec::new();
        for model in self.models() {
            let sets: Vec<_> = self.iter().filter(|(key, _)| key.model == model).collect();
            let lacking = |(_, predictions): &&(&PredictionKey, &[Prediction])| {
                predictions.iter().any(|it| it.item_sha256.is_none())
            };
            let without: Vec<_> = sets.iter().filter(lacking).collect();
            if without.len() == sets.len() {
                unverified.push(model.to_owned());
            } else {
                unverified.extend(without.iter().map(|(key, _)| key.to_string()));
            }
        }
        unverified
    }

    /// Takes predictions out.
    pub fn remove(&mut self, key: &PredictionKey) {
        self.predictions.remove(key);
        self.files.remove(key);
        self.runs.remove(key);
    }

    /// Adds predictions that were read from a file.
    pub(crate) fn insert_from(
        &mut self,
        key: PredictionKey,
        predictions: Vec<Prediction>,
        file: PathBuf,
    ) -> Result<(), PredictionError> {
        check_name(&key.model, &file)?;
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

    /// Takes items out of a file; returns those that it had.
    pub(crate) fn take_out(
        &mut self,
        key: &PredictionKey,
        items: &BTreeSet<String>,
    ) -> Vec<String> {
        let Some(predictions) = self.predictions.get_mut(key) else {
            return Vec::new();
        };
        let (out, kept) = std::mem::take(predictions)
            .into_iter()
            .partition(|it| items.contains(&it.item_id));
        *predictions = kept;
        let out: Vec<Prediction> = out;
        out.into_iter().map(|it| it.item_id).collect()
    }

    /// The items of a task that were read and left out, because a run set them aside for its exemplars.
    pub(crate) fn left_out(&self, task: Task) -> impl Iterator<Item = &str> {
        let items = self.left_out.get(&task).into_iter().flatten();
        items.map(String::as_str)
    }

    /// Sets a file aside that cannot be used.
    pub(crate) fn set_aside(&mut self, key: PredictionKey, why: PredictionError) {
        self.unusable.push((key, Arc::new(why)));
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

    /// The last name of the folder that was read; `None` where none of the predictions were read, so that a run which
    /// replaces all that was there says the same as the first one.
    pub(crate) fn source(&self) -> Result<Option<String>, PredictionError> {
        let root = self.root.as_deref().filter(|_| !self.files.is_empty());
        root.map(folder::last_name).transpose()
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
        let key = PredictionKey {
            model: model.to_owned(),
            task,
            language: language.clone(),
        };
        self.predictions.get(&key).map(Vec::as_slice)
    }

    /// Everything, by model, task and language.
    pub fn iter(&self) -> impl Iterator<Item = (&PredictionKey, &[Prediction])> {
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
    pub fn missing(&self, expected: &[LanguageCode]) -> Vec<PredictionKey> {
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
                let key = PredictionKey {
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
}
