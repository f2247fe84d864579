use crate::ReportError;
use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
};

/// A folder, with a name where one was given: `FOLDER` or `NAME=FOLDER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledFolder {
    /// What it was called; `None` where only the folder was named.
    pub label: Option<String>,
    /// The folder.
    pub path: PathBuf,
}

impl FromStr for LabelledFolder {
    type Err = Infallible;

    /// What exists as a whole is a folder, even with `=` in its name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let whole = || Self {
            label: None,
            path: text.into(),
        };
        if Path::new(text).exists() {
            return Ok(whole());
        }
        Ok(match text.split_once('=') {
            Some((label, path)) if !label.is_empty() && !path.is_empty() => Self {
                label: Some(label.to_owned()),
                path: path.into(),
            },
            Some(_) | None => whole(),
        })
    }
}

impl LabelledFolder {
    /// A folder without a name of its own.
    pub fn unlabelled(path: impl Into<PathBuf>) -> Self {
        Self {
            label: None,
            path: path.into(),
        }
    }

    /// Its name in the report: the label, else the folder's last name. No other part of a path is shown.
    pub(crate) fn name(&self) -> String {
        self.label.clone().unwrap_or_else(|| {
            let full = std::fs::canonicalize(&self.path);
            let path = full.as_deref().unwrap_or(&self.path);
            path.file_name().map_or_else(
                || self.path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            )
        })
    }

    /// Fails where there is no such folder.
    pub(crate) fn check(&self, what: &'static str) -> Result<(), ReportError> {
        if self.path.is_dir() {
            return Ok(());
        }
        Err(ReportError::NoFolder {
            what,
            path: self.path.clone(),
        })
    }
}
