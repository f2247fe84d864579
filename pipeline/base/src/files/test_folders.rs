//! What the tests of files share.

use crate::files::{FolderDraft, Manifest, sha256_hex};
use std::{collections::BTreeMap, fs, path::Path};

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Publishes a folder of one file.
pub(crate) fn publish(draft: FolderDraft, name: &str, content: &str) {
    let mut manifest = Manifest::new(
        "a test",
        "a stage",
        serde_json::Value::Null,
        BTreeMap::new(),
    );
    manifest.files.insert(name.to_owned(), sha256_hex(content));
    draft.write(name, content.as_bytes()).unwrap();
    draft
        .write(Manifest::FILE, manifest.to_json().as_bytes())
        .unwrap();
    draft.publish().unwrap();
}
