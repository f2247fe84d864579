//! Hours and memory, from cells that were measured.

use crate::{CellKind, GridError, GridFolder, Job, JobRecord, JobState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A number that was measured on other cells, or `"unknown"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Estimate {
    /// From measured cells.
    Known(f64),
    /// Nothing like it has been measured.
    Unknown(Unknown),
}

/// The word for a number that nobody has measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// It.
    Unknown,
}

impl From<Option<f64>> for Estimate {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Unknown(Unknown::Unknown), Self::Known)
    }
}

impl Estimate {
    /// The number; `None` where it is unknown.
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(Unknown::Unknown) => None,
        }
    }

    /// In words: `1.5 hours`, `an unknown number of hours`.
    pub fn words(self, unit: &str) -> String {
        match self {
            Self::Known(value) => format!("{value:.2} {unit}"),
            Self::Unknown(Unknown::Unknown) => format!("an unknown number of {unit}"),
        }
    }
}

/// What finished jobs took, by model and kind.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    measured: BTreeMap<(String, CellKind), Measured>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    seconds: f64,
    cells: usize,
    memory: Option<u64>,
}

impl Rates {
    /// Adds the finished jobs of a grid.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn add(&mut self, grid: &GridFolder) -> Result<(), GridError> {
        for job in grid.jobs() {
            let Some(record) = JobRecord::read(grid.path(), &job.name)? else {
                continue;
            };
            if record.state == JobState::Done {
                self.add_job(job, &record);
            }
        }
        Ok(())
    }

    fn add_job(&mut self, job: &Job, record: &JobRecord) {
        let measured = self
            .measured
            .entry((job.model.clone(), job.kind))
            .or_default();
        measured.seconds += record.seconds;
        measured.cells += job.cells.len();
        measured.memory = measured.memory.max(record.memory_bytes);
    }

    /// The hours of some jobs, one after the other: unknown where one has not been measured.
    pub fn hours<'a>(&self, jobs: impl Iterator<Item = &'a Job>) -> Estimate {
        let mut seconds = 0.0;
        for job in jobs {
            match self.measured.get(&(job.model.clone(), job.kind)) {
                Some(measured) if measured.cells > 0 => {
                    seconds += measured.seconds / measured.cells as f64 * job.cells.len() as f64;
                }
                Some(_) | None => return None.into(),
            }
        }
        Some(seconds / 3600.0).into()
    }

    /// The memory of the largest of some jobs, in GB.
    pub fn memory_gb<'a>(&self, jobs: impl Iterator<Item = &'a Job>) -> Estimate {
        let mut most: f64 = 0.0;
        for job in jobs {
            let measured = self.measured.get(&(job.model.clone(), job.kind));
            match measured.and_then(|it| it.memory) {
                Some(bytes) => most = most.max(bytes as f64 / 1e9),
                None => return None.into(),
            }
        }
        Some(most).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(model: &str, cells: usize) -> Job {
        Job {
            job: 0,
            name: String::new(),
            model: model.to_owned(),
            kind: CellKind::Finetune,
            arguments: Vec::new(),
            cells: vec![String::new(); cells],
        }
    }

    fn record(seconds: f64, memory_bytes: Option<u64>) -> JobRecord {
        JobRecord {
            state: JobState::Done,
            host: String::new(),
            pid: 1,
            device: None,
            slurm: None,
            attempts: 1,
            seconds,
            memory_bytes,
            exit: Some(0),
            signal: None,
        }
    }

    #[test]
    fn hours_are_those_of_measured_cells_or_unknown() {
        let mut rates = Rates::default();
        rates.add_job(&job("a", 2), &record(3600.0, Some(2_000_000_000)));
        rates.add_job(&job("a", 4), &record(7200.0, None));
        // 10,800 seconds for 6 cells: half an hour each.
        let jobs = [job("a", 3), job("a", 1)];
        assert_eq!(rates.hours(jobs.iter()), Estimate::Known(2.0));
        assert_eq!(rates.memory_gb(jobs.iter()), Estimate::Known(2.0));
        let jobs = [job("a", 3), job("b", 1)];
        assert_eq!(rates.hours(jobs.iter()).value(), None);
        assert_eq!(rates.memory_gb(jobs.iter()).value(), None);
        let json = serde_json::to_string(&rates.hours(jobs.iter())).unwrap();
        assert_eq!(json, "\"unknown\"");
    }
}
