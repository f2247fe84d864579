//! Where every cell stands.

use crate::{
    Cell, GridError, GridFolder, Job, JobRecord, JobState, claim, is_cell_there, slurm::TaskState,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CellState {
    /// Its results are there.
    Done,
    /// Its job runs and has begun it.
    Running,
    /// Nobody has begun it, or it was interrupted and goes on.
    Waiting,
    /// Its job ended with an error, or without a word.
    Failed,
    /// It was submitted, Slurm does not know it any more, and there are no results.
    Missing,
}

impl CellState {
    /// All of them, in the order to show them.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Running,
        Self::Waiting,
        Self::Failed,
        Self::Missing,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }
}

/// A cell and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellStatus {
    /// The cell's name.
    pub cell: String,
    /// The number of its job.
    pub job: usize,
    /// Where it stands.
    pub state: CellState,
    /// What is known besides.
    pub why: Option<String>,
}

/// Where a grid stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GridStatus {
    /// The grid's name.
    pub grid: String,
    /// How many cells stand where.
    pub counts: BTreeMap<&'static str, usize>,
    /// Every cell.
    pub cells: Vec<CellStatus>,
    /// The last lines of the logs of jobs that failed, by the job's name.
    pub logs: BTreeMap<String, Vec<String>>,
    /// What of Slurm did not answer.
    pub notes: Vec<String>,
}

/// Lines of a log that are shown.
const LOG_LINES: usize = 5;
/// Bytes of a log that are read for them.
const LOG_BYTES: u64 = 16 * 1024;

impl GridStatus {
    /// Looks at every cell. `tasks` is what Slurm says of jobs, and `was_submitted` whether a job was ever sent.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(
        grid: &GridFolder,
        tasks: &BTreeMap<usize, TaskState>,
        was_submitted: &dyn Fn(usize) -> bool,
        notes: Vec<String>,
    ) -> Result<Self, GridError> {
        let (mut cells, mut logs) = (Vec::new(), BTreeMap::new());
        for job in grid.jobs() {
            let record = JobRecord::read(grid.path(), &job.name)?;
            let (rest, why) = state_of_job(
                grid,
                job,
                record.as_ref(),
                tasks.get(&job.job),
                was_submitted(job.job),
            );
            let mut has_failed = false;
            for cell in grid.cells_of(job) {
                let (state, why) = if is_cell_there(grid, cell)? {
                    (CellState::Done, None)
                } else if rest == CellState::Running && !has_begun(grid, cell) {
                    (CellState::Waiting, Some("its job runs".to_owned()))
                } else {
                    (rest, why.clone())
                };
                has_failed |= state == CellState::Failed;
                cells.push(CellStatus {
                    cell: cell.cell.clone(),
                    job: job.job,
                    state,
                    why,
                });
            }
            if has_failed {
                logs.insert(job.name.clone(), last_lines(&grid.log(job)));
            }
        }
        let counts = CellState::ALL.map(|state| {
            let count = cells.iter().filter(|it| it.state == state).count();
            (state.name(), count)
        });
        Ok(Self {
            grid: grid.manifest().name.clone(),
            counts: counts.into_iter().collect(),
            cells,
            logs,
            notes,
        })
    }
}

/// Where the cells of a job stand that have no results.
fn state_of_job(
    grid: &GridFolder,
    job: &Job,
    record: Option<&JobRecord>,
    task: Option<&TaskState>,
    was_submitted: bool,
) -> (CellState, Option<String>) {
    if claim::is_taken(grid.path(), job) {
        let on = record.and_then(|it| it.device.as_ref());
        let host = record.map(|it| it.host.clone()).unwrap_or_default();
        let on = on.map_or_else(|| host.clone(), |device| format!("{host}, {device}"));
        return (CellState::Running, Some(format!("on {on}")));
    }
    match task {
        Some(TaskState::Running) => return (CellState::Running, Some("Slurm: RUNNING".to_owned())),
        Some(TaskState::Waiting(reason)) => {
            return (CellState::Waiting, Some(format!("Slurm: {reason}")));
        }
        Some(TaskState::Ended(_)) | None => {}
    }
    let ended = match task {
        Some(TaskState::Ended(word)) => Some(format!("Slurm: {word}")),
        Some(TaskState::Running | TaskState::Waiting(_)) | None => None,
    };
    match record.map(|it| (it.state, it)) {
        Some((JobState::Failed, record)) => {
            let how = match (record.signal, record.exit) {
                (Some(signal), _) => format!("killed by signal {signal}"),
                (None, Some(0)) => "ended without all its results".to_owned(),
                (None, Some(code)) => format!("exit code {code}"),
                (None, None) => "failed".to_owned(),
            };
            (CellState::Failed, Some(how))
        }
        Some((JobState::Running, record)) => {
            let how = format!("its process on {} ended without a word", record.host);
            (CellState::Failed, Some(ended.unwrap_or(how)))
        }
        Some((JobState::Again, _)) => (
            CellState::Waiting,
            Some(
                ended.unwrap_or_else(|| "interrupted; it goes on when it is run again".to_owned()),
            ),
        ),
        Some((JobState::Done, _)) => (
            CellState::Missing,
            Some("its job was done, and its results are gone".to_owned()),
        ),
        None => match (ended, was_submitted) {
            (Some(ended), _) => (CellState::Failed, Some(ended)),
            (None, true) => (
                CellState::Missing,
                Some("submitted, and Slurm does not know it any more".to_owned()),
            ),
            (None, false) => (CellState::Waiting, None),
        },
    }
}

/// Whether a cell has anything, such as checkpoints.
fn has_begun(grid: &GridFolder, cell: &Cell) -> bool {
    grid.path().join(&cell.out).is_dir()
}

/// The last lines of a log; none where there is no log.
pub fn last_lines(path: &Path) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(LOG_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // A log that cannot be read has no lines to show, and is no reason to show nothing else.
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|it| !it.trim().is_empty()).collect();
    let first = lines.len().saturating_sub(LOG_LINES);
    lines[first..].iter().map(|it| (*it).to_owned()).collect()
}
