//! One file per command.

pub mod datasets;
pub mod snapshot;

use clika_datasets::{DatasetError, DistractorPolicy, Experiment, Project};
use miette::Diagnostic;
use std::path::PathBuf;

/// Why a command ended without success.
pub enum Failure {
    /// An error to show.
    Error(Box<dyn Diagnostic + Send + Sync>),
    /// Ctrl-C, with what to say about it.
    Interrupted(String),
}

impl<E: Diagnostic + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(Box::new(error))
    }
}

/// Options of every command that reads the experiment file.
#[derive(clap::Args)]
pub struct ExperimentArgs {
    /// The experiment file [default: pipeline/experiments/datasets.toml of the project]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides the experiment's seed.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Overrides how wrong choices are found.
    #[arg(long, value_name = "POLICY")]
    distractors: Option<Policy>,
}

/// [`DistractorPolicy`] as the command line spells it.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Policy {
    /// Same country; years that are near and plausible
    Hard,
    /// At random from the whole pool, as in the paper
    Paper,
}

impl ExperimentArgs {
    fn read(&self, project: &Project) -> Result<Experiment, DatasetError> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None => project.experiment(),
        };
        let mut experiment = Experiment::read(&path)?;
        if let Some(seed) = self.seed {
            experiment.datasets.seed = seed;
        }
        if let Some(policy) = self.distractors {
            experiment.datasets.distractors = match policy {
                Policy::Hard => DistractorPolicy::Hard,
                Policy::Paper => DistractorPolicy::Paper,
            };
        }
        Ok(experiment)
    }
}
