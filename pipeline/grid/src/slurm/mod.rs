//! Slurm's programs: what is asked of them, and what they answer. Every call ends after some seconds.

mod call;
mod queue;

pub use call::{CALL_SECONDS, call};
pub use queue::{SubmittedArray, TaskState, tasks};

use crate::{GridError, GridFolder, sbatch::ranges};

/// The most tasks of one array: `MaxArraySize` of the cluster, whose ids are 0 to one less.
///
/// # Errors
/// No Slurm, one that does not answer, and an answer without the number.
pub fn max_array_size() -> Result<usize, GridError> {
    let config = call("scontrol", &["show", "config"], CALL_SECONDS)?;
    array_size(&config).ok_or_else(|| GridError::Refused {
        command: "scontrol show config".to_owned(),
        said: "no MaxArraySize in its answer".to_owned(),
    })
}

fn array_size(config: &str) -> Option<usize> {
    config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "MaxArraySize").then(|| value.trim().parse().ok())?
    })
}

/// An array that is to be sent: the job of its task 0, and its tasks as `--array` takes them.
pub fn arrays(jobs: &[usize], most: usize) -> Vec<(usize, String)> {
    let mut arrays: Vec<(usize, Vec<usize>)> = Vec::new();
    for &job in jobs {
        let first = job / most * most;
        match arrays.last_mut() {
            Some((of, tasks)) if *of == first => tasks.push(job - first),
            Some(_) | None => arrays.push((first, vec![job - first])),
        }
    }
    arrays
        .into_iter()
        .map(|(first, tasks)| (first, ranges(&tasks)))
        .collect()
}

/// What became of asking for another run of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requeued {
    /// Slurm runs it again.
    Yes,
    /// Somebody has cancelled it, and wants no other run.
    Cancelled,
}

/// Asks that a task is run again, unless somebody has cancelled it. `task` is `12_3`, or `12` for a job without an array.
///
/// # Errors
/// No Slurm, one that does not answer, and one that refuses.
pub fn requeue(task: &str) -> Result<Requeued, GridError> {
    let shown = call(
        "scontrol",
        &["--oneliner", "show", "job", task],
        CALL_SECONDS,
    )?;
    if shown.contains("JobState=CANCELLED") {
        return Ok(Requeued::Cancelled);
    }
    call("scontrol", &["requeue", task], CALL_SECONDS)?;
    Ok(Requeued::Yes)
}

/// The task that this process is, as Slurm names it: `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}`, else `${SLURM_JOB_ID}`.
pub fn own_task() -> Option<String> {
    let variable = |name| clika_base::variable(name).and_then(|it| it.into_string().ok());
    match (
        variable("SLURM_ARRAY_JOB_ID"),
        variable("SLURM_ARRAY_TASK_ID"),
    ) {
        (Some(array), Some(task)) => Some(format!("{array}_{task}")),
        (Some(_) | None, Some(_) | None) => variable("SLURM_JOB_ID"),
    }
}

/// Where a grid keeps what was submitted.
pub const SUBMITTED: &str = "submitted.jsonl";

/// The arrays of a grid, in the order in which they were sent.
///
/// # Errors
/// A file that cannot be read.
pub fn submitted(grid: &GridFolder) -> Result<Vec<SubmittedArray>, GridError> {
    let path = grid.path().join(SUBMITTED);
    if !path.exists() {
        return Ok(Vec::new());
    }
    crate::folder::read_lines(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_array_size_is_read() {
        let config =
            "Configuration data as of now\nMaxArraySize            = 1001\nMaxJobCount = 10000\n";
        assert_eq!(array_size(config), Some(1001));
        assert_eq!(array_size("MaxJobCount = 1"), None);
    }

    #[test]
    fn arrays_have_at_most_so_many_tasks_from_0() {
        let all: Vec<usize> = (0..10).collect();
        let expected = [(0, "0-3"), (4, "0-3"), (8, "0-1")].map(|(a, b)| (a, b.to_owned()));
        assert_eq!(arrays(&all, 4), expected);
        let some = arrays(&[1, 2, 5, 9], 4);
        let expected = [(0, "1-2"), (4, "1"), (8, "1")].map(|(a, b)| (a, b.to_owned()));
        assert_eq!(some, expected);
    }
}
