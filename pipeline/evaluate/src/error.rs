use clika_api::ApiError;
use clika_artifacts::ArtifactError;
use clika_core::Task;
use clika_templates::TemplateError;
use miette::Diagnostic;
use std::path::PathBuf;

/// Why a model cannot be scored.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum EvaluateError {
    /// The dataset is not there.
    #[error("no dataset in {}", folder.display())]
    #[diagnostic(help("`clika datasets {task}` builds it"))]
    NoDataset {
        /// Where it was looked for.
        folder: PathBuf,
        /// The task.
        task: Task,
    },
    /// A file of a dataset is none of ours.
    #[error("{} is no file of a dataset: {problem}", path.display())]
    #[diagnostic(help("`clika datasets` writes them; --force builds a changed one anew"))]
    Dataset {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// No way of asking works.
    #[error("the endpoint answers in none of the ways that clika asks")]
    #[diagnostic(help(
        "--api and --constraint choose one way, and then the error says what the endpoint has against it"
    ))]
    NoMode,
    /// A way of asking that makes no sense.
    #[error("`{constraint}` needs {needs}")]
    #[diagnostic(help("without --constraint the best one that the endpoint has is found"))]
    Impossible {
        /// The constraint.
        constraint: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// The endpoint cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
    /// A prompt template is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    /// A manifest cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}
