//! Which folder is the project.

use crate::built_in::BUILT_IN;
use clika_base::{Project, UnknownFile};
use miette::Diagnostic;
use std::{
    io,
    path::{Path, PathBuf},
};

/// A folder that cannot be the project.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ProjectError {
    /// It cannot be read.
    #[error("cannot read the project's folder {}", path.display())]
    #[diagnostic(help(
        "--project names a folder that is there; without it, the files of the current folder and the built-in ones are read"
    ))]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has none of the files that clika reads.
    #[error("{} holds none of clika's files: no {}", path.display(), Project::FOLDERS.join("/, no ") + "/")]
    #[diagnostic(help("`clika init {}` writes them there", path.display()))]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// The project in a folder that is named, or else in the current one, whose files are read where it has any.
///
/// What is written goes to `artifacts` in the same folder.
pub fn find(named: Option<&Path>) -> Result<Project, ProjectError> {
    let project = in_folder(named.unwrap_or(Path::new(".")));
    if let Some(path) = named {
        std::fs::read_dir(path).map_err(|source| ProjectError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        if !project.has_folder() {
            return Err(ProjectError::Empty {
                path: path.to_owned(),
            });
        }
    }
    for path in project.left_out_files() {
        eprintln!(
            "note: {} is empty, so that the built-in file is left out",
            path.display()
        );
    }
    for UnknownFile { path, nearest } in project.unknown_files() {
        let nearest = nearest.map_or_else(String::new, |it| format!("; did you mean {it}?"));
        eprintln!("note: {} is not read{nearest}", path.display());
    }
    Ok(project)
}

/// The project in a folder, whatever it holds.
pub fn in_folder(root: &Path) -> Project {
    Project {
        root: root.to_owned(),
        artifacts: root.join("artifacts"),
        built_in: BUILT_IN,
    }
}
