//! From folders to what is audited. What a folder is shows in the names that it holds.

mod built;
mod files;
mod lines;
mod names;
mod parquet;
mod release;
mod release_world;
mod rows;

use crate::{AuditError, ChoiceSet, Finding, WorldSet};
use clika_base::files::Manifest;
use clika_datasets::Dataset;
use files::{AuditRoot, is_folder, subfolders};
use release::MissingFiles;
use std::path::Path;

/// A dataset that was read.
pub(crate) enum ReadDataset {
    Choices(ChoiceSet),
    Worlds(WorldSet),
}

/// What came of reading a dataset: its content, and the findings on the way.
pub(crate) struct ReadOutcome {
    /// `None` for a dataset of ours that has lost its rows.
    pub(crate) read: Option<ReadDataset>,
    pub(crate) findings: Vec<Finding>,
}

impl From<ReadDataset> for ReadOutcome {
    fn from(read: ReadDataset) -> Self {
        Self {
            read: Some(read),
            findings: Vec::new(),
        }
    }
}

/// Whether a folder has the form of our datasets, or was one before its rows were removed.
fn is_ours(folder: &Path) -> bool {
    // A manifest that cannot be read and has no rows next to it is somebody else's.
    let described = Manifest::read(folder);
    is_folder(&folder.join("data"))
        || matches!(described, Ok(Some(it)) if it.stage.starts_with("datasets "))
}

/// The multiple-choice sets of the authors' release, or of one of its folders, as they lie on disk; none elsewhere, and no
/// language without its file of questions.
///
/// # Errors
/// A file that cannot be read, with its line.
pub fn released_sets(path: &Path) -> Result<Vec<(&'static Dataset, ChoiceSet)>, AuditError> {
    let root = AuditRoot::new(path)?;
    let own = release::dataset(&root.name()).map(|it| (it, path.to_owned()));
    let below = subfolders(path)?.into_iter();
    let below = below.filter_map(|it| Some((release::dataset(&it.name)?, it.path)));
    let mut sets = Vec::new();
    for (dataset, folder) in own.into_iter().chain(below) {
        let Some(files) = &dataset.release else {
            continue;
        };
        // Worlds are no multiple-choice sets, and their files need not be there.
        if dataset.task().is_none() {
            continue;
        }
        let read = release::read(&root, &folder, files, MissingFiles::LeftOut)?;
        if let Some(ReadDataset::Choices(set)) = read {
            sets.push((dataset, set));
        }
    }
    Ok(sets)
}

/// Reads everything below a path that is a dataset.
pub(crate) fn read(path: &Path) -> Result<Vec<ReadOutcome>, AuditError> {
    let root = AuditRoot::new(path)?;
    let mut found: Vec<ReadOutcome> = Vec::new();
    if is_ours(path) {
        found.extend(rows::dataset(&root, path)?);
    } else if let Some(files) = release::files(&root.name()) {
        found.extend(
            release::read(&root, path, files, MissingFiles::Refused)?
                .into_iter()
                .map(ReadOutcome::from),
        );
    }
    if found.is_empty() {
        for folder in subfolders(path)? {
            if is_ours(&folder.path) {
                found.extend(rows::dataset(&root, &folder.path)?);
            } else if let Some(files) = release::files(&folder.name) {
                let read = release::read(&root, &folder.path, files, MissingFiles::Refused)?;
                found.extend(read.into_iter().map(ReadOutcome::from));
            }
        }
    }
    if found.is_empty() {
        return Err(AuditError::Nothing {
            path: path.to_owned(),
        });
    }
    Ok(found)
}
