//! Slurm's programs: what is asked of them, and what they answer. Every call ends after some seconds.

mod call;
mod queue;

pub use call::{CALL_SECONDS, call};
pub use queue::{SubmittedArray, TaskState, tasks};

use crate::{GridError, GridFolder, StopSignal, sbatch::ranges};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeued {
    /// Slurm runs it again.
    Yes,
    /// Slurm runs it again, because somebody else has asked for that: an administrator, or a preemption.
    ByOthers,
    /// Somebody has ended it, and wants no other run.
    Cancelled,
}

/// Asks that a task is run again. `task` is `12_3`, or `12` for a job without an array.
///
/// SIGUSR1 comes before the limit, and so the task is to go on. SIGTERM comes at the limit, but also from `scancel`, and a task that
/// would requeue itself then could be cancelled by nobody. So Slurm is asked why.
///
/// # Errors
/// No Slurm, one that does not answer, and one that refuses.
pub fn requeue(task: &str, signal: StopSignal) -> Result<Requeued, GridError> {
    if signal != StopSignal::Limit {
        let shown = call(
            "scontrol",
            &["--oneliner", "show", "job", task],
            CALL_SECONDS,
        )?;
        if let Some(answer) = why_ended(&shown) {
            return Ok(answer);
        }
    }
    match call("scontrol", &["requeue", task], CALL_SECONDS) {
        Err(GridError::Refused { said, .. }) if said.contains("pending execution") => {
            Ok(Requeued::ByOthers)
        }
        answer => answer.map(|_| Requeued::Yes),
    }
}

/// What Slurm's words on a task that got SIGTERM say; `None` where it is to be requeued: at its limit, or while it counts as
/// running, as with a preemption that leaves time. As long as the process lives, a cancelled task is called COMPLETING, not
/// CANCELLED (Slurm 22.05).
fn why_ended(shown: &str) -> Option<Requeued> {
    let is = |word: &str| shown.split_whitespace().any(|it| it == word);
    if is("JobState=RUNNING") || is("Reason=TimeLimit") {
        None
    } else if is("JobState=PENDING") {
        Some(Requeued::ByOthers)
    } else {
        Some(Requeued::Cancelled)
    }
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
    fn only_a_task_at_its_limit_or_still_running_is_requeued() {
        // As Slurm 22.05 says it.
        for (shown, expected) in [
            (
                "JobId=5 JobState=COMPLETING Reason=TimeLimit Dependency=(null)",
                None,
            ),
            (
                "JobId=5 JobState=RUNNING Reason=None Dependency=(null)",
                None,
            ),
            (
                "JobId=5 JobState=COMPLETING Reason=None",
                Some(Requeued::Cancelled),
            ),
            (
                "JobId=5 JobState=CANCELLED Reason=None",
                Some(Requeued::Cancelled),
            ),
            (
                "JobId=5 JobState=PENDING Reason=BeginTime",
                Some(Requeued::ByOthers),
            ),
        ] {
            assert_eq!(why_ended(shown), expected, "{shown}");
        }
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
