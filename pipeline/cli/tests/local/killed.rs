//! What of the kept answers outlives a kill: all but those of the batch that was under way.

use super::*;
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

/// The only file of kept answers.
fn kept(project: &TestProject) -> std::path::PathBuf {
    let folder = project.path("artifacts/cache/models");
    let files = program::files(&folder);
    assert_eq!(files.len(), 1);
    folder.join(&files[0].0)
}

#[test]
fn a_run_that_is_killed_at_any_moment_loses_one_batch_at_most() {
    let project = project();
    let model = model();
    let run = [
        "evaluate",
        "--model",
        &model,
        "--languages",
        "en,he",
        "--batch-tokens",
        "600",
        "--progress-seconds",
        "0",
    ];
    project.run(&run);
    let path = kept(&project);
    let whole = fs::read(&path).unwrap();
    let predictions = program::files(&project.path("artifacts/predictions"));
    for after in [1, 7, 60, 95, 119] {
        fs::remove_dir_all(project.path("artifacts/predictions")).unwrap();
        fs::remove_file(&path).unwrap();
        let mut child = project
            .command(&run)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut used = 0;
        let mut follow = |until: usize| {
            for line in said.by_ref() {
                let line = line.unwrap();
                if let Some(counts) = line.strip_prefix("prompts: ") {
                    used = counts.split(' ').next().unwrap().parse().unwrap();
                }
                if used >= until {
                    break;
                }
            }
            used
        };
        follow(after);
        child.kill().unwrap();
        child.wait().unwrap();
        // What was said until it died.
        let used = follow(usize::MAX);
        assert!(used >= after, "it ended after {used} prompts");
        let left = fs::read(&path).unwrap();
        assert!(whole.starts_with(&left), "after {used} prompts");
        let lines = left.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines > used, "{} of {used} answers are kept", lines - 1);
        project.run(&run);
        assert!(fs::read(&path).unwrap() == whole, "after {used} prompts");
        assert!(program::files(&project.path("artifacts/predictions")) == predictions);
    }
}

#[test]
fn an_answer_that_was_torn_is_reported_and_cut_off() {
    let project = project();
    let model = model();
    let run = [
        "evaluate",
        "--model",
        &model,
        "--languages",
        "en",
        "--limit",
        "4",
    ];
    project.run(&run);
    let path = kept(&project);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let output = project.command(&run).output().unwrap();
    assert!(output.status.success());
    let said = text(&output.stderr);
    let expected = "the last line is cut off: it is dropped, and clika asks for its answer again";
    assert!(said.contains(expected), "{said}");
    assert!(said.contains(&path.display().to_string()), "{said}");
    assert!(fs::read(&path).unwrap() == whole, "not as it was");
    // Nothing is left to report.
    let again = project.command(&run).output().unwrap();
    assert!(!text(&again.stderr).contains("cut off"));
}
