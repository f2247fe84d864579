//! A grid's folder: what was planned, beside what jobs write.

use crate::{
    Cell, Estimate, GridError, GridFile, Job, Plan, Rates, SlurmOptions, architecture, host,
    sbatch::ArrayScript,
};
use clika_base::files::{
    ArtifactError, FolderDraft, FolderLock, recover_folder, replace_file, sha256_hex,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What a grid's folder says about itself: `grid.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridManifest {
    /// The program that planned it, and runs it: `clika 0.2.0`.
    pub tool: String,
    /// The kind of machine that it was planned on, and runs on: `x86_64 linux`.
    pub architecture: String,
    /// The grid's name.
    pub name: String,
    /// The folder in which it was planned. Jobs run there, so that relative paths mean the same.
    pub start: PathBuf,
    /// The project's folder, where one was named.
    pub project: Option<PathBuf>,
    /// The grid's file.
    pub file: String,
    /// SHA-256 of the file.
    pub file_sha256: String,
    /// SHA-256 of `jobs.jsonl`: what makes it this grid and no other.
    pub jobs_sha256: String,
    /// How many cells there are.
    pub cells: usize,
    /// How many jobs there are.
    pub jobs: usize,
    /// Hours of all jobs, one after the other.
    pub hours: Estimate,
    /// Hours of the longest job.
    pub longest_job_hours: Estimate,
    /// Memory of the largest job, without that of a GPU.
    pub memory_gb: Estimate,
}

/// A grid that was planned.
#[derive(Clone, Debug)]
pub struct GridFolder {
    path: PathBuf,
    manifest: GridManifest,
    jobs: Vec<Job>,
    cells: Vec<Cell>,
}

/// What to write a grid's folder from.
pub struct PlanRequest<'a> {
    /// The grid's file.
    pub grid: &'a GridFile,
    /// Its cells and jobs.
    pub plan: &'a Plan,
    /// The program: `clika 0.2.0`.
    pub tool: &'a str,
    /// The program's file, for the script.
    pub program: &'a Path,
    /// The current folder.
    pub start: &'a Path,
    /// The project's folder, where one was named.
    pub project: Option<&'a Path>,
    /// What is known of such cells; what the folder itself has measured is added.
    pub rates: Rates,
}

impl GridManifest {
    /// The file's name.
    pub const FILE: &str = "grid.json";
}

const CELLS: &str = "cells.jsonl";
const JOBS: &str = "jobs.jsonl";
const SCRIPT: &str = "sbatch.sh";
/// Folders that have to be there before anything runs: Slurm loses the output of a task whose folder is missing.
const FOLDERS: [&str; 3] = ["jobs", "logs", "runs"];

impl PlanRequest<'_> {
    /// Writes the folder, which appears whole or not at all. One of the same jobs keeps its results and logs.
    ///
    /// # Errors
    /// A folder that holds another grid or anything else, and one that cannot be written.
    pub fn write(mut self, path: &Path) -> Result<GridFolder, GridError> {
        let jobs = lines(&self.plan.jobs);
        let jobs_sha256 = sha256_hex(&jobs);
        recover_folder(path)?;
        let there = path.join(GridManifest::FILE).exists();
        if there {
            let old = GridFolder::read(path)?;
            if old.manifest.jobs_sha256 != jobs_sha256 {
                return Err(GridError::OtherGrid {
                    path: path.to_owned(),
                    theirs: old.manifest.name,
                });
            }
            self.rates.add(&old)?;
        }
        let manifest = self.manifest(jobs_sha256);
        let json = serde_json::to_string_pretty(&manifest).expect("a manifest is plain data");
        // Scripts name the folder as it will be called.
        let whole = std::path::absolute(path).map_err(ArtifactError::write(path))?;
        let script = ArrayScript {
            name: &manifest.name,
            folder: &whole,
            program: self.program,
            first: 0,
            tasks: &format!("0-{}", manifest.jobs.saturating_sub(1)),
            options: &SlurmOptions::default(),
            hours: manifest.longest_job_hours,
            memory_gb: manifest.memory_gb,
        };
        let files = [
            (CELLS, lines(&self.plan.cells)),
            (JOBS, jobs),
            (SCRIPT, script.text()),
            (GridManifest::FILE, json + "\n"),
        ];
        if there {
            let _lock = FolderLock::take(path)?;
            for (name, content) in &files {
                replace_file(&path.join(name), content.as_bytes())?;
            }
            finish(path)?;
        } else {
            let draft = FolderDraft::begin(path)?;
            for (name, content) in &files {
                draft.write(name, content.as_bytes())?;
            }
            finish(draft.path())?;
            draft.publish()?;
        }
        Ok(GridFolder {
            path: path.to_owned(),
            manifest,
            jobs: self.plan.jobs.clone(),
            cells: self.plan.cells.clone(),
        })
    }

    fn manifest(&self, jobs_sha256: String) -> GridManifest {
        let jobs = &self.plan.jobs;
        let longest = jobs
            .iter()
            .map(|job| self.rates.hours(std::iter::once(job)).value())
            .try_fold(0.0f64, |most, hours| hours.map(|hours| most.max(hours)));
        GridManifest {
            tool: self.tool.to_owned(),
            architecture: architecture(),
            name: self.grid.name.clone(),
            start: self.start.to_owned(),
            project: self.project.map(Path::to_owned),
            file: self.grid.text.clone(),
            file_sha256: sha256_hex(&self.grid.text),
            jobs_sha256,
            cells: self.plan.cells.len(),
            jobs: jobs.len(),
            hours: self.rates.hours(jobs.iter()),
            longest_job_hours: longest.into(),
            memory_gb: self.rates.memory_gb(jobs.iter()),
        }
    }
}

impl GridFolder {
    /// Reads a folder that was planned.
    ///
    /// # Errors
    /// A folder that is not a grid's, and a file of it that is not as it was written.
    pub fn read(path: &Path) -> Result<Self, GridError> {
        recover_folder(path)?;
        let file = path.join(GridManifest::FILE);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(GridError::NoGrid {
                    path: path.to_owned(),
                });
            }
            Err(error) => return Err(ArtifactError::read(&file)(error).into()),
        };
        let manifest: GridManifest = serde_json::from_slice(&bytes)
            .map_err(|error| GridError::damaged(&file, error.line(), error))?;
        let jobs: Vec<Job> = read_lines(&path.join(JOBS))?;
        let cells: Vec<Cell> = read_lines(&path.join(CELLS))?;
        if sha256_hex(lines(&jobs)) != manifest.jobs_sha256 {
            let problem = "the jobs are not those that were planned";
            return Err(GridError::damaged(&path.join(JOBS), 1, problem));
        }
        Ok(Self {
            path: path.to_owned(),
            manifest,
            jobs,
            cells,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says about itself.
    pub const fn manifest(&self) -> &GridManifest {
        &self.manifest
    }

    /// Its jobs, by their numbers.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Its cells, in the order of the jobs.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cells of a job.
    pub fn cells_of(&self, job: &Job) -> &[Cell] {
        let first = self.cells.partition_point(|cell| cell.job < job.job);
        let after = self.cells.partition_point(|cell| cell.job <= job.job);
        &self.cells[first..after]
    }

    /// The job of a rank.
    ///
    /// # Errors
    /// A rank that is too large.
    pub fn job(&self, index: usize) -> Result<&Job, GridError> {
        self.jobs.get(index).ok_or(GridError::NoJob {
            index,
            last: self.jobs.len().saturating_sub(1),
        })
    }

    /// The log of a job.
    pub fn log(&self, job: &Job) -> PathBuf {
        self.path.join(format!("jobs/{}.log", job.name))
    }

    /// Refuses a machine where jobs would not give the results that others give: another version or architecture, or one
    /// that does not have the folder in which the grid was planned.
    ///
    /// # Errors
    /// What differs, with this machine's name.
    pub fn check_machine(&self, tool: &str) -> Result<(), GridError> {
        let planned = format!("{} on {}", self.manifest.tool, self.manifest.architecture);
        let own = format!("{tool} on {}", architecture());
        if planned != own {
            return Err(GridError::OtherProgram {
                planned,
                own,
                host: host(),
            });
        }
        if !self.manifest.start.is_dir() {
            return Err(GridError::NoStart {
                path: self.manifest.start.clone(),
                host: host(),
            });
        }
        Ok(())
    }

    /// Adds a line to a file of the folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn append(&self, name: &str, line: &impl Serialize) -> Result<(), GridError> {
        let path = self.path.join(name);
        let line = serde_json::to_string(line).expect("a line is plain data") + "\n";
        let write = || {
            let mut file = fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)?;
            file.write_all(line.as_bytes())?;
            file.sync_all()
        };
        write().map_err(ArtifactError::write(&path))?;
        Ok(())
    }
}

/// Makes the folders, and the script executable.
fn finish(path: &Path) -> Result<(), GridError> {
    for folder in FOLDERS {
        let folder = path.join(folder);
        fs::create_dir_all(&folder).map_err(ArtifactError::write(&folder))?;
    }
    let script = path.join(SCRIPT);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))
        .map_err(ArtifactError::write(&script))?;
    Ok(())
}

/// A line for each value.
fn lines(values: &[impl Serialize]) -> String {
    let mut text = String::new();
    for value in values {
        text += &serde_json::to_string(value).expect("a line is plain data");
        text.push('\n');
    }
    text
}

/// The values of a file, a line each.
pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, GridError> {
    let text = fs::read_to_string(path).map_err(ArtifactError::read(path))?;
    let lines = text.lines().enumerate();
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| GridError::damaged(path, number + 1, error))
        })
        .collect()
}
