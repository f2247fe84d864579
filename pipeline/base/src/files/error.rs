use miette::Diagnostic;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a file could not be read, written or put in place.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ArtifactError {
    /// Reading failed.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "check the path and the file's permissions; relative paths start in the folder where clika runs"
    ))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed; what stood in the place before is untouched.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// How to go on.
        #[help]
        hint: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A folder that would be replaced holds a file that clika did not write.
    #[error("{} was not written by clika and would be lost", path.display())]
    #[diagnostic(help("move it away, or write elsewhere"))]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another process is writing the same folder.
    #[error("another process is writing {}", path.display())]
    #[diagnostic(help("wait for it to end, or write elsewhere with --out"))]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A manifest is no JSON of the expected form.
    #[error("{} is not a manifest", path.display())]
    #[diagnostic(help("remove its folder, or write elsewhere"))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl ArtifactError {
    /// That a file or folder cannot be read.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// That a file or folder cannot be written, with a hint for a full disk and for a place that is not one's own.
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write {
            path: path.to_owned(),
            hint: match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "the disk is full; free some space and run again, what was there before is kept"
                }
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::NotADirectory => {
                    "choose a place you can write to with --out, or run clika in a folder of your own"
                }
                _ => "what was there before is kept; run again once the cause is mended",
            },
            source,
        }
    }
}
