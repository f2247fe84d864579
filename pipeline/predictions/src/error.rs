use clika_artifacts::ArtifactError;
use clika_core::Place;
use miette::Diagnostic;
use std::{io, path::PathBuf};

/// Why predictions cannot be used. Nothing is skipped: the first fault ends the import.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PredictionError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("--predictions names a folder of predictions"))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder holds no predictions in a form we know.
    #[error("{} holds no predictions", path.display())]
    #[diagnostic(help(
        "expected the paper's release (x_geo/, x_csqa/ …), <model>/<task>/<language>.parquet, or \
         samples_<task>_<language>_*.jsonl of lm-evaluation-harness"
    ))]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// A line or file is wrong.
    #[error("{problem}\n   {place}")]
    Invalid {
        /// What is wrong.
        problem: String,
        /// What was expected.
        #[help]
        expected: String,
        /// Where.
        place: Place,
    },
    /// Two files of a task do not hold the same items.
    #[error("{difference}\n   {file}\n   {other}")]
    #[diagnostic(help("all files of a task have the same items, in any order, with equal labels"))]
    NotParallel {
        /// The file.
        file: String,
        /// The file it is compared with.
        other: String,
        /// The first difference.
        difference: String,
    },
    /// A Parquet file is no file of predictions.
    #[error("{} is no file of predictions", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: polars::error::PolarsError,
    },
    /// A row of a Parquet file is wrong.
    #[error("row {row} of {}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}
