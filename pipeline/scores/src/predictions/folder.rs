//! What lies in a folder, in the order of its names. A link to a folder is not followed: it may
//! lead in a circle, or to the same files once more.

use crate::predictions::PredictionError;
use clika_base::files::{is_scratch, recover_folders};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Folder,
    LinkToFolder,
}

/// An entry of a folder.
#[derive(Debug)]
pub(crate) struct FolderEntry {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) kind: EntryKind,
}

/// Everything directly in a folder, but locks and drafts. What a killed process had moved aside is put back first.
pub(crate) fn entries(folder: &Path) -> Result<Vec<FolderEntry>, PredictionError> {
    let unreadable = |source| PredictionError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    recover_folders(folder)?;
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if is_scratch(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        let kind = if kind.is_dir() {
            EntryKind::Folder
        } else if kind.is_symlink() && path.is_dir() {
            EntryKind::LinkToFolder
        } else {
            EntryKind::File
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        entries.push(FolderEntry { path, name, kind });
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Every file and link in a folder and its folders.
pub(crate) fn walk(folder: &Path) -> Result<Vec<FolderEntry>, PredictionError> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        if entry.kind == EntryKind::Folder {
            found.extend(walk(&entry.path)?);
        } else {
            found.push(entry);
        }
    }
    Ok(found)
}

/// The folder's last name, also of `.` and `runs/..`.
pub(crate) fn last_name(folder: &Path) -> Result<String, PredictionError> {
    let full = fs::canonicalize(folder).map_err(|source| PredictionError::Unreadable {
        path: folder.to_owned(),
        source,
    })?;
    let name = folder.file_name().or_else(|| full.file_name());
    Ok(name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()))
}
