//! `clika` in folders that are no project, or hold a part of one.

#![allow(clippy::unwrap_used)]

mod init;
mod installed;
mod overrides;
#[path = "../program/mod.rs"]
mod program;
mod refused;

use clika_base::files::sha256_hex;
use program::{TestProject, files, text};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

/// The folder that the program was built from.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An empty folder, and what was built there.
static PLAIN: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::new();
    folder.run(&["datasets", "xgeo", "xcopa-mini"]);
    folder
});

/// A folder of its own where the program runs, empty at first.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders it lies in.
    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn output(&self, arguments: &[&str]) -> Output {
        clika(self.0.path(), arguments)
    }

    /// Runs the program, which has to succeed and to have nothing to note; its standard output.
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout)
    }

    /// Runs the program, which has to succeed and to say on standard error what is given; its standard output.
    fn run_noted(&self, arguments: &[&str], noted: &str) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), noted);
        text(&output.stdout)
    }

    /// Runs the program, which has to fail with exit code 1; its standard error.
    fn fail(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    }

    /// The files of the datasets by name.
    fn datasets(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.path("artifacts/datasets"))
            .into_iter()
            .collect()
    }

    fn manifest(&self, dataset: &str) -> Value {
        let path = self.path(&format!("artifacts/datasets/{dataset}/manifest.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }
}

fn clika(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clika"))
        .current_dir(folder)
        .args(arguments)
        .env_remove("CLIKA_PROJECT")
        .env("CLIKA_PROGRESS_SECONDS", "86400")
        .output()
        .unwrap()
}

/// The names of the files that differ, or that only one of the two has.
fn differing(
    before: &BTreeMap<PathBuf, Vec<u8>>,
    after: &BTreeMap<PathBuf, Vec<u8>>,
) -> Vec<String> {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differ = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    differ.map(|name| name.display().to_string()).collect()
}

#[test]
fn an_empty_folder_gives_the_datasets_of_the_repository() {
    let folder = &*PLAIN;
    let entries: Vec<_> = fs::read_dir(folder.0.path()).unwrap().collect();
    assert_eq!(entries.len(), 1, "artifacts, and nothing else: {entries:?}");
    let project = TestProject::new();
    project.run(&["datasets", "xgeo", "xcopa-mini"]);
    let of_project = files(&project.path("artifacts/datasets"));
    assert_eq!(
        differing(&folder.datasets(), &of_project.into_iter().collect()),
        [""; 0]
    );
    // The inputs are the repository's files, by the names that they have there.
    let manifest = folder.manifest("xgeo");
    let inputs = manifest["inputs"].as_object().unwrap();
    assert!(inputs.contains_key("sparql/build/cities.rq"), "{inputs:?}");
    for (name, digest) in inputs {
        let path = match name.as_str() {
            "snapshot" => "sparql/snapshot/wikidata.ttl",
            name => name,
        };
        let content = fs::read(repository().join(path)).unwrap();
        assert_eq!(sha256_hex(content), digest.as_str().unwrap(), "{name}");
    }
}

#[test]
fn every_command_that_reads_files_has_them() {
    let folder = Folder::new();
    folder.run(&["datasets", "xcsqa-mini", "fictional"]);
    let audit = folder.run(&["audit", "artifacts/datasets"]);
    assert!(audit.contains("xcsqa-mini"), "{audit}");
    folder.run(&["export", "lm-eval"]);
    assert!(folder.path("artifacts/exports/lm-eval").is_dir());
    let check = folder.run(&["language", "check", "pl"]);
    assert!(check.starts_with("pl (Polish)\n"), "{check}");
    let shown = folder.run(&["language", "show", "pl"]);
    assert!(
        shown.starts_with("templates/languages/pl.toml (built in)\n"),
        "{shown}"
    );
    // The paper's numbers are read before the predictions, which are not there.
    let error = folder.fail(&["reproduce", "--predictions", "none"]);
    assert!(error.contains("none"), "{error}");
}

#[test]
fn a_new_language_makes_the_folder_a_project() {
    let folder = Folder::new();
    let said = folder.run(&["language", "new", "et"]);
    assert!(
        said.starts_with("wrote ./templates/languages/et.toml\n"),
        "{said}"
    );
    let error = folder.fail(&["datasets", "xcopa-mini"]);
    assert!(
        error.contains("   ./templates/languages/et.toml:"),
        "{error}"
    );
    let path = folder.path("templates/languages/et.toml");
    let file = fs::read_to_string(&path).unwrap();
    fs::write(&path, file.replace("bce = \"\"", "bce = \"{year} eKr\"")).unwrap();
    folder.run(&["datasets", "xgeo"]);
    let manifest = folder.manifest("xgeo");
    assert!(
        manifest["inputs"]["templates/languages/et.toml"].is_string(),
        "{manifest}"
    );
    let error = folder.fail(&["language", "new", "DE"]);
    assert_eq!(
        error,
        "error: clika has the language `de`: templates/languages/de.toml (built in)\n\
         hint: `clika language show de` shows it; `clika init` writes the built-in files here, where they can be edited\n"
    );
}
