//! A job's command as a child process.

use crate::{GridError, GridFolder, Job};
use clika_base::files::ArtifactError;
use rustix::process::{Pid, Signal, getppid, kill_process, set_parent_process_death_signal};
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

/// How jobs are started.
pub struct Launcher {
    /// The program's file.
    pub program: PathBuf,
    /// The task of Slurm that this process is: `12_3`.
    pub slurm: Option<String>,
    /// Threads of each job, where several share the processor.
    pub threads: Option<usize>,
}

/// A job that runs.
pub(crate) struct JobProcess {
    child: Child,
    /// Its log, from where it has not been passed on.
    log: File,
    begun: Instant,
    /// The most memory that it was seen to hold, in bytes.
    memory: Option<u64>,
}

impl JobProcess {
    /// Starts a job. Its output goes to its log, so that it does not end with whoever reads it. It has a process group of its
    /// own: Ctrl-C in a terminal would otherwise reach it twice, and the second one ends it at once.
    pub(crate) fn start(
        grid: &GridFolder,
        job: &Job,
        device: Option<&str>,
        launcher: &Launcher,
    ) -> Result<Self, GridError> {
        let path = grid.log(job);
        let open = || {
            let log = File::options().create(true).append(true).open(&path)?;
            let mut reader = File::open(&path)?;
            reader.seek(SeekFrom::End(0))?;
            Ok((log.try_clone()?, log, reader))
        };
        let (out, err, log) = open().map_err(ArtifactError::write(&path))?;
        let manifest = grid.manifest();
        let mut command = Command::new(&launcher.program);
        if let Some(project) = &manifest.project {
            command.arg("--project").arg(project);
        }
        let folder = std::path::absolute(grid.path()).map_err(ArtifactError::read(grid.path()))?;
        let last = job.arguments.len().saturating_sub(1);
        for (place, argument) in job.arguments.iter().enumerate() {
            // The value of --out, which is the last one.
            if place == last {
                command.arg(folder.join(argument));
            } else {
                command.arg(argument);
            }
        }
        if let Some(device) = device {
            command.args(["--device", device]);
        }
        if let Some(threads) = launcher.threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        command
            .env(PARENT, std::process::id().to_string())
            .current_dir(&manifest.start)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0);
        let child = command.spawn().map_err(|source| GridError::Start {
            program: launcher.program.clone(),
            source,
        })?;
        Ok(Self {
            child,
            log,
            begun: Instant::now(),
            memory: None,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to save and end.
    pub(crate) fn interrupt(&self) {
        // One that has ended is waited for anyway.
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.memory = self.memory.max(peak_memory(self.child.id()));
        self.child.try_wait()
    }

    /// What it has written since the last call.
    pub(crate) fn output(&mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.log.read_to_end(&mut text)?;
        Ok(text)
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    pub(crate) const fn memory(&self) -> Option<u64> {
        self.memory
    }
}

/// Who started a job's command.
const PARENT: &str = "CLIKA_GRID_PARENT";

/// Has this process saved and ended, as Ctrl-C does, when the grid's process that started it is killed: without anybody who
/// waits for it, it would go on beside the one that is started next. Nothing in a process that no grid has started.
pub fn end_with_parent() {
    let parent = clika_base::variable(PARENT).and_then(|it| it.to_str()?.parse::<i32>().ok());
    let Some(parent) = parent else { return };
    // Where the system has no such signal, the lock of the job's folder keeps two from working at once.
    let _ = set_parent_process_death_signal(Some(Signal::INT));
    if getppid().is_none_or(|it| it.as_raw_nonzero().get() != parent) {
        // It was killed before.
        let _ = kill_process(rustix::process::getpid(), Signal::INT);
    }
}

/// The most memory that a process has held, in bytes; `None` where there is no `/proc`.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
