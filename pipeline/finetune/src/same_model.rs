//! Whose runs a folder holds.

use crate::FinetuneError;
use clika_base::files::{ArtifactError, Manifest};
use serde_json::Value;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Fails where a folder holds runs of another model: the report would name one model and replace the other's.
pub(crate) fn check_model(out: &Path, name: &str, fingerprint: &str) -> Result<(), FinetuneError> {
    let ours = shown(name, fingerprint);
    for folder in manifests(out)? {
        // What is damaged says nothing of a model; who reads it says that it is damaged.
        let Ok(Some(manifest)) = Manifest::read(&folder) else {
            continue;
        };
        // The folder's own manifest, a run's and a checkpoint's, each with the model where it is recorded.
        let config = match manifest.stage.as_str() {
            "finetune" => match &manifest.config["trained"] {
                Value::Null => &manifest.config,
                trained => trained,
            },
            "finetune checkpoint" => &manifest.config,
            _ => continue,
        };
        let (Some(model), Some(input)) = (config["model"].as_str(), manifest.inputs.get("model"))
        else {
            continue;
        };
        let theirs = shown(model, input);
        if theirs != ours {
            return Err(FinetuneError::OtherModel {
                folder: out.to_owned(),
                theirs,
                ours,
            });
        }
    }
    Ok(())
}

/// A model by its name and the beginning of its fingerprint: two of one name may differ.
fn shown(name: &str, fingerprint: &str) -> String {
    let start: String = fingerprint.chars().take(8).collect();
    format!("`{name}` ({start})")
}

/// The folder, those of its runs, and those of their checkpoints.
fn manifests(out: &Path) -> Result<Vec<PathBuf>, FinetuneError> {
    let mut found = vec![out.to_owned()];
    for run in folders(out)? {
        let checkpoints = folders(&run.join("checkpoints"))?;
        found.push(run);
        found.extend(checkpoints);
    }
    Ok(found)
}

/// The folders in a folder by name; none where it is not there.
fn folders(path: &Path) -> Result<Vec<PathBuf>, FinetuneError> {
    let unreadable = |error| ArtifactError::read(path)(error);
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn write(folder: &Path, stage: &str, config: Value) {
        let inputs = BTreeMap::from([("model".to_owned(), "0123456789".to_owned())]);
        let manifest = Manifest::new("a test", stage, config, inputs);
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(Manifest::FILE), manifest.to_json()).unwrap();
    }

    #[test]
    fn a_folder_holds_runs_of_one_model() {
        let places = [
            ("", "finetune", json!({ "model": "one" })),
            (
                "de-seed0",
                "finetune",
                json!({ "trained": { "model": "one" } }),
            ),
            (
                "de-seed0/checkpoints/step-000001",
                "finetune checkpoint",
                json!({ "model": "one" }),
            ),
        ];
        for (place, stage, config) in places {
            let out = tempfile::tempdir().unwrap();
            let check = |name, fingerprint| check_model(out.path(), name, fingerprint);
            assert!(check("two", "89abcdef01").is_ok());
            write(&out.path().join(place), stage, config);
            assert!(check("one", "0123456789").is_ok(), "{place}");
            let said = |name, fingerprint| {
                let error = check(name, fingerprint).unwrap_err().to_string();
                error.replace(&out.path().display().to_string(), "OUT")
            };
            assert_eq!(
                said("two", "89abcdef01"),
                "OUT contains runs of the model `one` (01234567), but this run is of `two` (89abcdef)"
            );
            // The same name, and other weights.
            assert_eq!(
                said("one", "89abcdef01"),
                "OUT contains runs of the model `one` (01234567), but this run is of `one` (89abcdef)"
            );
        }
        // What else lies there is not ours to judge.
        let out = tempfile::tempdir().unwrap();
        write(out.path(), "evaluate", json!({ "model": "one" }));
        assert!(check_model(out.path(), "two", "89abcdef01").is_ok());
        assert!(check_model(&out.path().join("none"), "two", "89abcdef01").is_ok());
    }
}
