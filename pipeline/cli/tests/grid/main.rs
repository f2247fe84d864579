//! `clika grid` as a user runs it: a tiny random Llama on worlds of ten places, and stand-ins for Slurm's programs.

#![allow(clippy::unwrap_used)]

mod collect;
mod fetch;
mod plan;
#[path = "../program/mod.rs"]
mod program;
mod run;
mod signals;
mod slurm;

use program::{TestProject, text};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A project with a model and a grid of small trainings.
struct TestGrid {
    project: TestProject,
}

/// What makes a training take a second.
const SMALL: &str = r#"arguments = ["--places", "10", "--continents", "5", "--format", "alpaca", "--batch", "8", "--rank", "2", "--answer", "ranking", "--max-steps", "4", "--save-every", "1"]"#;
/// What makes it take long enough to be interrupted.
const LONG: &str = r#"arguments = ["--places", "10", "--continents", "5", "--format", "alpaca", "--batch", "8", "--rank", "2", "--answer", "ranking", "--epochs", "2000", "--save-every", "1"]"#;

impl TestGrid {
    /// A grid of the fixture's model: `lists` are the lines of `[finetune]` besides the models.
    fn new(lists: &str) -> Self {
        let project = TestProject::new();
        let model = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../lm/tests/fixtures/llama-tokenizer")
            .canonicalize()
            .unwrap();
        let grid = format!(
            "[finetune]\nmodels = [{:?}]\n{lists}\n",
            model.display().to_string()
        );
        fs::write(project.path("tiny.toml"), grid).unwrap();
        Self { project }
    }

    /// The same, planned with one cell a job unless something else is said.
    fn planned(lists: &str, options: &[&str]) -> Self {
        let grid = Self::new(lists);
        let options = if options.is_empty() {
            &["--cells-per-job", "1"]
        } else {
            options
        };
        let file = grid.path("tiny.toml");
        grid.clika(&[&["grid", "plan", &file, "--out", &grid.folder()], options].concat());
        grid
    }

    fn path(&self, name: &str) -> String {
        self.project.path(name).display().to_string()
    }

    /// The grid's folder.
    fn folder(&self) -> String {
        self.path("grid")
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(&self.folder()).join(name)
    }

    /// The program in the project's folder, without a Slurm of this machine and with this test's stand-ins.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.project.path(""))
            .env("PATH", format!("{}:{path}", self.path("bin")))
            .env("HF_HOME", self.path("hub"));
        for name in ["SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program, which has to succeed.
    fn clika(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The standard error of a run that has to end with this exit code.
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        said.replace(&self.project.path("").display().to_string(), "PROJECT/")
    }

    /// How many cells stand where.
    fn counts(&self) -> Value {
        let said = self.clika(&["grid", "status", &self.folder(), "--json"]);
        serde_json::from_str::<Value>(&said).unwrap()["counts"].take()
    }

    /// What a job's last attempt has written down.
    fn record(&self, job: &str) -> Value {
        let path = self.file("runs").join(format!("{job}.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// A stand-in for a program: a script of `sh`.
    fn stand_in(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(self.path("bin")).unwrap();
        let path = self.path(&format!("bin/{name}"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Everything of the trainings but what says when they ran.
    fn results(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = program::files(&self.file("jobs"));
        files.retain(|(path, _)| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            !name.contains("tfevents") && name != "log.jsonl" && !name.ends_with(".log") && name != ".lock"
                && !path.iter().any(|part| part == "checkpoints")
                // It has the digests of those.
                && name != "manifest.json"
        });
        files
    }
}
