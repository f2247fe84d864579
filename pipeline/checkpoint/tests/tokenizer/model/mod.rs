//! Folders as a model's files make them.

use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tokenizer/fixtures")
        .join(name)
}

/// A folder with copies of fixtures (`{"tokenizer.model": "llama1.model"}`) and JSON files with the given content.
pub fn folder(files: &Value, settings: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files.as_object().unwrap() {
        std::fs::copy(fixture(source.as_str().unwrap()), folder.path().join(name)).unwrap();
    }
    for (name, content) in settings.as_object().unwrap() {
        std::fs::write(folder.path().join(name), content.to_string()).unwrap();
    }
    folder
}
