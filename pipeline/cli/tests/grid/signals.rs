use crate::{LONG, SMALL, TestGrid, program::text};
use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Waits until something is so; ends the test where it takes longer than any machine should.
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "no {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl TestGrid {
    pub fn has_checkpoint(&self) -> bool {
        let folder = self.file("jobs/0000-llama-tokenizer/de-seed0/checkpoints");
        fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.any(|it| it.unwrap().path().join("manifest.json").exists())
        })
    }

    fn start(&self, slurm: bool) -> Child {
        let mut command = self.command(&["grid", "run", "grid", "--index", "0"]);
        if slurm {
            command
                .env("SLURM_ARRAY_JOB_ID", "12")
                .env("SLURM_ARRAY_TASK_ID", "3")
                .env("SLURM_JOB_ID", "15");
        }
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for("a checkpoint", || self.has_checkpoint());
        child
    }

    /// The process of the training itself.
    fn training(&self) -> u32 {
        u32::try_from(self.record("0000-llama-tokenizer")["pid"].as_u64().unwrap()).unwrap()
    }

    /// What stand-ins were called with, a line each.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

const ONE: &str = "languages = ['de']\nseeds = [0]\n";

/// The exit code and the standard error.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_task_near_its_limit_saves_is_requeued_and_goes_on_to_the_same_bytes() {
    for (signal, slurm) in [("USR1", true), ("TERM", true), ("TERM", false)] {
        let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
        grid.stand_in(
            "scontrol",
            "echo scontrol \"$@\" >> calls; echo JobId=15 JobState=RUNNING",
        );
        let child = grid.start(slurm);
        send(signal, child.id());
        let (code, said) = end(child);
        assert_eq!(code, Some(75), "{said}");
        let expected: &[&str] = match (signal, slurm) {
            ("USR1", true) => &["scontrol requeue 12_3"],
            (_, true) => &["scontrol --oneliner show job 12_3", "scontrol requeue 12_3"],
            (_, false) => &[],
        };
        assert_eq!(grid.calls(), expected);
        assert_eq!(grid.record("0000-llama-tokenizer")["state"], "again");
        assert_eq!(grid.counts()["waiting"], 1);
    }
}

#[test]
fn an_interrupted_job_gives_the_same_bytes() {
    let long = SMALL.replace(
        "\"--max-steps\", \"4\"",
        "\"--epochs\", \"50\", \"--max-steps\", \"60\"",
    );
    let calm = TestGrid::planned(&format!("{ONE}{long}"), &[]);
    calm.clika(&["grid", "run", "grid", "--all"]);
    let grid = TestGrid::planned(&format!("{ONE}{long}"), &[]);
    let child = grid.start(false);
    send("TERM", child.id());
    assert_eq!(end(child).0, Some(75));
    grid.clika(&["grid", "run", "grid", "--index", "0"]);
    assert_eq!(grid.record("0000-llama-tokenizer")["attempts"], 2);
    assert!(calm.results() == grid.results());
}

#[test]
fn a_cancelled_task_is_not_requeued() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    grid.stand_in(
        "scontrol",
        "echo scontrol \"$@\" >> calls; echo JobId=15 JobState=COMPLETING Reason=None",
    );
    let child = grid.start(true);
    send("TERM", child.id());
    let (code, said) = end(child);
    assert_eq!(code, Some(75), "{said}");
    assert_eq!(grid.calls(), ["scontrol --oneliner show job 12_3"]);
    assert!(
        said.contains("12_3: cancelled, and so not requeued"),
        "{said}"
    );
}

#[test]
fn a_task_whose_processes_all_hear_of_the_limit_is_requeued() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    grid.stand_in(
        "scontrol",
        "echo scontrol \"$@\" >> calls; echo JobId=15 JobState=COMPLETING Reason=TimeLimit",
    );
    let child = grid.start(true);
    // As Slurm does it: the training first, or last.
    send("TERM", grid.training());
    send("TERM", child.id());
    let (code, said) = end(child);
    assert_eq!(code, Some(75), "{said}");
    assert_eq!(
        grid.calls(),
        ["scontrol --oneliner show job 12_3", "scontrol requeue 12_3"]
    );
    let log = fs::read_to_string(grid.file("jobs/0000-llama-tokenizer.log")).unwrap();
    assert!(
        log.contains("interrupted; what was trained is kept"),
        "{log}"
    );
}

#[test]
fn a_task_that_others_have_requeued_needs_no_more() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    grid.stand_in(
        "scontrol",
        "echo 'Job is pending execution for job 15' >&2; exit 1",
    );
    let child = grid.start(true);
    send("USR1", child.id());
    let (code, said) = end(child);
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("12_3: requeued already"), "{said}");
}

#[test]
fn a_slurm_that_refuses_changes_nothing_of_the_exit_code() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    grid.stand_in(
        "scontrol",
        "echo 'slurm_update error: Access denied' >&2; exit 1",
    );
    let child = grid.start(true);
    send("USR1", child.id());
    let (code, said) = end(child);
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("note: 12_3 is not requeued: "), "{said}");
    assert!(said.contains("slurm_update error: Access denied"), "{said}");
}

#[test]
fn ctrl_c_saves_and_ends_with_130() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    let child = grid.start(false);
    send("INT", child.id());
    let (code, said) = end(child);
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("SIGINT: saving; again to end at once\n"),
        "{said}"
    );
}

#[test]
fn a_training_that_is_killed_is_run_once_more() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    let child = grid.start(false);
    let first = grid.training();
    send("KILL", first);
    wait_for("second attempt", || grid.training() != first);
    send("KILL", grid.training());
    let (code, said) = end(child);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("killed by signal 9; it is run once more\n"),
        "{said}"
    );
    let record = grid.record("0000-llama-tokenizer");
    assert_eq!(
        (&record["state"], &record["signal"], &record["attempts"]),
        (&"failed".into(), &9.into(), &2.into())
    );
}

#[test]
fn a_training_ends_with_the_process_that_started_it() {
    let grid = TestGrid::planned(&format!("{ONE}{LONG}"), &[]);
    let mut child = grid.start(false);
    let training = grid.training();
    send("KILL", child.id());
    child.wait().unwrap();
    let gone = || {
        !fs::read_to_string(format!("/proc/{training}/cmdline"))
            .is_ok_and(|it| it.contains("finetune"))
    };
    wait_for("end of the training", gone);
    let counts = grid.counts();
    assert_eq!(
        (&counts["failed"], &counts["running"]),
        (&1.into(), &0.into())
    );
    let status = grid.clika(&["grid", "status", "grid"]);
    assert!(status.contains(" ended without a word\n"), "{status}");
}
