use crate::{LONG, SMALL, TestGrid, program::text, signals::wait_for};
use std::{fs, process::Stdio};

const TWO: &str = "languages = ['de', 'fr']\nseeds = [0]\n";

#[test]
fn jobs_run_one_by_one_or_side_by_side_to_the_same_bytes() {
    let lists = format!("{TWO}{SMALL}");
    let one = TestGrid::planned(&lists, &[]);
    let output = one
        .command(&["grid", "run", "grid", "--index", "1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    // What the command writes is passed on, and stands in its log.
    let log = fs::read_to_string(one.file("jobs/0001-llama-tokenizer.log")).unwrap();
    assert!(log.contains("# What crosses in llama-tokenizer"));
    assert!(text(&output.stderr).contains("# What crosses in llama-tokenizer"));
    assert_eq!(one.counts()["done"], 1);
    one.clika(&["grid", "run", "grid", "--index", "0"]);
    let both = TestGrid::planned(&lists, &[]);
    let said = both.clika(&["grid", "run", "grid", "--all", "--devices", "cpu,cpu"]);
    assert_eq!(said, "2 of 2 jobs done\n");
    assert_eq!(both.record("0001-llama-tokenizer")["device"], "cpu");
    let (one, both) = (one.results(), both.results());
    assert!(one.len() > 6);
    assert!(one == both);
}

#[test]
fn what_is_done_is_not_done_again() {
    let grid = TestGrid::planned(&format!("{TWO}{SMALL}"), &["--cells-per-job", "9"]);
    grid.clika(&["grid", "run", "grid", "--all"]);
    let said = grid
        .command(&["grid", "run", "grid", "--all"])
        .output()
        .unwrap();
    assert_eq!(
        text(&said.stderr),
        "0000-llama-tokenizer: finished before\n"
    );
    assert_eq!(grid.record("0000-llama-tokenizer")["attempts"], 1);
    // A result that was changed is not one.
    fs::write(
        grid.file("jobs/0000-llama-tokenizer/de-seed0/results.json"),
        "{}",
    )
    .unwrap();
    grid.clika(&["grid", "run", "grid", "--index", "0"]);
    assert_eq!(grid.record("0000-llama-tokenizer")["attempts"], 2);
}

#[test]
fn a_job_that_fails_does_not_end_the_others() {
    let grid = TestGrid::planned(&format!("{TWO}{SMALL}"), &[]);
    // A file where the results are to go.
    fs::create_dir(grid.file("jobs/0000-llama-tokenizer")).unwrap();
    fs::write(grid.file("jobs/0000-llama-tokenizer/de-seed0"), "").unwrap();
    let said = grid.refused(1, &["grid", "run", "grid", "--all"]);
    assert!(
        said.contains("error: 1 of 2 jobs failed: 0000-llama-tokenizer\n"),
        "{said}"
    );
    let counts = grid.counts();
    assert_eq!((&counts["done"], &counts["failed"]), (&1.into(), &1.into()));
    let status = grid.clika(&["grid", "status", "grid"]);
    assert!(
        status.contains("failed llama-tokenizer/de-seed0: exit code 1\n"),
        "{status}"
    );
    assert!(
        status.contains("the end of jobs/0000-llama-tokenizer.log:\n"),
        "{status}"
    );
}

#[test]
fn another_version_or_architecture_is_refused_by_name() {
    let grid = TestGrid::planned(&format!("{TWO}{SMALL}"), &[]);
    let own = format!("clika {}", env!("CARGO_PKG_VERSION"));
    grid.project.edit("grid/grid.json", &own, "clika 0.0.9");
    let said = grid.refused(1, &["grid", "run", "grid", "--index", "0"]);
    let here = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
    let expected = format!("error: the grid was planned by clika 0.0.9 on {here}, and ");
    assert!(
        said.starts_with(&expected) && said.contains(&format!(" has {own} on {here}\n")),
        "{said}"
    );
    grid.project.edit("grid/grid.json", "clika 0.0.9", &own);
    grid.project.edit("grid/grid.json", &here, "aarch64 linux");
    let said = grid.refused(1, &["grid", "run", "grid", "--all"]);
    assert!(said.contains("on aarch64 linux, and "), "{said}");
}

#[test]
fn a_job_that_is_not_there_and_a_model_that_is_not_there_are_said_at_once() {
    let grid = TestGrid::new(&format!("{TWO}{SMALL}"));
    grid.project
        .edit("tiny.toml", "models = [", "models = ['org/absent', ");
    let plan = grid
        .command(&["grid", "plan", "tiny.toml", "--out", "grid"])
        .output()
        .unwrap();
    assert!(text(&plan.stderr).contains("clika fetch org/absent"));
    let said = grid.refused(1, &["grid", "run", "grid", "--index", "2"]);
    assert!(
        said.starts_with("error: the grid has no job 2: its jobs are 0 to 1\n"),
        "{said}"
    );
    let mut run = grid.command(&["grid", "run", "grid", "--index", "0"]);
    let output = run.env("HF_HUB_OFFLINE", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("error: `org/absent` is not on this machine, and HF_HUB_OFFLINE is set\n"),
        "{said}"
    );
    assert!(said.ends_with(": clika fetch org/absent\n"), "{said}");
    // A finished job needs no model; the other one is here.
    grid.clika(&["grid", "run", "grid", "--index", "1"]);
}

#[test]
fn two_that_run_one_job_train_it_once() {
    let grid = TestGrid::planned(&format!("languages = ['de']\nseeds = [0]\n{LONG}"), &[]);
    let mut first = grid.command(&["grid", "run", "grid", "--all"]);
    let mut first = first
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("a checkpoint", || grid.has_checkpoint());
    let said = grid.refused(75, &["grid", "run", "grid", "--index", "0"]);
    assert!(
        said.starts_with("0000-llama-tokenizer: another process works on it\n"),
        "{said}"
    );
    let counts = grid.counts();
    assert_eq!(
        (&counts["running"], &counts["failed"]),
        (&1.into(), &0.into())
    );
    crate::signals::send("INT", first.id());
    assert_eq!(first.wait().unwrap().code(), Some(130));
}
