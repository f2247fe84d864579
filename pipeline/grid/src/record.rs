use crate::GridError;
use clika_base::files::{ArtifactError, replace_file};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What is known of the last attempt at a job, and of all together: `runs/<name>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRecord {
    /// Where it stands.
    pub state: JobState,
    /// The machine of the last attempt.
    pub host: String,
    /// The process that runs the job's command.
    pub pid: u32,
    /// The device, where one was named.
    pub device: Option<String>,
    /// The task of Slurm: `12_3`.
    pub slurm: Option<String>,
    /// How often it was begun.
    pub attempts: u32,
    /// Seconds that all attempts took together.
    pub seconds: f64,
    /// The most memory that a process of it held, in bytes; `None` where the system does not say.
    pub memory_bytes: Option<u64>,
    /// The exit code of the command; `None` while it runs, and where a signal ended it.
    pub exit: Option<i32>,
    /// The signal that ended the command.
    pub signal: Option<i32>,
}

/// Where a job stands, as the process that ran it last wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// A process works on it, or was ended without a word.
    Running,
    /// All its results are there.
    Done,
    /// It ended with an error.
    Failed,
    /// It was interrupted, and goes on when it is run again.
    Again,
}

impl JobRecord {
    /// The file of a job, from the grid's folder.
    pub(crate) fn path(folder: &Path, job: &str) -> PathBuf {
        folder.join(format!("runs/{job}.json"))
    }

    /// The record of a job; `None` for one that was never begun.
    ///
    /// # Errors
    /// A file that cannot be read, or is no record.
    pub fn read(folder: &Path, job: &str) -> Result<Option<Self>, GridError> {
        let path = Self::path(folder, job);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ArtifactError::read(&path)(error).into()),
        };
        let record = serde_json::from_slice(&bytes);
        record
            .map(Some)
            .map_err(|error| GridError::damaged(&path, error.line(), error))
    }

    /// Writes it in the place of the last one.
    pub(crate) fn write(&self, folder: &Path, job: &str) -> Result<(), GridError> {
        let json = serde_json::to_string_pretty(self).expect("a record is plain data") + "\n";
        replace_file(&Self::path(folder, job), json.as_bytes())?;
        Ok(())
    }
}
