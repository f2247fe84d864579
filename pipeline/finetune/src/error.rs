use clika_base::files::ArtifactError;
use clika_base::templates::TemplateError;
use clika_base::types::{FilePosition, LanguageCode};
use clika_datasets::DatasetError;
use clika_evaluate::EvaluateError;
use clika_lm::{Dtype, LmError};
use clika_network::services::ApiError;
use miette::Diagnostic;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the experiment cannot be run.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum FinetuneError {
    /// A file that a person wrote cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check the path and the file's permissions"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The experiment file is wrong.
    #[error("{problem}\n   {position}")]
    #[diagnostic(help("compare with experiments/finetune.toml, which explains every key"))]
    Config {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// An option is wrong.
    #[error("{problem}")]
    #[diagnostic(help(
        "`clika finetune --help` lists the options, experiments/finetune.toml explains them"
    ))]
    Setting {
        /// What is wrong.
        problem: String,
    },
    /// The world has no such language.
    #[error("the world has no language `{language}`")]
    #[diagnostic(help("it has {known}; `clika datasets fictional --targets` builds others"))]
    NoLanguage {
        /// The language that was asked for.
        language: LanguageCode,
        /// Those that there are.
        known: String,
    },
    /// A world that was built is not as the options say.
    #[error("the world in {} does not have the {keys} that the options say", path.display())]
    #[diagnostic(help(
        "leave the options out, or build the world that you want: `clika datasets fictional`"
    ))]
    OtherWorld {
        /// The world's folder.
        path: PathBuf,
        /// What differs.
        keys: String,
    },
    /// A control cannot be made for a world.
    #[error("no control `{control}` for this world: {why}")]
    #[diagnostic(help(
        "`clika datasets fictional --control {control}` builds one, and --world names it"
    ))]
    NoControl {
        /// The control.
        control: &'static str,
        /// Why.
        why: &'static str,
    },
    /// Names that a language model has to make up.
    #[error("a model has to make up the world's names, which `clika finetune` does not do")]
    #[diagnostic(help(
        "`clika datasets fictional --names llm` builds such a world, and --world names it"
    ))]
    UnnamedWorld,
    /// A row cannot be asked.
    #[error("row {id} {problem}")]
    #[diagnostic(help("rebuild the world: `clika datasets fictional --force`"))]
    Row {
        /// The row.
        id: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A folder holds another run.
    #[error("{} contains a run with another {differs}", folder.display())]
    #[diagnostic(help("name another folder with --out, or remove this one"))]
    OtherRun {
        /// The run's folder.
        folder: PathBuf,
        /// What differs.
        differs: String,
    },
    /// A folder holds what another model was taught.
    #[error("{} contains runs of the model {theirs}, but this run is of {ours}", folder.display())]
    #[diagnostic(help(
        "name another folder with --out, or remove this one: a report is of one model"
    ))]
    OtherModel {
        /// The folder of all runs.
        folder: PathBuf,
        /// The model that is there, by name and fingerprint.
        theirs: String,
        /// The model that is to be taught.
        ours: String,
    },
    /// A log was not written by clika.
    #[error("the line is not a step of a training run: {problem}\n   {position}")]
    #[diagnostic(help("name another folder with --out, or remove the log"))]
    Log {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// Results or answers were not written by clika.
    #[error("the file is not one that `clika finetune` has written: {problem}\n   {position}")]
    #[diagnostic(help(
        "run the training again: what is whole is not done again, and the file is written anew"
    ))]
    Recorded {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// The training has gone astray.
    #[error(
        "{run}: the training diverged in step {step}, with a loss of {loss} and a gradient of length {gradient_norm}, computed in {}; the rows of the step: {rows}",
        dtype.name()
    )]
    #[diagnostic(help(
        "lower --learning-rate{}; the log of every step and the last checkpoints are in the run's folder",
        overflow(*dtype)
    ))]
    Diverged {
        /// The run, such as `de-seed0`.
        run: String,
        /// The step, from 1.
        step: usize,
        /// The loss.
        loss: f64,
        /// The gradient's length.
        gradient_norm: f64,
        /// What the model is computed in.
        dtype: Dtype,
        /// Ids of rows.
        rows: String,
    },
    /// The model gives no numbers.
    #[error("{model} gives NaN or infinity for row {id}, computed in {}", dtype.name())]
    #[diagnostic(help("{}", dtype.beyond_range()))]
    NotFinite {
        /// The row.
        id: String,
        /// The model.
        model: String,
        /// What it is computed in.
        dtype: Dtype,
    },
    /// What was trained is worth nothing.
    #[error("{run}: step {step} makes `{weights}` NaN or infinite in {}; nothing is written", dtype.name())]
    #[diagnostic(help(
        "lower --learning-rate{}; the log of every step and the last checkpoints are in the run's folder",
        overflow(*dtype)
    ))]
    BrokenWeights {
        /// The run, such as `de-seed0`.
        run: String,
        /// The step, from 1.
        step: usize,
        /// The tensor's name.
        weights: String,
        /// Its type.
        dtype: Dtype,
    },
    /// The user stopped the run.
    #[error("stopped")]
    #[diagnostic(help("run the command again to continue from the last checkpoint"))]
    Stopped,
    /// Answers that were kept cannot be used, or new ones cannot be kept.
    #[error("cannot use the answers kept in {}", path.display())]
    #[diagnostic(help(
        "if the file is damaged, remove it: what it answers is asked again; otherwise check the disk and its permissions"
    ))]
    KeptAnswers {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ApiError,
    },
    /// The model cannot be asked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The model cannot be run or trained.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lm(#[from] LmError),
    /// The world cannot be drawn or read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// Templates are wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    /// A file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}

impl FinetuneError {
    /// That a file of kept answers cannot be used. The cache's own hints name options that `clika finetune` lacks.
    pub(crate) fn kept_answers(path: &Path) -> impl FnOnce(ApiError) -> Self {
        move |source| Self::KeptAnswers {
            path: path.to_owned(),
            source,
        }
    }
}

/// What else can be done about a training that leaves a type's range.
fn overflow(dtype: Dtype) -> String {
    match dtype {
        Dtype::F16 => format!("; {}", dtype.beyond_range()),
        Dtype::F32 | Dtype::Bf16 => String::new(),
    }
}
