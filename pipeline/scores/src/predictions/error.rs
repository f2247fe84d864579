use crate::predictions::PredictionKey;
use clika_base::files::ArtifactError;
use clika_base::types::{FilePosition, LanguageCode};
use clika_datasets::Task;
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
    /// The folder contains no predictions in a form we know.
    #[error("{} contains no predictions{}", path.display(), below(notices))]
    #[diagnostic(help(
        "expected the paper's release (x_geo/, x_csqa/ …), <model>/<task>/<language>.parquet, or \
         samples_<task>_<language>_*.jsonl of lm-evaluation-harness"
    ))]
    Nothing {
        /// The folder.
        path: PathBuf,
        /// What was seen and not read.
        notices: Vec<String>,
    },
    /// A model's name makes no folder of its own.
    #[error("`{model}` is not the name of a model\n   {}", path.display())]
    #[diagnostic(help(
        "a model's name is not empty and does not start with a dot; name the folder or file after it"
    ))]
    ModelName {
        /// The name.
        model: String,
        /// The file that it was taken from.
        path: PathBuf,
    },
    /// Two files hold the same predictions.
    #[error("two files contain {model} on {task} in {language}\n   {}\n   {}", first.display(), second.display())]
    #[diagnostic(help("keep one of them in the folder"))]
    Twice {
        /// The model.
        model: String,
        /// The task.
        task: Task,
        /// The language.
        language: LanguageCode,
        /// The file read first.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Two models would be written to one folder.
    #[error("`{a}` and `{b}` are both written to {}", path.display())]
    #[diagnostic(help("`/` becomes `__` in a folder's name: rename one of the models"))]
    SameFolder {
        /// The one.
        a: String,
        /// The other.
        b: String,
        /// The folder.
        path: PathBuf,
    },
    /// A manifest of predictions does not say of which model.
    #[error("{} names no model", path.display())]
    #[diagnostic(help(
        "its `config` has `model`; write the folder again with `clika reproduce --save`"
    ))]
    NoModel {
        /// The manifest.
        path: PathBuf,
    },
    /// The files of a model are not those that were written.
    #[error("{} does not contain the files that its manifest describes", path.display())]
    #[diagnostic(help(
        "a file was changed or is missing: write the folder again with `clika reproduce --save`"
    ))]
    Changed {
        /// The model's folder.
        path: PathBuf,
    },
    /// A line or file is wrong.
    #[error("{problem}\n   {position}")]
    Invalid {
        /// What is wrong.
        problem: String,
        /// What was expected.
        #[help]
        expected: String,
        /// Where.
        position: FilePosition,
    },
    /// Two files of a task do not hold the same items.
    #[error("{difference}\n   {file}\n   {other}")]
    #[diagnostic(help(
        "all files of a task have the same items, in any order, with equal labels and clusters"
    ))]
    NotParallel {
        /// The file.
        file: String,
        /// The file it is compared with.
        other: String,
        /// The first difference.
        difference: String,
    },
    /// An item is not the same question in two files of a language.
    #[error(
        "item {item} is another question, or has other choices, in the second file: the two answered other versions of the dataset\n   {file}\n   {other}"
    )]
    #[diagnostic(help(
        "ask one of them again on the dataset of the other: `clika evaluate`; answers that were kept are used again"
    ))]
    OtherQuestion {
        /// The item.
        item: String,
        /// The file.
        file: String,
        /// The file it is compared with.
        other: String,
    },
    /// One name stands for two models, or two ways of asking one.
    #[error("`{}` is the name of two runs that differ: {difference}\n   {first}\n   {second}", first.model)]
    #[diagnostic(help(
        "evaluate one of them again as the other was, or under another name: `clika evaluate --name`"
    ))]
    Mixed {
        /// Predictions of the one.
        first: Box<PredictionKey>,
        /// Predictions of the other.
        second: Box<PredictionKey>,
        /// What differs.
        difference: String,
    },
    /// A task was answered on different versions of its dataset.
    #[error("the two were answered on other versions of the dataset {}\n   {first}\n   {second}", first.task)]
    #[diagnostic(help(
        "evaluate all on the dataset as it is now: `clika evaluate {}`; answers that were kept are used again",
        first.task
    ))]
    OtherDataset {
        /// Predictions on the one version.
        first: Box<PredictionKey>,
        /// Predictions on the other.
        second: Box<PredictionKey>,
    },
    /// The scores of a run that went wrong.
    #[error("row {row} of {key} ({}): {problem}", path.display())]
    #[diagnostic(help(
        "the run that wrote them overflowed, or its weights are not finite; `clika evaluate {} --languages {} --name {} \
         --model …` computes them again",
        key.task, key.language, key.model
    ))]
    BrokenScores {
        /// Which predictions.
        key: Box<PredictionKey>,
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// A Parquet file is not a file of predictions.
    #[error("{} is not a file of predictions", path.display())]
    #[diagnostic(help(
        "a file has the columns item_id, cluster_id, choice_scores, choice, response, label, correct, item_sha256 and \
         prompt_sha256, as `clika reproduce --save` writes them; older ones lack the hashes"
    ))]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: polars::error::PolarsError,
    },
    /// A row of a Parquet file is wrong.
    #[error("row {row} of {}: {problem}", path.display())]
    #[diagnostic(help(
        "a row is an item: choice and label are positions from 0, correct says whether they are equal, and \
         choice_scores is null or has a finite number for each choice"
    ))]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// A score that is not finite.
    #[error("{model} has a score of {score} for item {item} of {task} in {language}")]
    #[diagnostic(help(
        "scores are finite numbers; a model that gives NaN or infinity has given no answer, so nothing is written"
    ))]
    NotFinite {
        /// The model.
        model: String,
        /// The task.
        task: Task,
        /// The language.
        language: LanguageCode,
        /// The item.
        item: String,
        /// The score.
        score: f64,
    },
    /// A file cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}

/// Lines below an error's first.
fn below(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n   {line}")).collect()
}
