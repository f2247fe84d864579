//! Where a training can go on from: `checkpoints/step-000123`, each whole or not there.

use crate::FinetuneError;
use clika_base::files::{ArtifactError, FolderDraft, Manifest};
use clika_base::types::Progress;
use clika_lm::Trainer;
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How many are kept: one more than is needed, in case that the last one is damaged.
const KEPT: usize = 2;

/// The checkpoints of a training, from which it can go on.
pub(crate) struct TrainingCheckpoints {
    /// The run's folder.
    run: PathBuf,
    /// What decides the training, without files.
    identity: Manifest,
}

impl TrainingCheckpoints {
    /// Those of the training that `identity` describes.
    pub(crate) fn new(run: &Path, identity: Manifest) -> Self {
        Self {
            run: run.to_owned(),
            identity,
        }
    }

    fn folder(&self) -> PathBuf {
        self.run.join("checkpoints")
    }

    /// The newest one that is whole. Damaged ones are passed over with a note; one of another training is an error.
    pub(crate) fn newest(&self, progress: &dyn Progress) -> Result<Option<PathBuf>, FinetuneError> {
        for step in self.steps()?.into_iter().rev() {
            let path = self.path(step);
            let whole = match Manifest::read(&path) {
                Ok(Some(manifest)) => {
                    same(&self.run, &manifest, &self.identity)?;
                    manifest.describes(&path)?
                }
                Ok(None) | Err(ArtifactError::Manifest { .. }) => false,
                Err(error) => return Err(error.into()),
            };
            if whole {
                // Whoever was killed while it removed others left them.
                self.prune()?;
                return Ok(Some(path));
            }
            progress.note(&format!("{} is damaged and is skipped", path.display()));
        }
        Ok(None)
    }

    /// Saves a training's state, and removes all but the newest checkpoints.
    pub(crate) fn save(&self, trainer: &Trainer) -> Result<(), FinetuneError> {
        self.write(trainer.done(), |folder| Ok(trainer.save(folder)?))
    }

    fn write(
        &self,
        step: usize,
        save: impl FnOnce(&Path) -> Result<(), FinetuneError>,
    ) -> Result<(), FinetuneError> {
        let path = self.path(step);
        // If it is damaged, it is written again.
        if Manifest::read(&path).is_err() {
            fs::remove_dir_all(&path).map_err(ArtifactError::write(&path))?;
        }
        let draft = FolderDraft::begin(&path)?;
        save(draft.path())?;
        draft.publish_as(self.identity.clone())?;
        self.prune()
    }

    fn path(&self, step: usize) -> PathBuf {
        self.folder().join(format!("step-{step:06}"))
    }

    /// The steps that there are checkpoints of, in order.
    fn steps(&self) -> Result<Vec<usize>, FinetuneError> {
        let folder = self.folder();
        let mut steps = Vec::new();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(steps),
            entries => entries.map_err(ArtifactError::read(&folder))?,
        };
        for entry in entries {
            let name = entry.map_err(ArtifactError::read(&folder))?.file_name();
            let step = name.to_str().and_then(|name| name.strip_prefix("step-"));
            steps.extend(step.and_then(|step| step.parse::<usize>().ok()));
        }
        steps.sort_unstable();
        Ok(steps)
    }

    /// Removes all but the newest checkpoints, and what was left of others.
    fn prune(&self) -> Result<(), FinetuneError> {
        let folder = self.folder();
        let steps = self.steps()?;
        let kept: Vec<String> = steps[steps.len().saturating_sub(KEPT)..]
            .iter()
            .map(|step| format!("step-{step:06}"))
            .collect();
        for entry in fs::read_dir(&folder).map_err(ArtifactError::read(&folder))? {
            let path = entry.map_err(ArtifactError::read(&folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy());
            let name = name.unwrap_or_default();
            let ours = name.trim_start_matches('.').starts_with("step-");
            // A kept one's lock stays with it; the run's own lock keeps others out.
            let stays = |kept: &String| *name == *kept || *name == format!(".{kept}.lock");
            if !ours || kept.iter().any(stays) {
                continue;
            }
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(ArtifactError::write(&path))?;
        }
        Ok(())
    }
}

/// An error if two manifests of a run are not of the same configuration and inputs.
pub(crate) fn same(run: &Path, found: &Manifest, ours: &Manifest) -> Result<(), FinetuneError> {
    if found.fingerprint == ours.fingerprint {
        return Ok(());
    }
    let identity = |manifest: &Manifest| {
        json!({
            "tool": manifest.tool,
            "stage": manifest.stage,
            "config": manifest.config,
            "inputs": manifest.inputs,
        })
    };
    Err(FinetuneError::OtherRun {
        folder: run.to_owned(),
        differs: differing(&identity(found), &identity(ours)),
    })
}

/// The innermost keys whose values differ, by name; empty for equal values.
pub(crate) fn differing(a: &Value, b: &Value) -> String {
    let mut keys = Vec::new();
    differences("", a, b, &mut keys);
    keys.sort();
    keys.dedup();
    keys.join(", ")
}

fn differences(key: &str, a: &Value, b: &Value, keys: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(one), Value::Object(other)) => {
            let further = other.keys().filter(|key| !one.contains_key(*key));
            for key in one.keys().chain(further) {
                let of = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or(Value::Null)
                };
                differences(key, &of(one), &of(other), keys);
            }
        }
        (a, b) if a == b => {}
        _ => keys.push(format!("`{key}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clika_base::types::NoProgress;
    use std::collections::BTreeMap;

    fn checkpoints(run: &Path, rank: usize) -> TrainingCheckpoints {
        let config = json!({ "training": { "lora": { "rank": rank }, "seed": 0 } });
        let identity = Manifest::new("a test", "a training", config, BTreeMap::new());
        TrainingCheckpoints::new(run, identity)
    }

    fn save(checkpoints: &TrainingCheckpoints, step: usize) {
        let write = |folder: &Path| {
            fs::write(folder.join("state"), step.to_string()).unwrap();
            Ok(())
        };
        checkpoints.write(step, write).unwrap();
    }

    #[test]
    fn the_last_two_are_kept_and_the_newest_whole_one_is_taken() {
        let run = tempfile::tempdir().unwrap();
        let ours = checkpoints(run.path(), 8);
        assert_eq!(ours.newest(&NoProgress).unwrap(), None);
        for step in [2, 4, 10] {
            save(&ours, step);
        }
        assert_eq!(ours.steps().unwrap(), [4, 10]);
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(10)));
        // A file that is cut off, one that is missing, a manifest that is not valid.
        fs::write(ours.path(10).join("state"), "1").unwrap();
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(4)));
        fs::remove_file(ours.path(10).join("state")).unwrap();
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(4)));
        fs::write(ours.path(10).join(Manifest::FILE), "{").unwrap();
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(4)));
        save(&ours, 10);
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(10)));
    }

    #[test]
    fn what_a_killed_process_left_of_others_is_removed() {
        let run = tempfile::tempdir().unwrap();
        let ours = checkpoints(run.path(), 8);
        for step in [2, 4, 6] {
            save(&ours, step);
        }
        // Killed while it removed the first one, and another time while it replaced the last.
        let folder = ours.folder();
        for left in ["step-000002", ".step-000006.old", ".step-000008.draft"] {
            fs::create_dir(folder.join(left)).unwrap();
            fs::write(folder.join(left).join("state"), "2").unwrap();
        }
        fs::write(folder.join(".step-000002.lock"), "").unwrap();
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(6)));
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".step-000004.lock",
                ".step-000006.lock",
                "step-000004",
                "step-000006"
            ]
        );
    }

    #[test]
    fn a_save_that_fails_leaves_the_last_one() {
        let run = tempfile::tempdir().unwrap();
        let ours = checkpoints(run.path(), 8);
        save(&ours, 2);
        let full = ours.write(4, |folder| {
            let path = folder.join("state");
            let full = io::Error::from(io::ErrorKind::StorageFull);
            Err(ArtifactError::write(&path)(full).into())
        });
        let said = full.unwrap_err().to_string();
        assert!(
            said.contains("step-000004") && said.ends_with("/state"),
            "{said}"
        );
        assert_eq!(ours.newest(&NoProgress).unwrap(), Some(ours.path(2)));
    }

    #[test]
    fn a_checkpoint_of_another_configuration_is_refused() {
        let run = tempfile::tempdir().unwrap();
        save(&checkpoints(run.path(), 8), 2);
        let error = checkpoints(run.path(), 16).newest(&NoProgress).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{} contains a run with another `rank`",
                run.path().display()
            )
        );
    }

    #[test]
    fn differences_are_named_by_their_innermost_keys() {
        let of = |a: Value, b: Value| differing(&a, &b);
        assert_eq!(
            of(
                json!({ "a": { "b": 1, "c": [1] }, "d": 1 }),
                json!({ "a": { "b": 2, "c": [1] }, "e": 1 })
            ),
            "`b`, `d`, `e`"
        );
        assert_eq!(of(json!({ "a": { "b": 1 } }), json!({ "a": null })), "`a`");
        assert_eq!(of(json!([1]), json!([1])), "");
    }
}
