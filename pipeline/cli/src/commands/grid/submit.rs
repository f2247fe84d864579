//! `clika grid submit`: arrays of tasks for Slurm.

use super::TOOL;
use crate::commands::{Failure, print};
use clika_base::files::{ArtifactError, replace_file};
use clika_grid::slurm::{
    CALL_SECONDS, SUBMITTED, SubmittedArray, TaskState, arrays, call, max_array_size, submitted,
    tasks,
};
use clika_grid::{ArrayScript, GridError, GridFolder, SlurmOptions, is_job_finished};
use std::path::{Path, PathBuf};

/// Sends the jobs that are neither done nor in Slurm's queue, as many arrays as the cluster's MaxArraySize asks for.
///
/// What a task writes is in logs/ and jobs/ of the folder. A task that comes near its limit saves and requeues itself. To send
/// again what failed, run the command again.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    clika grid submit artifacts/grid/table04 --partition gpu --gres gpu:1 --time 4:00:00 --throttle 8\n  \
    clika grid submit artifacts/grid/table04 --setup 'module load cuda' --sbatch=--mem=64G --dry-run")]
pub struct Args {
    /// The folder that `clika grid plan` wrote
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The partition [default: the cluster's]
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// The account that is charged
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The limit of a task, as sbatch takes it; a job that takes longer goes on after it [default: the partition's]
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// What a task needs, such as gpu:1
    #[arg(long, value_name = "LIST")]
    gres: Option<String>,
    /// How many tasks may run at once [default: as many as the cluster lets]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    throttle: Option<u32>,
    /// Seconds before the limit at which a task is told to save.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    grace: u32,
    /// A line of the shell before clika is started, such as 'module load cuda'. Repeatable.
    #[arg(long, value_name = "LINE")]
    setup: Vec<String>,
    /// A further option of sbatch, such as --sbatch=--mem=64G. Repeatable.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch: Vec<String>,
    /// Begin after a job of Slurm has ended, however it ends. Repeatable.
    #[arg(long, value_name = "JOB")]
    after: Vec<String>,
    /// Write the scripts and say what would be sent, without Slurm unless it is there.
    #[arg(long)]
    dry_run: bool,
}

/// The most tasks of an array where no Slurm says otherwise: its own default.
const USUAL_ARRAY: usize = 1001;

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let grid = GridFolder::read(&args.folder)?;
    grid.check_machine(TOOL)?;
    let most = match max_array_size() {
        Err(error) if args.dry_run => {
            eprintln!("note: {error}; arrays of {USUAL_ARRAY} tasks are assumed");
            USUAL_ARRAY
        }
        most => most?,
    };
    let before = submitted(&grid)?;
    let (known, _) = if args.dry_run {
        Default::default()
    } else {
        tasks(&before)
    };
    let mut jobs = Vec::new();
    for job in grid.jobs() {
        let queued = matches!(
            known.get(&job.job),
            Some(TaskState::Running | TaskState::Waiting(_))
        );
        if !queued && !is_job_finished(&grid, job)? {
            jobs.push(job.job);
        }
    }
    if jobs.is_empty() {
        return print("every job is done or in the queue; nothing is sent\n");
    }
    for (number, (first, tasks)) in arrays(&jobs, most.max(1)).into_iter().enumerate() {
        let script = script(args, &grid, before.len() + number, (first, &tasks))?;
        if args.dry_run {
            print(&format!(
                "would send tasks {tasks} (jobs from {first}): sbatch --parsable {}\n",
                script.display()
            ))?;
            continue;
        }
        let path = script.display().to_string();
        let answer = call("sbatch", &["--parsable", &path], CALL_SECONDS)?;
        // `12`, or `12;cluster`; a plugin may say something before it.
        let id = answer
            .lines()
            .last()
            .and_then(|line| line.split(';').next());
        let id = id
            .map(str::trim)
            .filter(|id| !id.is_empty() && id.bytes().all(|it| it.is_ascii_digit()));
        let Some(array) = id.map(str::to_owned) else {
            return Err(GridError::Refused {
                command: format!("sbatch --parsable {path}"),
                said: format!("no number of a job in its answer: {}", answer.trim()),
            }
            .into());
        };
        grid.append(
            SUBMITTED,
            &SubmittedArray {
                array: array.clone(),
                first,
                tasks: tasks.clone(),
            },
        )?;
        print(&format!(
            "submitted job {array}: tasks {tasks}, which are the grid's jobs from {first}\n"
        ))?;
    }
    Ok(())
}

/// Writes the script of an array.
fn script(
    args: &Args,
    grid: &GridFolder,
    number: usize,
    (first, tasks): (usize, &str),
) -> Result<PathBuf, Failure> {
    let mut further = args.sbatch.clone();
    if !args.after.is_empty() {
        // `afterok` would wait for ever for a job that has failed.
        further.push(format!("--dependency=afterany:{}", args.after.join(":")));
    }
    let options = SlurmOptions {
        partition: args.partition.clone(),
        account: args.account.clone(),
        time: args.time.clone(),
        gres: args.gres.clone(),
        throttle: args.throttle,
        grace_seconds: args.grace,
        further,
        setup: args.setup.clone(),
    };
    let folder = absolute(grid.path())?;
    let program = std::env::current_exe().map_err(ArtifactError::read(Path::new("clika")))?;
    let manifest = grid.manifest();
    let script = ArrayScript {
        name: &manifest.name,
        folder: &folder,
        program: &program,
        first,
        tasks,
        options: &options,
        hours: manifest.longest_job_hours,
        memory_gb: manifest.memory_gb,
    };
    let path = folder.join(format!("runs/submit-{number}.sh"));
    replace_file(&path, script.text().as_bytes())?;
    Ok(path)
}

fn absolute(path: &Path) -> Result<PathBuf, ArtifactError> {
    std::path::absolute(path).map_err(ArtifactError::read(path))
}
