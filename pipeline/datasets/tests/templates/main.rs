//! Templates of the repository, and what a typo can break in them.

#![allow(clippy::unwrap_used)]

mod fictional;
mod formats;
mod language_parts;
mod languages;
mod new_language;

use std::{fs, path::Path};
use tempfile::TempDir;

/// A copy of a folder with one text of one file replaced.
fn changed(committed: &Path, (file, replace, with): (&str, &str, &str)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(committed).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains(replace),
        "{file} does not contain `{replace}`"
    );
    fs::write(&path, text.replacen(replace, with, 1)).unwrap();
    folder
}
