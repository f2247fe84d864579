use crate::DatasetError;
use clika_base::files::ArtifactError;
use clika_base::templates::TemplateError;
use miette::Diagnostic;
use std::{io, path::PathBuf};

/// Why datasets cannot be exported.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ExportError {
    /// There is no dataset.
    #[error("{} is not a dataset of clika and contains none", path.display())]
    #[diagnostic(help("build them with `clika datasets`, or name the folder that contains them"))]
    NoDataset {
        /// The folder.
        path: PathBuf,
    },
    /// Two folders hold a dataset of the same name.
    #[error("{} and {} are both `{name}`", first.display(), second.display())]
    #[diagnostic(help("export one of them: name its folder"))]
    Twice {
        /// The dataset's name.
        name: String,
        /// A folder.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// The export would go where something else of ours lies.
    #[error("cannot export to {}: {why}", path.display())]
    #[diagnostic(help("name another folder with --out"))]
    Place {
        /// The folder.
        path: PathBuf,
        /// What speaks against it.
        why: String,
    },
    /// No dataset is of the kind that the other program takes.
    #[error("no dataset in {} has rows to train with", path.display())]
    #[diagnostic(help("build one with `clika datasets fictional`"))]
    NothingToTrain {
        /// The folder.
        path: PathBuf,
    },
    /// A folder cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check its permissions"))]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder of a dataset is not a language's.
    #[error("`{config}` is not a language of a dataset: {problem}")]
    #[diagnostic(help("rebuild the dataset with `clika datasets --force`"))]
    Config {
        /// The folder's name.
        config: String,
        /// What is wrong.
        problem: String,
    },
    /// A dataset is not as it was built.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// A prompt template is wrong or missing.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    /// A file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}
