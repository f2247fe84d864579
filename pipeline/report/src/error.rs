use clika_audit::AuditError;
use clika_base::files::ArtifactError;
use clika_base::types::FilePosition;
use clika_datasets::DatasetError;
use clika_finetune::FinetuneError;
use clika_scores::predictions::PredictionError;
use miette::Diagnostic;
use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ReportError {
    /// A folder that is not there.
    #[error("no folder of {what}: {}", path.display())]
    #[diagnostic(help("check the path; a name for it goes before it, as in `NAME=FOLDER`"))]
    NoFolder {
        /// What was expected there.
        what: &'static str,
        /// The folder.
        path: PathBuf,
    },
    /// A folder without finished runs.
    #[error("no finished fine-tuning runs in {}", path.display())]
    #[diagnostic(help(
        "name the folder in which `clika finetune` has written results.json; a run that was interrupted goes on when its \
         command is run again"
    ))]
    NoExperiment {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing to show.
    #[error("nothing to report: no recorded answers, fine-tuning runs or datasets")]
    #[diagnostic(help(
        "`clika evaluate` and `clika finetune` make them; --predictions, --finetune and --datasets name folders elsewhere"
    ))]
    Nothing,
    /// A comparison of a model that is not there.
    #[error("no answers of `{model}` to compare")]
    #[diagnostic(help("there are those of {known}"))]
    UnknownModel {
        /// The name.
        model: String,
        /// Those that there are.
        known: String,
    },
    /// The file of families is wrong.
    #[error("{problem}\n   {position}")]
    #[diagnostic(help("compare with the built-in file: `clika init` writes it"))]
    Families {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// Answers cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Predictions(#[from] PredictionError),
    /// Answers cannot be compared, or the paper's tables not be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scores(#[from] clika_scores::report::ReportError),
    /// Fine-tuning runs cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Finetune(#[from] FinetuneError),
    /// A dataset cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// A dataset cannot be audited.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Audit(#[from] AuditError),
    /// A file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}
