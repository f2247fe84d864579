//! One file per command.

pub mod api;
pub mod audit;
pub mod compare;
pub mod completions;
pub mod datasets;
pub mod demo;
pub mod devices;
pub mod evaluate;
pub mod export;
pub mod fetch;
pub mod fictional;
pub mod finetune;
pub mod generated_names;
pub mod grid;
pub mod init;
pub mod interrupt;
pub mod language;
pub mod logits;
pub mod model;
pub mod named;
pub mod report;
pub mod reproduce;
pub mod shots;
pub mod snapshot;
pub mod template;
mod text_sources;
pub mod texts;

use clika_base::Project;
use clika_datasets::{DatasetError, DistractorPolicy, ExperimentFile};
use clika_scores::report::{IntervalKind, Uncertainty};
use miette::Diagnostic;
use named::named;
use std::{io::Write, path::PathBuf};

/// Prints to stdout. A reader that has gone, such as `head`, ends the program quietly.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(Unprintable { source }.into()),
        Ok(()) => Ok(()),
    }
}

/// What waits for the network, on one thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(|source| NoRuntime { source }.into())
}

/// The system gives no file handles to wait with.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot wait for the network or for Ctrl-C")]
#[diagnostic(help("raise the limit of open files: `ulimit -n` shows it, and 64 is enough"))]
struct NoRuntime {
    source: std::io::Error,
}

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot write to standard output")]
#[diagnostic(help("what was built is in place; only its summary is lost"))]
struct Unprintable {
    source: std::io::Error,
}

/// Why a command ended without success.
pub enum Failure {
    /// An error to show.
    Error(Box<dyn Diagnostic + Send + Sync>),
    /// Ctrl-C, with what to say about it.
    Interrupted(String),
    /// Work that goes on when it is run again, with what to say about it.
    Again(String),
}

impl<E: Diagnostic + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(Box::new(error))
    }
}

/// Options of every command that reads the experiment file.
#[derive(clap::Args)]
pub struct ExperimentArgs {
    /// The experiment file [default: experiments/datasets.toml of the project]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides the experiment's seed.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Overrides how wrong choices are found.
    #[arg(long, value_name = "POLICY", value_parser = named::<DistractorPolicy>())]
    distractors: Option<DistractorPolicy>,
}

impl ExperimentArgs {
    fn read(&self, project: &Project) -> Result<ExperimentFile, DatasetError> {
        let file = match &self.config {
            Some(path) => path.into(),
            None => project.experiment(),
        };
        let mut experiment = ExperimentFile::read(&file)?;
        if let Some(seed) = self.seed {
            experiment.datasets.seed = seed;
        }
        if let Some(policy) = self.distractors {
            experiment.datasets.distractors = policy;
        }
        Ok(experiment)
    }
}

/// Options of every command that gives intervals.
#[derive(clap::Args)]
pub struct UncertaintyArgs {
    /// How often the items are resampled for intervals and tests.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    resamples: u32,
    /// Decides the draws.
    #[arg(long, value_name = "NUMBER", default_value_t = 2024)]
    seed: u64,
    /// The confidence of intervals, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 95, value_parser = clap::value_parser!(u8).range(1..=99))]
    level: u8,
    /// The kind of interval.
    #[arg(long, default_value = IntervalKind::Percentile.name(), value_parser = named::<IntervalKind>())]
    interval: IntervalKind,
}

impl UncertaintyArgs {
    fn resolve(&self) -> Uncertainty {
        Uncertainty {
            resamples: self.resamples as usize,
            seed: self.seed,
            level: f64::from(self.level) / 100.0,
            interval: self.interval,
        }
    }
}

/// Options of every command that prints a report.
#[derive(clap::Args)]
pub struct OutputArgs {
    /// How to print.
    #[arg(long, value_enum, default_value_t = ReportFormat::Markdown)]
    format: ReportFormat,
    /// Print one JSON object: the same as --format json.
    #[arg(long)]
    json: bool,
}

/// A format to print.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum ReportFormat {
    /// Tables for people
    Markdown,
    /// One line a number
    Csv,
    /// One object with everything
    Json,
}

impl OutputArgs {
    fn format(&self) -> ReportFormat {
        if self.json {
            ReportFormat::Json
        } else {
            self.format
        }
    }
}
