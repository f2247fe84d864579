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
use files::{Root, is_folder, subfolders};
use std::path::Path;

/// A dataset that was read.
pub(crate) enum Read {
    Choices(ChoiceSet),
    Worlds(WorldSet),
}

/// A dataset that was read, and what was found while reading it.
pub(crate) struct Found {
    pub(crate) read: Read,
    pub(crate) findings: Vec<Finding>,
}

impl From<Read> for Found {
    fn from(read: Read) -> Self {
        Self {
            read,
            findings: Vec::new(),
        }
    }
}

/// Reads everything below a path that is a dataset.
pub(crate) fn read(path: &Path) -> Result<Vec<Found>, AuditError> {
    let root = Root::new(path)?;
    let mut found: Vec<Found> = Vec::new();
    if is_folder(&path.join("data")) {
        found.extend(rows::dataset(&root, path)?);
    } else if let Some(task) = release::task(&root.name()) {
        found.extend(
            release::read(&root, path, task)?
                .into_iter()
                .map(Found::from),
        );
    }
    if found.is_empty() {
        for folder in subfolders(path)? {
            if is_folder(&folder.path.join("data")) {
                found.extend(rows::dataset(&root, &folder.path)?);
            } else if let Some(task) = release::task(&folder.name) {
                let read = release::read(&root, &folder.path, task)?;
                found.extend(read.into_iter().map(Found::from));
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
