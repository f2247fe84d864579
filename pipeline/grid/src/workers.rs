//! Jobs from one queue, one process on each device.

pub use crate::process::Launcher;
use crate::{
    CellKind, GridError, GridFolder, Job, JobRecord, JobState,
    claim::{BEAT, Claim, PATIENCE},
    host, is_job_finished,
    process::JobProcess,
};
use clika_base::files::{ArtifactError, FolderLock};
use std::{
    collections::VecDeque,
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    time::{Duration, Instant},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How a run of jobs ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Jobs whose results are all there.
    pub done: usize,
    /// The names of those that failed.
    pub failed: Vec<String>,
    /// The names of those that were interrupted, or not begun.
    pub again: Vec<String>,
    /// The names of those that other processes work on.
    pub elsewhere: Vec<String>,
    /// What ended the run before its end.
    pub stopped: Option<StopSignal>,
}

/// A signal that asks for an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM: from Slurm when a task is preempted, cancelled or over its limit.
    Terminate,
    /// SIGUSR1: a while before the limit.
    Limit,
}

impl StopSignal {
    /// The name of the signal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Limit => "SIGUSR1",
        }
    }
}

/// The exit code of a command that was interrupted and goes on when it is run again.
const INTERRUPTED: i32 = 130;
/// SIGTERM's number.
const TERMINATED: i32 = rustix::process::Signal::TERM.as_raw();
/// How often a job is begun in one run: once more where a signal killed it that nobody here sent.
const ATTEMPTS: u32 = 2;
/// Between looks at the processes.
const POLL: Duration = Duration::from_millis(50);
/// How long a command whose parent was killed may take to save.
const SAVING: Duration = Duration::from_secs(60);

/// Runs jobs in their order, one process for each device at a time; a device that is `None` is left to the command.
///
/// A job that is finished is not run. One that fails does not end the others. After the first signal every process is told to
/// save, and nothing is begun any more; after the second they are told to end at once. `say` gets a line about each job,
/// `output` what its command writes.
///
/// # Errors
/// Where signals cannot be heard, and a folder that cannot be written.
pub async fn run_jobs(
    grid: &GridFolder,
    jobs: &[&Job],
    devices: &[Option<String>],
    launcher: &Launcher,
    say: &dyn Fn(&str),
    output: &dyn Fn(&[u8]),
) -> Result<Outcome, GridError> {
    let mut signals = Signals::new()?;
    let mut pool = Pool {
        grid,
        launcher,
        say,
        output,
        queue: jobs.iter().map(|job| (*job, 0)).collect(),
        slots: devices.iter().map(|device| (device, None)).collect(),
        outcome: Outcome::default(),
    };
    loop {
        if pool.outcome.stopped.is_none() {
            pool.fill()?;
        }
        if pool.slots.iter().all(|(_, slot)| slot.is_none()) {
            // Slurm sends SIGTERM to all processes of a task, in any order.
            if pool.outcome.stopped.is_none() && !pool.outcome.again.is_empty() {
                pool.outcome.stopped = signals.next_within(Duration::from_secs(1)).await;
            }
            break;
        }
        if let Some(stop) = signals.next_within(POLL).await {
            pool.stop(stop);
        }
        pool.look()?;
    }
    let left = pool.queue.iter().map(|(job, _)| job.name.clone());
    pool.outcome.again.extend(left);
    Ok(pool.outcome)
}

/// Waits until nobody writes a training's folder: the command of a process that was killed saves what it has. False where that
/// takes too long.
fn is_free(grid: &GridFolder, job: &Job) -> Result<bool, GridError> {
    if job.kind == CellKind::Evaluate {
        return Ok(true);
    }
    let begun = Instant::now();
    while begun.elapsed() < SAVING {
        match FolderLock::take(&grid.path().join(job.out())) {
            Err(ArtifactError::Busy { .. }) => std::thread::sleep(POLL),
            lock => {
                lock?;
                return Ok(true);
            }
        }
    }
    Ok(false)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    limit: Signal,
}

impl Signals {
    fn new() -> Result<Self, GridError> {
        let listen = |kind| signal(kind).map_err(|source| GridError::Signals { source });
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            limit: listen(SignalKind::user_defined1())?,
        })
    }

    /// A signal that comes within some time.
    async fn next_within(&mut self, time: Duration) -> Option<StopSignal> {
        tokio::select! {
            _ = self.interrupt.recv() => Some(StopSignal::Interrupt),
            _ = self.terminate.recv() => Some(StopSignal::Terminate),
            _ = self.limit.recv() => Some(StopSignal::Limit),
            () = tokio::time::sleep(time) => None,
        }
    }
}

struct Pool<'a> {
    grid: &'a GridFolder,
    launcher: &'a Launcher,
    say: &'a dyn Fn(&str),
    output: &'a dyn Fn(&[u8]),
    /// Jobs that wait, with the attempts of this run.
    queue: VecDeque<(&'a Job, u32)>,
    slots: Vec<(&'a Option<String>, Option<Slot<'a>>)>,
    outcome: Outcome,
}

/// A job on a device.
struct Slot<'a> {
    job: &'a Job,
    attempts: u32,
    process: JobProcess,
    claim: Claim,
    beaten: Instant,
    record: JobRecord,
}

impl Pool<'_> {
    /// Starts jobs on devices that have none.
    fn fill(&mut self) -> Result<(), GridError> {
        for place in 0..self.slots.len() {
            while self.slots[place].1.is_none() {
                let Some((job, attempts)) = self.queue.pop_front() else {
                    return Ok(());
                };
                let device = self.slots[place].0.clone();
                let claim = match Claim::take(self.grid.path(), job, PATIENCE) {
                    Err(GridError::Busy { .. }) => {
                        (self.say)(&format!("{}: another process works on it", job.name));
                        self.outcome.elsewhere.push(job.name.clone());
                        continue;
                    }
                    claim => claim?,
                };
                if is_job_finished(self.grid, job)? {
                    (self.say)(&format!("{}: finished before", job.name));
                    self.outcome.done += 1;
                    continue;
                }
                if !is_free(self.grid, job)? {
                    (self.say)(&format!("{}: another process writes its folder", job.name));
                    self.outcome.elsewhere.push(job.name.clone());
                    continue;
                }
                let process = JobProcess::start(self.grid, job, device.as_deref(), self.launcher)?;
                let record = self.begin(job, device.clone(), process.pid())?;
                let place_name = device.map_or_else(String::new, |it| format!(" on {it}"));
                (self.say)(&format!("{}: begun{place_name}", job.name));
                self.slots[place].1 = Some(Slot {
                    job,
                    attempts: attempts + 1,
                    process,
                    claim,
                    beaten: Instant::now(),
                    record,
                });
            }
        }
        Ok(())
    }

    /// Writes down that a job has begun.
    fn begin(&self, job: &Job, device: Option<String>, pid: u32) -> Result<JobRecord, GridError> {
        let old = JobRecord::read(self.grid.path(), &job.name)?;
        let record = JobRecord {
            state: JobState::Running,
            host: host(),
            pid,
            device,
            slurm: self.launcher.slurm.clone(),
            attempts: 1 + old.as_ref().map_or(0, |it| it.attempts),
            seconds: old.as_ref().map_or(0.0, |it| it.seconds),
            memory_bytes: old.as_ref().and_then(|it| it.memory_bytes),
            exit: None,
            signal: None,
        };
        record.write(self.grid.path(), &job.name)?;
        Ok(record)
    }

    /// Tells every process to save and end.
    fn stop(&mut self, signal: StopSignal) {
        let again = self.outcome.stopped.is_some();
        self.outcome.stopped.get_or_insert(signal);
        (self.say)(&format!(
            "{}: {}",
            signal.name(),
            if again {
                "ending at once"
            } else {
                "saving; again to end at once"
            }
        ));
        for (_, slot) in &self.slots {
            if let Some(slot) = slot {
                slot.process.interrupt();
            }
        }
    }

    /// Passes on what processes write, and takes those that have ended from their devices.
    fn look(&mut self) -> Result<(), GridError> {
        for place in 0..self.slots.len() {
            let Some(mut slot) = self.slots[place].1.take() else {
                continue;
            };
            let log = self.grid.log(slot.job);
            let ended = slot.process.ended().map_err(ArtifactError::read(&log))?;
            let written = slot.process.output().map_err(ArtifactError::read(&log))?;
            if !written.is_empty() {
                (self.output)(&written);
            }
            match ended {
                Some(status) => self.end(slot, status)?,
                None => {
                    if slot.beaten.elapsed() > BEAT {
                        slot.claim.beat()?;
                        slot.beaten = Instant::now();
                    }
                    self.slots[place].1 = Some(slot);
                }
            }
        }
        Ok(())
    }

    /// Writes down how a job has ended.
    fn end(&mut self, slot: Slot<'_>, status: ExitStatus) -> Result<(), GridError> {
        let Slot {
            job,
            attempts,
            process,
            claim,
            mut record,
            ..
        } = slot;
        record.seconds += process.seconds();
        record.memory_bytes = record.memory_bytes.max(process.memory());
        (record.exit, record.signal) = (status.code(), status.signal());
        let name = job.name.clone();
        record.state = if status.success() && is_job_finished(self.grid, job)? {
            JobState::Done
        } else if status.code() == Some(INTERRUPTED) {
            JobState::Again
        } else {
            JobState::Failed
        };
        let killed = record.signal.filter(|_| record.state == JobState::Failed);
        let stopped = self.outcome.stopped.is_some();
        match (record.state, killed) {
            (JobState::Done, _) => {
                (self.say)(&format!("{name}: done in {:.1} s", process.seconds()));
                self.outcome.done += 1;
            }
            (JobState::Again | JobState::Running, _) => {
                (self.say)(&format!(
                    "{name}: interrupted; it goes on when it is run again"
                ));
                self.outcome.again.push(name);
            }
            // It was to end, and had not saved in time: its last checkpoint is there. SIGTERM is from whoever wants it to end.
            (JobState::Failed, Some(signal)) if stopped || signal == TERMINATED => {
                (self.say)(&format!("{name}: ended by signal {signal}"));
                record.state = JobState::Again;
                self.outcome.again.push(name);
            }
            (JobState::Failed, Some(signal)) if attempts < ATTEMPTS => {
                (self.say)(&format!(
                    "{name}: killed by signal {signal}; it is run once more"
                ));
                record.state = JobState::Again;
                let queued = self.grid.job(job.job)?;
                self.queue.push_back((queued, attempts));
            }
            (JobState::Failed, killed) => {
                let how = match (killed, record.exit) {
                    (Some(signal), _) => format!("killed by signal {signal}"),
                    (None, Some(0)) => "ended without all its results".to_owned(),
                    (None, Some(code)) => format!("failed with exit code {code}"),
                    (None, None) => "failed".to_owned(),
                };
                (self.say)(&format!(
                    "{name}: {how}; see {}",
                    self.grid.log(job).display()
                ));
                self.outcome.failed.push(name);
            }
        }
        record.write(self.grid.path(), &job.name)?;
        drop(claim);
        Ok(())
    }
}
