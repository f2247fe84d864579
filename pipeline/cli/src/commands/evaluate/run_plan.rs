//! Predictions that a name has already: what of them may stand next to a run's.
//!
//! Under one name stand answers of one model, asked in one way, and of each task on one version of its dataset.

use super::{Failure, sets::PlannedQuestions};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_evaluate::{EvaluateError, SetAnswers, TaskDataset, question_sha256};
use clika_scores::predictions::{Collection, Prediction, PredictionKey, difference, other_dataset};
use miette::Diagnostic;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// A run before it starts: its name, what it asks, and where its predictions go.
pub(super) struct RunPlan<'a> {
    pub(super) name: &'a str,
    pub(super) questions: &'a PlannedQuestions,
    pub(super) datasets: &'a Path,
    pub(super) out: &'a Path,
}

/// Predictions of the same name that do not go with a run.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{older} in {} does not match this run: {why}", folder.display())]
#[diagnostic(help(
    "give this run another name with --name, or write elsewhere with --out; a run over everything that is there \
     ({all}) replaces it"
))]
struct OtherRun {
    /// Predictions that are there.
    older: PredictionKey,
    folder: PathBuf,
    why: String,
    /// All that is there of the name.
    all: String,
}

/// Fails where predictions that stand under the name already do not go with a run of which `described` is known: before
/// hours are spent on it.
pub(super) fn check(plan: &RunPlan<'_>, described: &Value) -> Result<(), Failure> {
    plan.beside(described, true).map(|_| ())
}

/// Writes predictions next to those of other tasks and languages that the name has already.
pub(super) fn save(
    plan: &RunPlan<'_>,
    answers: Vec<SetAnswers>,
    described: &Value,
) -> Result<(), Failure> {
    // Another run of this name may have ended since the beginning: its predictions stay.
    let taken = Collection::take_model(plan.out, plan.name)?;
    let (mut collection, notes) = plan.beside(described, false)?;
    for note in notes {
        eprintln!("note: {note}");
    }
    for (set, answers) in plan.questions.sets.iter().zip(answers) {
        let key = plan.key(set.task, set.language.clone());
        let mut run = plan.run(set.task, described);
        run["separator"] = json!(answers.separator);
        run["letters_probability"] = json!(answers.letters_probability);
        collection.describe(key.clone(), run);
        collection.insert(key, answers.predictions);
    }
    Ok(collection.write_taken(plan.out, taken)?)
}

impl RunPlan<'_> {
    fn key(&self, task: Task, language: LanguageCode) -> PredictionKey {
        PredictionKey {
            model: self.name.to_owned(),
            task,
            language,
        }
    }

    /// What the manifest says of a run on a task.
    fn run(&self, task: Task, described: &Value) -> Value {
        let mut run = described.clone();
        let version = self
            .questions
            .versions
            .get(&task)
            .and_then(Value::as_object);
        if let (Some(run), Some(version)) = (run.as_object_mut(), version) {
            run.extend(version.clone());
        }
        run
    }

    /// The predictions that stay next to the run's, and what is to be said about the others.
    ///
    /// `partly`: not everything that will describe the run is known yet.
    fn beside(
        &self,
        described: &Value,
        partly: bool,
    ) -> Result<(Collection, Vec<String>), Failure> {
        let mut collection = Collection::read_model(self.out, self.name)?;
        let mut notes = Vec::new();
        for (key, why) in collection.unusable() {
            let what = match self.asks(key) {
                true => "replaced",
                false => "removed",
            };
            notes.push(format!("{key} cannot be used and is {what}: {why}"));
        }
        let all = |collection: &Collection| {
            let all = collection.iter();
            let all = all.map(|(key, _)| format!("{} in {}", key.task, key.language));
            all.collect::<Vec<_>>().join(", ")
        };
        let all = all(&collection);
        let keys: Vec<PredictionKey> = collection.iter().map(|(key, _)| key.clone()).collect();
        for key in keys {
            let run = self.run(key.task, described);
            let older = collection.run(&key).cloned().unwrap_or(Value::Null);
            let clash = self.clash(&key, &collection, &older, &run, partly)?;
            if self.asks(&key) {
                let there = collection.get(&key.model, key.task, &key.language);
                let there = there.map_or(0, <[_]>::len);
                let limit = run["limit"].as_u64().filter(|_| older["limit"].is_null());
                if let Some(limit) = limit.filter(|limit| *limit < there as u64) {
                    return Err(OtherRun {
                        older: key,
                        folder: self.out.to_owned(),
                        why: format!(
                            "it has all {there} items, and --limit {limit} would leave fewer"
                        ),
                        all,
                    }
                    .into());
                }
                if let Some(why) = clash {
                    notes.push(format!("{key} was from another run and is replaced: {why}"));
                }
                collection.remove(&key);
                continue;
            }
            let Some(why) = clash else {
                if other_dataset(&older, &run) {
                    // The same questions, built together with others.
                    let mut older = older;
                    for field in ["dataset", "dataset_sha256"] {
                        older[field] = run[field].clone();
                    }
                    collection.describe(key, older);
                }
                continue;
            };
            // What was only tried out makes way for what is meant.
            if !older["limit"].is_null() && run["limit"].is_null() {
                notes.push(format!(
                    "{key} was a trial with --limit and is removed: {why}"
                ));
                collection.remove(&key);
                continue;
            }
            return Err(OtherRun {
                older: key,
                folder: self.out.to_owned(),
                why,
                all,
            }
            .into());
        }
        Ok((collection, notes))
    }

    /// Whether the run asks a task in a language.
    fn asks(&self, key: &PredictionKey) -> bool {
        let sets = &mut self.questions.sets.iter();
        sets.any(|set| (set.task, &set.language) == (key.task, &key.language))
    }

    fn difference(&self, older: &Value, run: &Value, partly: bool) -> Option<String> {
        let mut older = older.clone();
        if partly && let Some(fields) = older.as_object_mut() {
            // A run without exemplars does not say so, and never will.
            fields.retain(|key, _| run.get(key).is_some() || key == "shots");
        }
        difference(&older, run)
    }

    /// Why older predictions cannot stand next to the run's.
    fn clash(
        &self,
        key: &PredictionKey,
        collection: &Collection,
        older: &Value,
        run: &Value,
        partly: bool,
    ) -> Result<Option<String>, Failure> {
        if let Some(difference) = self.difference(older, run, partly) {
            return Ok(Some(difference));
        }
        let Some(set) = self.questions.sets.iter().find(|set| set.task == key.task) else {
            return Ok(None);
        };
        if older["exemplars"] != run["exemplars"] {
            return Ok(Some("it was shown other exemplars".to_owned()));
        }
        let predictions = collection.get(&key.model, key.task, &key.language);
        let predictions = predictions.unwrap_or_default();
        let ids: BTreeSet<&str> = predictions.iter().map(|it| it.item_id.as_str()).collect();
        let mut ours = set.questions.iter();
        let same = ids.len() == set.questions.len()
            && ours.try_fold(true, |same, question| {
                question.map(|question| same && ids.contains(question.id.as_str()))
            })?;
        if !same {
            let (there, here) = (ids.len(), set.questions.len());
            return Ok(Some(format!(
                "it has other items ({there} there, {here} here)"
            )));
        }
        // Exemplars have no hashes of their own: of another version they may be other questions.
        let few_shot = !run["shots"].is_null();
        if other_dataset(older, run) && (few_shot || !self.asked_the_same(key, predictions)?) {
            return Ok(Some(format!(
                "it answered another version of the dataset (fingerprint {} there, {} here)",
                beginning(&older["dataset"]),
                beginning(&run["dataset"])
            )));
        }
        Ok(None)
    }

    /// Whether answers are to the questions that the dataset has now.
    fn asked_the_same(
        &self,
        key: &PredictionKey,
        predictions: &[Prediction],
    ) -> Result<bool, Failure> {
        let dataset = TaskDataset::open(key.task, &self.datasets.join(key.task.name()))?;
        let wanted = [key.language.to_string()];
        let language = match dataset.languages(&wanted) {
            Err(EvaluateError::NoLanguage { .. }) => return Ok(false),
            languages => languages?.remove(0),
        };
        let (set, _) = dataset.set(language, None, &[])?;
        let answered: BTreeMap<&str, Option<&String>> = predictions
            .iter()
            .map(|it| (it.item_id.as_str(), it.item_sha256.as_ref()))
            .collect();
        let mut same = 0;
        for question in set.questions.iter() {
            let question = question?;
            let answered = answered.get(question.id.as_str()).copied().flatten();
            same += usize::from(answered == Some(&question_sha256(&question)));
        }
        Ok(same == predictions.len())
    }
}

/// The beginning of a hash, for messages.
fn beginning(hash: &Value) -> String {
    match hash.as_str() {
        Some(hash) => hash.chars().take(12).chain(['…']).collect(),
        None => "not recorded".to_owned(),
    }
}
