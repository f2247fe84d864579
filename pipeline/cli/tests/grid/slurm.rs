use crate::{SMALL, TestGrid, program::text};
use std::fs;

const FIVE: &str = "languages = ['de']\nseeds = [0, 1, 2, 3, 4]\n";

/// A cluster whose arrays have at most two tasks, and which numbers them 100, 101 and so on.
fn cluster(grid: &TestGrid) {
    grid.stand_in("scontrol", "echo 'MaxArraySize            = 2'");
    grid.stand_in(
        "sbatch",
        "echo sbatch \"$@\" >> calls; number=$(grep -c sbatch calls); echo $((99 + number))",
    );
    grid.stand_in("squeue", "cat queue 2>/dev/null; true");
    grid.stand_in("sacct", "cat account 2>/dev/null; true");
}

#[test]
fn arrays_are_as_large_as_the_cluster_takes_them() {
    let grid = TestGrid::planned(&format!("{FIVE}{SMALL}"), &[]);
    cluster(&grid);
    let said = grid.clika(&[
        "grid",
        "submit",
        "grid",
        "--partition",
        "gpu",
        "--account",
        "lab",
        "--time",
        "30",
        "--gres",
        "gpu:1",
        "--throttle",
        "2",
        "--setup",
        "module load cuda",
        "--sbatch=--mem=8G",
        "--grace",
        "30",
        "--after",
        "77",
    ]);
    assert_eq!(
        said,
        "submitted job 100: tasks 0-1, which are the grid's jobs from 0\n\
         submitted job 101: tasks 0-1, which are the grid's jobs from 2\n\
         submitted job 102: tasks 0, which are the grid's jobs from 4\n"
    );
    assert_eq!(grid.calls().len(), 3);
    assert_eq!(
        fs::read_to_string(grid.file("submitted.jsonl")).unwrap(),
        "{\"array\":\"100\",\"first\":0,\"tasks\":\"0-1\"}\n\
         {\"array\":\"101\",\"first\":2,\"tasks\":\"0-1\"}\n\
         {\"array\":\"102\",\"first\":4,\"tasks\":\"0\"}\n"
    );
    let script = fs::read_to_string(grid.file("runs/submit-1.sh")).unwrap();
    for line in [
        "#SBATCH --array=0-1%2",
        "#SBATCH --partition=gpu",
        "#SBATCH --account=lab",
        "#SBATCH --time=30",
        "#SBATCH --gres=gpu:1",
        "#SBATCH --mem=8G",
        "#SBATCH --signal=B:USR1@30",
        "#SBATCH --dependency=afterany:77",
        "module load cuda",
    ] {
        assert!(
            script.lines().any(|it| it == line),
            "{line} is not in {script}"
        );
    }
    assert!(
        script.ends_with("--index \"$((2 + SLURM_ARRAY_TASK_ID))\"\n"),
        "{script}"
    );
}

#[test]
fn what_is_done_or_in_the_queue_is_not_sent_again() {
    let grid = TestGrid::planned(&format!("{FIVE}{SMALL}"), &[]);
    cluster(&grid);
    grid.clika(&["grid", "submit", "grid"]);
    grid.clika(&["grid", "run", "grid", "--index", "0"]);
    fs::write(
        grid.path("queue"),
        "100_1|RUNNING|None\n101_0|PENDING|Resources\n",
    )
    .unwrap();
    fs::write(grid.path("account"), "101_1|TIMEOUT\n").unwrap();
    let counts = grid.counts();
    let count = |state: &str| counts[state].as_u64().unwrap();
    assert_eq!(
        ["done", "running", "waiting", "failed", "missing"].map(count),
        // The running one has not begun its cell.
        [1, 0, 2, 1, 1]
    );
    let status = grid.clika(&["grid", "status", "grid"]);
    assert!(
        status.contains("failed llama-tokenizer/de-seed3: Slurm: TIMEOUT\n"),
        "{status}"
    );
    assert!(
        status.contains(
            "missing llama-tokenizer/de-seed4: submitted, and Slurm does not know it any more\n"
        ),
        "{status}"
    );
    let said = grid.clika(&["grid", "submit", "grid"]);
    assert_eq!(
        said,
        "submitted job 103: tasks 1, which are the grid's jobs from 2\n\
         submitted job 104: tasks 0, which are the grid's jobs from 4\n"
    );
}

#[test]
fn no_slurm_and_one_that_refuses_are_said_in_their_own_words() {
    let grid = TestGrid::planned(&format!("{FIVE}{SMALL}"), &[]);
    let mut without = grid.command(&["grid", "submit", "grid"]);
    let output = without.env("PATH", "").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: `scontrol` cannot be started: there seems to be no Slurm here\n"),
        "{said}"
    );
    assert!(said.contains("hint: submit on a login node of the cluster; `clika grid run FOLDER --all` needs no Slurm\n"));
    let dry = grid.clika(&["grid", "submit", "grid", "--dry-run"]);
    assert!(
        dry.starts_with("would send tasks 0-4 (jobs from 0): sbatch --parsable "),
        "{dry}"
    );
    assert!(!grid.file("submitted.jsonl").exists());
    cluster(&grid);
    grid.stand_in(
        "sbatch",
        "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1",
    );
    let said = grid.refused(1, &["grid", "submit", "grid", "--partition", "gpu"]);
    assert!(
        said.contains("failed: sbatch: error: invalid partition specified: gpu\n"),
        "{said}"
    );
    assert!(!grid.file("submitted.jsonl").exists());
}

#[test]
fn an_answer_without_a_number_is_not_taken_for_a_job() {
    let grid = TestGrid::planned(&format!("{FIVE}{SMALL}"), &[]);
    cluster(&grid);
    grid.stand_in("sbatch", "echo 'sent it'");
    let output = grid.command(&["grid", "submit", "grid"]).output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("no number of a job in its answer: sent it"),
        "{said}"
    );
    assert!(
        !grid.file("submitted.jsonl").exists(),
        "nothing counts as sent"
    );
}
