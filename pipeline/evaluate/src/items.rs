use crate::{EvaluateError, Set};
use clika_core::{LanguageCode, Task};
use clika_datasets::{DatasetError, DatasetFolder};
use std::{collections::BTreeMap, path::Path};

/// A multiple-choice dataset to ask.
pub struct Dataset {
    task: Task,
    folder: DatasetFolder,
}

impl Dataset {
    /// Opens the dataset of a task.
    pub fn open(task: Task, folder: &Path) -> Result<Self, EvaluateError> {
        let found = DatasetFolder::find(folder)?.ok_or_else(|| EvaluateError::NoDataset {
            folder: folder.to_owned(),
            task,
        })?;
        if found.name() != task.name() {
            return Err(DatasetError::OtherDataset {
                folder: folder.to_owned(),
                found: found.name().to_owned(),
                expected: task.name().to_owned(),
            }
            .into());
        }
        Ok(Self {
            task,
            folder: found,
        })
    }

    /// Its folder.
    pub fn folder(&self) -> &DatasetFolder {
        &self.folder
    }

    /// The languages that were asked for, by their codes; all where none was.
    pub fn languages(&self, wanted: &[String]) -> Result<Vec<LanguageCode>, EvaluateError> {
        let there = self.folder.configs();
        let wanted: Vec<&str> = if wanted.is_empty() {
            there.clone()
        } else {
            wanted.iter().map(String::as_str).collect()
        };
        let missing = |language: &str| EvaluateError::NoLanguage {
            folder: self.folder.path().to_owned(),
            language: language.to_owned(),
            known: there.join(", "),
        };
        let code = |code: &str| match LanguageCode::try_from(code.to_owned()) {
            Ok(language) if there.contains(&code) => Ok(language),
            Ok(_) | Err(_) => Err(missing(code)),
        };
        wanted.into_iter().map(code).collect()
    }

    /// The first `limit` items of a language, and those that stand although the manifest lists a fault of theirs.
    pub fn set(
        &self,
        language: LanguageCode,
        limit: Option<u32>,
    ) -> Result<(Set, Vec<String>), EvaluateError> {
        let mut items = self.folder.items(self.task, &language)?;
        if let Some(limit) = limit {
            items.questions.truncate(limit as usize);
        }
        let asked = |id: &String| items.questions.iter().any(|question| question.id == *id);
        let listed = items
            .listed
            .iter()
            .filter(|id| asked(id))
            .cloned()
            .collect();
        let set = Set {
            task: self.task,
            language,
            questions: items.questions,
        };
        Ok((set, listed))
    }
}

/// Fails where languages of a task would be asked other items: their answers could not meet in one table.
pub fn check_parallel(sets: &[Set]) -> Result<(), EvaluateError> {
    let mut first = BTreeMap::<Task, &Set>::new();
    for set in sets {
        let first = *first.entry(set.task).or_insert(set);
        let other = |item: &str| EvaluateError::NotParallel {
            task: set.task,
            item: item.to_owned(),
            first: first.language.clone(),
            second: set.language.clone(),
        };
        let items = |set: &Set| -> BTreeMap<String, (u8, String)> {
            let questions = set.questions.iter();
            questions
                .map(|it| (it.id.clone(), (it.label, it.cluster_id.clone())))
                .collect()
        };
        let (ours, theirs) = (items(first), items(set));
        let differing = ours.iter().find(|(id, item)| theirs.get(*id) != Some(item));
        let differing = differing.map(|(id, _)| id);
        if let Some(id) = differing.or_else(|| theirs.keys().find(|id| !ours.contains_key(*id))) {
            return Err(other(id));
        }
    }
    Ok(())
}
