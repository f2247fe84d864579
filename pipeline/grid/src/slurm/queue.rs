use super::{CALL_SECONDS, call};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An array that was sent: a line of `submitted.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedArray {
    /// Slurm's number.
    pub array: String,
    /// The job of its task 0.
    pub first: usize,
    /// Its tasks, as `--array` takes them.
    pub tasks: String,
}

impl SubmittedArray {
    /// The numbers of its jobs.
    pub fn jobs(&self) -> impl Iterator<Item = usize> {
        let ranges = self.tasks.split(',').filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
        });
        ranges.flat_map(|(first, last)| (first..=last).map(|task| self.first + task))
    }
}

/// What Slurm says of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It runs, or ends just now.
    Running,
    /// It waits; with Slurm's reason.
    Waiting(String),
    /// It has ended, well or not; with Slurm's word: `COMPLETED`, `TIMEOUT`, `CANCELLED by 0`.
    Ended(String),
}

/// What Slurm says of the jobs that were submitted: from `squeue`, and from `sacct` for tasks that have left the queue. Where
/// either is not there or does not answer, it says nothing; the second value has the reasons.
pub fn tasks(submitted: &[SubmittedArray]) -> (BTreeMap<usize, TaskState>, Vec<String>) {
    let (mut states, mut problems) = (BTreeMap::new(), Vec::new());
    if submitted.is_empty() {
        return (states, problems);
    }
    let arrays: Vec<&str> = submitted.iter().map(|it| it.array.as_str()).collect();
    let arrays = arrays.join(",");
    let asked = [
        (
            "sacct",
            vec![
                "--noheader",
                "--parsable2",
                "--allocations",
                "--format=JobID,State",
                "--jobs",
                &arrays,
            ],
        ),
        // The queue has the last word.
        (
            "squeue",
            vec!["--me", "--noheader", "--array", "--format=%i|%T|%r"],
        ),
    ];
    for (program, arguments) in asked {
        match call(program, &arguments, CALL_SECONDS) {
            Ok(answer) => read(&answer, submitted, &mut states),
            Err(error) => problems.push(error.to_string()),
        }
    }
    (states, problems)
}

/// Reads lines of `12_3|STATE` or `12_3|STATE|reason`.
fn read(answer: &str, submitted: &[SubmittedArray], states: &mut BTreeMap<usize, TaskState>) {
    // A later array's word on a job replaces an earlier one's.
    for array in submitted {
        for line in answer.lines() {
            let mut fields = line.trim().split('|');
            let (Some(id), Some(state)) = (fields.next(), fields.next()) else {
                continue;
            };
            let task = id.split_once('_').filter(|(of, _)| *of == array.array);
            if let Some(Ok(task)) = task.map(|(_, task)| task.parse::<usize>()) {
                let reason = fields.next().unwrap_or_default();
                states.insert(array.first + task, state_of(state, reason));
            }
        }
    }
}

fn state_of(state: &str, reason: &str) -> TaskState {
    match state.split_whitespace().next().unwrap_or_default() {
        "RUNNING" | "COMPLETING" | "CONFIGURING" | "STAGE_OUT" | "SIGNALING" => TaskState::Running,
        "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SUSPENDED" | "STOPPED"
        | "RESIZING" | "SPECIAL_EXIT" => {
            let reason = if reason.is_empty() { state } else { reason };
            TaskState::Waiting(reason.to_owned())
        }
        // Slurm has more words for an end with every version.
        _ => TaskState::Ended(state.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(array: &str, first: usize) -> SubmittedArray {
        SubmittedArray {
            array: array.to_owned(),
            first,
            tasks: "0-1".to_owned(),
        }
    }

    #[test]
    fn an_array_has_the_jobs_of_its_tasks() {
        let array = SubmittedArray {
            array: "12".to_owned(),
            first: 1000,
            tasks: "0-2,7".to_owned(),
        };
        assert_eq!(array.jobs().collect::<Vec<_>>(), [1000, 1001, 1002, 1007]);
    }

    #[test]
    fn tasks_are_jobs_and_the_last_array_has_the_last_word() {
        let submitted = [array("12", 0), array("13", 1000), array("20", 0)];
        let answer = "12_0|FAILED\n12_1|CANCELLED by 0\n13_1|PENDING|Resources\n20_0|RUNNING|None\n99_0|RUNNING|None\n13_[2-4]|PENDING|x";
        let mut states = BTreeMap::new();
        read(answer, &submitted, &mut states);
        let expected = BTreeMap::from([
            (0, TaskState::Running),
            (1, TaskState::Ended("CANCELLED by 0".to_owned())),
            (1001, TaskState::Waiting("Resources".to_owned())),
        ]);
        assert_eq!(states, expected);
    }
}
