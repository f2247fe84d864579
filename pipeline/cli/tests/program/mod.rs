//! Runs the `clika` program on a copy of the project.

// Each test binary uses its own part of this module.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A project of its own, in a folder that goes away with the value.
pub struct TestProject {
    folder: tempfile::TempDir,
}

impl TestProject {
    /// Copies what the program reads.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for part in ["sparql", "templates", "experiments", "reference/paper"] {
            copy(&repository.join(part), &folder.path().join(part));
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn snapshot(&self) -> PathBuf {
        self.path("sparql/snapshot/wikidata.ttl")
    }

    /// The program, to run in the project.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clika"));
        command
            .arg("--project")
            .arg(self.folder.path())
            .args(arguments)
            .env_remove("CLIKA_CONTACT")
            .env_remove("CLIKA_ENDPOINT")
            // Tests compare what is said, however long it takes.
            .env("CLIKA_PROGRESS_SECONDS", "86400");
        for key in [
            "CLIKA_API_KEY",
            "DEEPL_AUTH_KEY",
            "GOOGLE_CLOUD_PROJECT",
            "GOOGLE_TRANSLATE_TOKEN",
            "LIBRETRANSLATE_API_KEY",
            "OPENAI_API_KEY",
        ] {
            command.env_remove(key);
        }
        command
    }

    /// Runs the program, which has to succeed; its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs the program, which has to fail with exit code 1; its standard error with the project's
    /// folder shortened.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        self.failure(&output)
    }

    /// The standard error of a run that has to have failed with exit code 1.
    pub fn failure(&self, output: &Output) -> String {
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr).replace(&self.folder.path().display().to_string(), "PROJECT")
    }

    /// The Parquet files that the project builds from its snapshot.
    pub fn parquet(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.run(&["datasets", "xgeo", "xpeo"]);
        let mut files = files(&self.path("artifacts/datasets"));
        files.retain(|(path, _)| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        });
        assert_eq!(files.len(), 20);
        files
    }

    /// Replaces a text of a file, which has to hold it.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} holds no `{from}`");
        fs::write(&path, text.replace(from, to)).unwrap();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every file below a folder with its content, in order.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(
                files(&path).into_iter().map(|(name, content)| {
                    (Path::new(path.file_name().unwrap()).join(name), content)
                }),
            );
        } else {
            let name = PathBuf::from(path.file_name().unwrap());
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
