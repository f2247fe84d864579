//! Folders, files, and how a report names them.

use crate::AuditError;
use clika_base::files::{recover_folder, recover_folders};
use clika_base::types::LanguageCode;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder that is audited. Reports name files from there, so that they say the same wherever it lies.
pub(super) struct AuditRoot {
    full: PathBuf,
    path: PathBuf,
}

/// A folder in a folder.
pub(super) struct AuditFolder {
    pub(super) path: PathBuf,
    pub(super) name: String,
}

impl AuditRoot {
    pub(super) fn new(path: &Path) -> Result<Self, AuditError> {
        recover_folder(path)?;
        let full = fs::canonicalize(path).map_err(unreadable(path))?;
        Ok(Self {
            full,
            path: path.to_owned(),
        })
    }

    /// The folder's last name, also of `.`.
    pub(super) fn name(&self) -> String {
        let name = self.full.file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// A folder's name as a dataset.
    pub(super) fn name_of(&self, folder: &Path) -> String {
        if folder == self.path {
            return self.name();
        }
        let name = folder.file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// A file as reports name it.
    pub(super) fn shown(&self, file: &Path) -> String {
        let shown = file.strip_prefix(&self.path).unwrap_or(file);
        shown.display().to_string()
    }
}

pub(super) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> AuditError {
    let path = path.to_owned();
    move |source| AuditError::Unreadable { path, source }
}

pub(super) fn is_folder(path: &Path) -> bool {
    // A link is followed nowhere: it may lead in a circle.
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// The folders of a folder by name, without hidden ones.
pub(super) fn subfolders(path: &Path) -> Result<Vec<AuditFolder>, AuditError> {
    recover_folders(path)?;
    let mut folders = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable(path))? {
        let entry = entry.map_err(unreadable(path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_folder(&entry.path()) && !name.starts_with('.') {
            folders.push(AuditFolder {
                path: entry.path(),
                name,
            });
        }
    }
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folders)
}

/// The language of a folder: `ZH_trans`, `DE` and `ar` are zh, de and ar; `pt-BR` stays as it is.
pub(super) fn language(folder: &AuditFolder) -> Result<LanguageCode, AuditError> {
    let code = folder.name.strip_suffix("_trans").unwrap_or(&folder.name);
    let is_loud = !code.contains(|c: char| c.is_ascii_lowercase());
    let code = if is_loud {
        code.to_ascii_lowercase()
    } else {
        code.to_owned()
    };
    LanguageCode::try_from(code).map_err(|_| AuditError::NoLanguage {
        path: folder.path.parent().unwrap_or(&folder.path).to_owned(),
        name: folder.name.clone(),
    })
}
