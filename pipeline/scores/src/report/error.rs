use crate::predictions::PredictionError;
use clika_base::types::FilePosition;
use miette::Diagnostic;
use std::{io, path::PathBuf};

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ReportError {
    /// A file of the paper's data cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "check the path and the file's permissions; where a project has no file of its own, the built-in one is read"
    ))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the paper's data is wrong.
    #[error("{problem}\n   {position}")]
    #[diagnostic(help("compare with reference/paper/table05.toml"))]
    Paper {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// A model that was asked for is not there.
    #[error("no predictions of `{model}`")]
    #[diagnostic(help("there are {known}"))]
    UnknownModel {
        /// The model.
        model: String,
        /// The models there are.
        known: String,
    },
    /// A folder holds several models, and none was named.
    #[error("{folder} holds several models")]
    #[diagnostic(help("name one as {folder}:MODEL; there are {known}"))]
    SeveralModels {
        /// The folder, as it was named.
        folder: String,
        /// The models.
        known: String,
    },
    /// Two runs share no task and language.
    #[error("{a} and {b} share no task in any language")]
    #[diagnostic(help("compare two models on the same items"))]
    NothingShared {
        /// The one.
        a: String,
        /// The other.
        b: String,
    },
    /// Two runs hold other items.
    #[error("{task} in `{language}`: {a} and {b} have different items: {difference}")]
    #[diagnostic(help(
        "a paired comparison needs the same items with the same right choices and clusters"
    ))]
    OtherItems {
        /// The task.
        task: String,
        /// The language.
        language: String,
        /// The one.
        a: String,
        /// The other.
        b: String,
        /// The first difference.
        difference: String,
    },
    /// The predictions are wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Predictions(#[from] PredictionError),
}
