//! The texts of questions, for those who look at single items.

use crate::ReportError;
use clika_base::files::Manifest;
use clika_base::types::LanguageCode;
use clika_datasets::{DatasetFolder, Task};
use clika_scores::predictions::{Prediction, item_sha256};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// Questions by task, language and item; of several versions, each.
#[derive(Default)]
pub(crate) struct Questions {
    of: BTreeMap<(Task, LanguageCode), HashMap<String, Vec<QuestionText>>>,
}

/// A question as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuestionText {
    pub(crate) premise: Option<String>,
    pub(crate) relation: Option<String>,
    pub(crate) question: String,
    pub(crate) choices: Vec<String>,
    /// The position of the right choice.
    pub(crate) label: Option<usize>,
    /// The language that the knowledge comes from.
    pub(crate) origin: Option<String>,
    /// As in predictions; `None` for the release, whose answers have none.
    sha256: Option<String>,
}

impl Questions {
    /// Reads the multiple-choice datasets of a folder, or the folder as one; returns their manifests.
    pub(crate) fn add_datasets(&mut self, folder: &Path) -> Result<Vec<Manifest>, ReportError> {
        let mut manifests = Vec::new();
        let names = Task::all().map(|task| folder.join(task.name()));
        for path in names.chain([folder.to_owned()]) {
            let Some(found) = DatasetFolder::find(&path)? else {
                continue;
            };
            if let Some(task) = Task::all().find(|task| task.name() == found.name()) {
                self.add_dataset(task, &found)?;
                manifests.push(found.manifest().clone());
            }
        }
        self.add_release(folder)?;
        Ok(manifests)
    }

    fn add_dataset(&mut self, task: Task, folder: &DatasetFolder) -> Result<(), ReportError> {
        for code in folder.configs() {
            // The manifest names its configs by their languages.
            let Ok(language) = LanguageCode::try_from(code.to_owned()) else {
                continue;
            };
            let items = folder.items(task, &language)?;
            for (question, origin) in items.questions.into_iter().zip(items.origins) {
                let sha256 = item_sha256(
                    question.premise.as_deref(),
                    &question.question,
                    question.relation.as_deref(),
                    &question.choices,
                );
                let text = QuestionText {
                    sha256: Some(sha256),
                    premise: question.premise,
                    relation: question.relation,
                    question: question.question,
                    choices: question.choices,
                    label: Some(question.label.into()),
                    origin,
                };
                self.add(task, &language, question.id, text);
            }
        }
        Ok(())
    }

    /// Reads the questions of the authors' release, where a folder is one.
    pub(crate) fn add_release(&mut self, folder: &Path) -> Result<(), ReportError> {
        for (dataset, set) in clika_audit::released_sets(folder)? {
            let Some(task) = dataset.task() else {
                continue;
            };
            for (language, items) in set.languages {
                for (position, item) in items.into_iter().enumerate() {
                    let text = QuestionText {
                        label: item.right(),
                        premise: None,
                        relation: item.asks,
                        question: item.text,
                        choices: item.choices,
                        origin: item.origin.map(|it| it.to_string()),
                        sha256: None,
                    };
                    // Recorded answers name a question by its place in the file, whatever its own id is.
                    self.add(task, &language, position.to_string(), text);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, task: Task, language: &LanguageCode, id: String, text: QuestionText) {
        let of_language = self.of.entry((task, language.clone())).or_default();
        of_language.entry(id).or_default().push(text);
    }

    /// The question that was answered: the one with the hash that was recorded, or without one with the same right choice.
    pub(crate) fn asked(
        &self,
        task: Task,
        language: &LanguageCode,
        answer: &Prediction,
    ) -> Option<&QuestionText> {
        let versions = self
            .of
            .get(&(task, language.clone()))?
            .get(&answer.item_id)?;
        versions
            .iter()
            .find(|it| match (&it.sha256, &answer.item_sha256) {
                (Some(ours), Some(theirs)) => ours == theirs,
                (Some(_), None) | (None, Some(_)) => false,
                (None, None) => it.label == Some(answer.label.into()),
            })
    }
}
