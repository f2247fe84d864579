//! Many trainings and evaluations from one file, handed to one machine, several devices or a Slurm cluster.
//!
//! A [`GridFile`] lists models, languages, seeds and so on; a [`Plan`] has a [`Cell`] for each combination and a [`Job`] for the
//! cells of one base model; a [`GridFolder`] holds both beside what the jobs write. Jobs are commands of clika, run as child
//! processes: nothing here knows how a model is trained.

mod cell;
mod claim;
mod error;
mod estimate;
mod finished;
mod folder;
mod grid_file;
mod machine;
mod plan;
mod process;
mod record;
mod sbatch;
pub mod slurm;
mod status;
mod workers;

pub use cell::{Cell, CellKind, Job};
pub use error::GridError;
pub use estimate::{Estimate, Rates};
pub use finished::{is_cell_there, is_job_finished};
pub use folder::{GridFolder, GridManifest, PlanRequest};
pub use grid_file::{GridFile, KnownNames};
pub use machine::{architecture, host};
pub use plan::{Plan, RunNames};
pub use process::end_with_parent;
pub use record::{JobRecord, JobState};
pub use sbatch::{ArrayScript, SlurmOptions};
pub use status::{CellState, CellStatus, GridStatus, last_lines};
pub use workers::{Launcher, Outcome, StopSignal, run_jobs};
