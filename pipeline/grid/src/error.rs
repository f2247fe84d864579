use clika_base::files::ArtifactError;
use clika_base::types::FilePosition;
use miette::Diagnostic;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a grid cannot be planned, run or read.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum GridError {
    /// The grid's file is wrong.
    #[error("{problem}\n   {position}")]
    File {
        /// What is wrong.
        problem: String,
        /// How to mend it.
        #[help]
        hint: String,
        /// Where.
        position: FilePosition,
    },
    /// A file that a person named cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check the path and the file's permissions"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder is not one that `clika grid plan` wrote.
    #[error("{} is not the folder of a grid", path.display())]
    #[diagnostic(help("`clika grid plan` writes one"))]
    NoGrid {
        /// The folder.
        path: PathBuf,
    },
    /// A file of a grid's folder is not as it was written.
    #[error("{problem}\n   {position}")]
    #[diagnostic(help("plan the grid again: results and logs are kept"))]
    Damaged {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// A folder holds another grid.
    #[error("{} holds another grid, `{theirs}`", path.display())]
    #[diagnostic(help("name another folder with --out, or move that one away"))]
    OtherGrid {
        /// The folder.
        path: PathBuf,
        /// The other grid's name.
        theirs: String,
    },
    /// A grid was planned by another version of clika, or on another kind of machine.
    #[error("the grid was planned by {planned}, and {host} has {own}")]
    #[diagnostic(help(
        "use one version and one architecture for all cells, or plan the grid again into another folder"
    ))]
    OtherProgram {
        /// What planned it.
        planned: String,
        /// What runs here.
        own: String,
        /// This machine.
        host: String,
    },
    /// There is no job of this number.
    #[error("the grid has no job {index}: its jobs are 0 to {last}")]
    #[diagnostic(help("--index counts the lines of jobs.jsonl from 0"))]
    NoJob {
        /// What was asked for.
        index: usize,
        /// The last one.
        last: usize,
    },
    /// The folder from which the grid was planned is not here.
    #[error("{} is not on {host}, and the grid's paths begin there", path.display())]
    #[diagnostic(help("plan the grid in a folder that all machines have"))]
    NoStart {
        /// The folder.
        path: PathBuf,
        /// This machine.
        host: String,
    },
    /// A program of Slurm cannot be started.
    #[error("`{program}` cannot be started: there seems to be no Slurm here")]
    #[diagnostic(help(
        "submit on a login node of the cluster; `clika grid run FOLDER --all` needs no Slurm"
    ))]
    NoSlurm {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program of Slurm says no.
    #[error("`{command}` failed: {said}")]
    #[diagnostic(help(
        "`sinfo` lists the partitions, `sacctmgr show assoc` your accounts; what was submitted before is in submitted.jsonl"
    ))]
    Refused {
        /// What was called.
        command: String,
        /// Its own words.
        said: String,
    },
    /// A program of Slurm does not answer.
    #[error("`{command}` gave no answer in {seconds} seconds")]
    #[diagnostic(help("`scontrol ping` says whether the controller answers; try again later"))]
    Silent {
        /// What was called.
        command: String,
        /// How long was waited.
        seconds: u64,
    },
    /// Another process works on a job.
    #[error("job `{job}` is run by another process")]
    #[diagnostic(help("`clika grid status` shows it; nothing has to be done"))]
    Busy {
        /// The job's name.
        job: String,
    },
    /// A job cannot be started.
    #[error("cannot start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Signals cannot be heard.
    #[error("cannot listen for signals")]
    Signals {
        /// Why.
        source: io::Error,
    },
    /// A file cannot be read, written or locked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}

impl GridError {
    /// A line of a grid's folder that cannot be read.
    pub(crate) fn damaged(path: &Path, line: usize, problem: impl ToString) -> Self {
        Self::Damaged {
            problem: problem.to_string(),
            position: FilePosition {
                path: path.to_owned(),
                line,
            },
        }
    }
}
