//! `clika grid run`: jobs as child processes, one or all of them.

use super::TOOL;
use crate::commands::{Failure, demo, print, runtime};
use clika_grid::slurm::{Requeued, own_task, requeue};
use clika_grid::{GridFolder, Job, Launcher, Outcome, StopSignal, is_job_finished, run_jobs};
use clika_lm::DeviceChoice;
use clika_network::hub::Hub;
use miette::Diagnostic;
use std::{
    collections::BTreeSet,
    io::{self, Write},
    num::NonZero,
    path::PathBuf,
};

/// Runs one job, or all of them with a process for each device. What is done is not done again, and what was interrupted goes
/// on to the same results.
///
/// On SIGTERM, SIGUSR1 and Ctrl-C the jobs save what they have. Exit codes: 0 done, 1 failed, 75 to be run again, 130 after
/// Ctrl-C. As a task of Slurm it asks to be requeued before it ends with 75, unless somebody has cancelled it.
#[derive(clap::Args)]
#[group(id = "which", required = true, args = ["index", "all"])]
#[command(after_help = "Examples:\n  \
    clika grid run artifacts/grid/table04 --index \"$SLURM_ARRAY_TASK_ID\"\n  \
    clika grid run artifacts/grid/table04 --index \"$JOB_COMPLETION_INDEX\"   (Kubernetes; SkyPilot has $SKYPILOT_NODE_RANK)\n  \
    clika grid run artifacts/grid/table04 --all --devices cuda:0,cuda:1,cpu")]
pub struct Args {
    /// The folder that `clika grid plan` wrote
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The job to run: a line of jobs.jsonl, from 0.
    #[arg(long, value_name = "N")]
    index: Option<usize>,
    /// Where the job runs [default: as the command chooses]
    #[arg(long, value_name = "DEVICE", conflicts_with = "all")]
    device: Option<DeviceChoice>,
    /// Run all jobs that are not done.
    #[arg(long)]
    all: bool,
    /// A worker for each, which takes the next job from one queue [default: one, as the command chooses]
    #[arg(long, value_name = "DEVICES", value_delimiter = ',', requires = "all")]
    devices: Vec<DeviceChoice>,
}

/// A machine without a network lacks a model.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{model}` is not on this machine, and HF_HUB_OFFLINE is set")]
#[diagnostic(help(
    "get it where there is a network, into a cache that this machine sees (HF_HUB_CACHE): clika fetch {model}"
))]
struct NoModel {
    model: String,
}

/// The program does not know where it is.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot find the program's own file")]
#[diagnostic(help("was it replaced while it ran? Start it again"))]
struct NoProgram {
    source: io::Error,
}

/// Some jobs failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{failed} of {all} jobs failed: {names}")]
#[diagnostic(help(
    "`clika grid status` shows the last lines of their logs; run the command again once the cause is mended: what is done is kept"
))]
struct SomeFailed {
    failed: usize,
    all: usize,
    names: String,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let grid = GridFolder::read(&args.folder)?;
    grid.check_machine(TOOL)?;
    let jobs: Vec<&Job> = match args.index {
        Some(index) => vec![grid.job(index)?],
        None => grid.jobs().iter().collect(),
    };
    check_models(&grid, &jobs)?;
    let devices: Vec<Option<String>> = if args.devices.is_empty() {
        vec![args.device.as_ref().map(ToString::to_string)]
    } else {
        args.devices.iter().map(|it| Some(it.to_string())).collect()
    };
    let launcher = Launcher {
        program: std::env::current_exe().map_err(|source| NoProgram { source })?,
        slurm: own_task(),
        threads: threads(&args.devices),
    };
    let pass_on = args.index.is_some();
    let output = |bytes: &[u8]| {
        if pass_on {
            // Who reads it may have gone; the log has it.
            let _ = io::stderr().write_all(bytes);
        }
    };
    let say = |line: &str| eprintln!("{line}");
    let running = run_jobs(&grid, &jobs, &devices, &launcher, &say, &output);
    let outcome = runtime()?.block_on(running)?;
    end(&outcome, jobs.len(), &launcher)
}

/// Finds a model that is missing before anything is begun.
fn check_models(grid: &GridFolder, jobs: &[&Job]) -> Result<(), Failure> {
    let mut models = BTreeSet::new();
    for job in jobs {
        if demo::is_meant(&job.model) || models.contains(&job.model) {
            continue;
        }
        // Paths begin where the grid was planned.
        if grid.manifest().start.join(&job.model).exists() || is_job_finished(grid, job)? {
            continue;
        }
        models.insert(&job.model);
        let hub = Hub::from_env()?;
        if hub.is_offline() && !hub.is_here(&job.model)? {
            return Err(NoModel {
                model: job.model.clone(),
            }
            .into());
        }
    }
    Ok(())
}

/// Threads of each process, where several run on the processor: together as many as it has. `None` where the user says it.
fn threads(devices: &[DeviceChoice]) -> Option<usize> {
    let sharing = devices
        .iter()
        .filter(|it| matches!(it, DeviceChoice::Cpu))
        .count();
    if sharing < 2 || clika_base::variable("RAYON_NUM_THREADS").is_some() {
        return None;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Some((cores / sharing).max(1))
}

/// From an outcome to an exit code.
fn end(outcome: &Outcome, all: usize, launcher: &Launcher) -> Result<(), Failure> {
    let left = outcome.again.len() + outcome.elsewhere.len();
    match outcome.stopped {
        Some(StopSignal::Interrupt) if left > 0 => {
            return Err(Failure::Interrupted(
                "interrupted; what is done is kept: run the command again to continue".to_owned(),
            ));
        }
        Some(signal @ (StopSignal::Terminate | StopSignal::Limit)) if !outcome.again.is_empty() => {
            if let Some(task) = &launcher.slurm {
                ask_for_another_run(task, signal);
            }
        }
        Some(StopSignal::Interrupt | StopSignal::Terminate | StopSignal::Limit) | None => {}
    }
    if !outcome.failed.is_empty() {
        return Err(SomeFailed {
            failed: outcome.failed.len(),
            all,
            names: outcome.failed.join(", "),
        }
        .into());
    }
    if left > 0 {
        return Err(Failure::Again(format!(
            "{} of {all} jobs done; run the command again for the others",
            outcome.done
        )));
    }
    print(&format!("{} of {all} jobs done\n", outcome.done))
}

/// Asks Slurm to run the task again. Where it refuses, the exit code still says that it is to be run again.
fn ask_for_another_run(task: &str, signal: StopSignal) {
    match requeue(task, signal) {
        Ok(Requeued::Yes) => eprintln!("{task}: requeued; it goes on where it was"),
        Ok(Requeued::ByOthers) => eprintln!("{task}: requeued already; it goes on where it was"),
        Ok(Requeued::Cancelled) => {
            eprintln!("{task}: cancelled, and so not requeued; `clika grid submit` sends it again");
        }
        Err(error) => eprintln!("note: {task} is not requeued: {error}"),
    }
}
