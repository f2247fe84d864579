//! A dataset as a whole: every language, and whether anything is refused.

use crate::{
    BuiltWorld, Dataset, DatasetError, DatasetFolder, ItemFile, LanguageItems, Question, Task,
    read::folder_name,
};
use clika_base::files::Manifest;
use clika_base::types::LanguageCode;
use std::{collections::BTreeMap, path::Path};

impl DatasetFolder {
    /// The task, if the dataset is one of multiple-choice items.
    pub fn task(&self) -> Option<Task> {
        Task::named(self.name())
    }

    /// Opens every language of a multiple-choice dataset.
    ///
    /// Fails where one of them is refused, and where languages differ in their items, in the items' order or in what is
    /// right: their answers could not meet in one table.
    pub fn item_files(&self, task: Task) -> Result<BTreeMap<LanguageCode, ItemFile>, DatasetError> {
        let mut languages = BTreeMap::new();
        for config in self.configs() {
            let language = self.language(config)?;
            let file = self.item_file(task, &language)?;
            languages.insert(language, file);
        }
        self.check_parallel(&languages)?;
        Ok(languages)
    }

    /// Reads every language of a multiple-choice dataset, as [`item_files`](Self::item_files) opens them.
    pub fn all_items(
        &self,
        task: Task,
    ) -> Result<BTreeMap<LanguageCode, LanguageItems>, DatasetError> {
        let files = self.item_files(task)?.into_iter();
        files
            .map(|(language, file)| Ok((language, file.items()?)))
            .collect()
    }

    /// Everything for which evaluate, export and finetune refuse the dataset: for each config the first fault.
    fn refused(&self) -> Vec<DatasetError> {
        if let Some(task) = self.task() {
            let languages = self.configs().into_iter().map(|config| {
                let language = self.language(config)?;
                let file = self.item_file(task, &language)?;
                Ok((language, file))
            });
            return gathered(languages, |languages| self.check_parallel(languages));
        }
        if !self.is_fictional() {
            return Vec::new();
        }
        let world = match BuiltWorld::of(self.clone()) {
            Ok(world) => world,
            Err(error) => return vec![error],
        };
        let source = world.config.source.clone();
        let targets = world.config.targets.iter();
        let targets = targets.map(|target| world.splits(target).map(|_| (target.clone(), ())));
        let questions = world.questions(source.as_str()).map(|_| (source, ()));
        gathered(targets.chain([questions]), |_| Ok(()))
    }

    /// A config as a language.
    fn language(&self, config: &str) -> Result<LanguageCode, DatasetError> {
        let folder = format!("data/{config}");
        LanguageCode::try_from(config.to_owned())
            .map_err(|problem| self.no_rows(&folder, problem.to_string()))
    }

    fn check_parallel(
        &self,
        languages: &BTreeMap<LanguageCode, ItemFile>,
    ) -> Result<(), DatasetError> {
        let mut languages = languages.iter();
        let Some((first, expected)) = languages.next() else {
            return Ok(());
        };
        for (second, file) in languages {
            let differs = |difference: String| DatasetError::Disagree {
                folder: self.path().to_owned(),
                languages: format!("`{first}` and `{second}`"),
                difference,
                command: self.command(),
            };
            let (ours, theirs) = (expected.rows(), file.rows());
            let parts = expected.parts(ours).zip(file.parts(theirs));
            for (part, (ours, theirs)) in parts.enumerate() {
                for (row, (ours, theirs)) in ours?.iter().zip(&theirs?).enumerate() {
                    let row = part * ItemFile::PART + row + 1;
                    if let Some(difference) = difference(row, ours, theirs) {
                        return Err(differs(difference));
                    }
                }
            }
            if ours != theirs {
                return Err(differs(format!("they have {ours} and {theirs} items")));
            }
        }
        Ok(())
    }
}

/// In what a row of two languages differs, counted from 1.
fn difference(row: usize, ours: &Question, theirs: &Question) -> Option<String> {
    let id = &ours.id;
    if *id != theirs.id {
        let theirs = &theirs.id;
        return Some(format!("row {row} is {id} and {theirs}"));
    }
    if ours.label != theirs.label {
        let (ours, theirs) = (ours.label, theirs.label);
        return Some(format!(
            "{id} (row {row}) has the labels {ours} and {theirs}"
        ));
    }
    if ours.cluster_id != theirs.cluster_id {
        let (ours, theirs) = (&ours.cluster_id, &theirs.cluster_id);
        return Some(format!(
            "{id} (row {row}) is of the clusters {ours} and {theirs}"
        ));
    }
    None
}

/// The errors of all parts; of sound parts those that show when they are looked at together.
fn gathered<T>(
    parts: impl Iterator<Item = Result<(LanguageCode, T), DatasetError>>,
    together: impl FnOnce(&BTreeMap<LanguageCode, T>) -> Result<(), DatasetError>,
) -> Vec<DatasetError> {
    let (mut sound, mut errors) = (BTreeMap::new(), Vec::new());
    for part in parts {
        match part {
            Ok((language, part)) => {
                sound.insert(language, part);
            }
            Err(error) => errors.push(error),
        }
    }
    errors.extend(together(&sound).err());
    errors
}

/// Why evaluate, export and finetune refuse what lies in a dataset's folder: for each config the first fault. Empty where
/// all is sound.
///
/// A folder is a dataset of ours where it has the name of one, and where a manifest of one lies in it.
pub fn refused(folder: &Path) -> Vec<DatasetError> {
    let name = folder_name(folder);
    let expected = name.filter(|name| {
        let is_known = Dataset::named(name).is_some();
        is_known || name.starts_with("fictional-")
    });
    let stage = match Manifest::read(folder) {
        Ok(manifest) => manifest.map(|manifest| manifest.stage),
        Err(error) => return vec![error.into()],
    };
    match (DatasetFolder::find(folder), expected, stage) {
        (Ok(Some(dataset)), _, _) => dataset.refused(),
        // What anybody wrote in our form is not expected to have a manifest.
        (Ok(None) | Err(DatasetError::NoManifest { .. }), None, _) => Vec::new(),
        (Err(error), _, _) => vec![error],
        (Ok(None), Some(expected), Some(found)) => vec![DatasetError::OtherDataset {
            folder: folder.to_owned(),
            found,
            expected,
        }],
        (Ok(None), Some(_), None) => Vec::new(),
    }
}
