//! What killed processes left of folders: put back where nothing replaced it, removed where it is of no use.

use crate::files::{
    ArtifactError, Manifest, TakenFolder,
    atomic::{DRAFT, LOCK, OLD, parent, remove_folder, sibling},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Puts a folder back that a killed process had moved aside. To be called before a folder is read.
pub fn recover_folder(place: &Path) -> Result<(), ArtifactError> {
    let place = behind_link(place);
    if place.exists() || !is_moved_aside(&sibling(&place, OLD)) {
        return Ok(());
    }
    TakenFolder::wait(&place).map(|_| ())
}

/// Does so for every folder in a folder. To be called before its folders are listed; one that is not there has none.
pub fn recover_folders(folder: &Path) -> Result<(), ArtifactError> {
    // Whoever lists it next reports that it cannot be read.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let suffix = format!(".{OLD}");
    let places: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let place = name
                .strip_prefix('.')
                .and_then(|it| it.strip_suffix(&suffix));
            match place {
                Some(place) => Some(folder.join(place)),
                // It may lead to a folder that is aside elsewhere.
                None => Some(entry.path()).filter(|path| path.is_symlink()),
            }
        })
        .collect();
    places.iter().try_for_each(|place| recover_folder(place))
}

/// Puts a folder back that a process moved aside and did not live to replace. The folder is taken.
pub(super) fn recover(place: &Path) -> io::Result<()> {
    let old = sibling(place, OLD);
    if !place.exists() && is_moved_aside(&old) {
        fs::rename(old, place)?;
    }
    Ok(())
}

/// Removes what a killed process left next to a folder that need not be written again: a draft, or the folder that it had
/// replaced. Where another process has the folder, nothing is removed.
pub(super) fn sweep(place: &Path) -> Result<(), ArtifactError> {
    let place = behind_link(place);
    let left = [sibling(&place, DRAFT), sibling(&place, OLD)];
    // Without a lock they are not ours.
    if !sibling(&place, LOCK).exists() || !left.iter().any(|path| path.exists()) {
        return Ok(());
    }
    match TakenFolder::take(&place) {
        Err(ArtifactError::Busy { .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(_taken) => left
            .iter()
            .try_for_each(|path| remove_folder(path).map_err(ArtifactError::write(path))),
    }
}

/// The folder itself where the place is a link to it. A link stays one: what it points to is replaced.
pub(super) fn behind_link(place: &Path) -> PathBuf {
    // What a link points to may have been moved aside.
    let missing = || {
        let target = parent(place).join(fs::read_link(place)?);
        let name = target.file_name().ok_or(io::ErrorKind::NotFound)?;
        Ok(fs::canonicalize(parent(&target))?.join(name))
    };
    fs::canonicalize(place)
        .or_else(|_| missing())
        .unwrap_or_else(|_: io::Error| place.to_owned())
}

/// Whether a folder of such a name is one that clika moved aside: it has a manifest, and others' have none.
fn is_moved_aside(old: &Path) -> bool {
    old.join(Manifest::FILE).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::test_folders::{names, publish};
    use crate::files::{FolderDraft, sha256_hex};
    use std::collections::BTreeMap;

    #[test]
    fn a_killed_process_loses_nothing() {
        // What kill -9 between the two renames leaves: the old folder aside, the draft complete.
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        fs::create_dir_all(root.path().join(".xgeo.old")).unwrap();
        fs::write(root.path().join(".xgeo.old/kept"), "kept").unwrap();
        fs::create_dir_all(root.path().join(".xgeo.draft/half")).unwrap();
        let mut manifest = Manifest::new(
            "a test",
            "a stage",
            serde_json::Value::Null,
            BTreeMap::new(),
        );
        manifest.files.insert("kept".to_owned(), sha256_hex("kept"));
        let manifest = manifest.to_json();
        fs::write(root.path().join(".xgeo.old").join(Manifest::FILE), manifest).unwrap();
        let draft = FolderDraft::begin(&place).unwrap();
        assert_eq!(names(&place), ["kept", Manifest::FILE]);
        assert_eq!(names(draft.path()), Vec::<String>::new());
    }

    #[test]
    fn what_a_killed_process_moved_aside_is_read_again() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        publish(FolderDraft::begin(&place).unwrap(), "one", "one");
        fs::rename(&place, root.path().join(".xgeo.old")).unwrap();
        let found = Manifest::read(&place).unwrap().unwrap();
        assert!(found.describes(&place).unwrap());
        assert_eq!(names(root.path()), [".xgeo.lock", "xgeo"]);
        fs::rename(&place, root.path().join(".xgeo.old")).unwrap();
        recover_folders(root.path()).unwrap();
        assert_eq!(names(root.path()), [".xgeo.lock", "xgeo"]);
        recover_folders(&root.path().join("none")).unwrap();
    }

    #[test]
    fn a_folder_of_others_is_not_put_back() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(".thesis.old")).unwrap();
        fs::write(root.path().join(".thesis.old/one.txt"), "mine").unwrap();
        recover_folders(root.path()).unwrap();
        assert_eq!(Manifest::read(&root.path().join("thesis")).unwrap(), None);
        assert_eq!(names(root.path()), [".thesis.old"]);
    }

    #[test]
    fn what_a_killed_process_left_of_a_finished_folder_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        publish(FolderDraft::begin(&place).unwrap(), "one", "one");
        // Killed while it removed the folder that it had replaced, and another one while it wrote.
        let left = || {
            fs::create_dir_all(root.path().join(".xgeo.old/data")).unwrap();
            fs::create_dir_all(root.path().join(".xgeo.draft/data")).unwrap();
        };
        left();
        let taken = TakenFolder::take(&place).unwrap();
        assert!(Manifest::finished(&place).unwrap().is_some());
        assert!(
            root.path().join(".xgeo.draft").exists(),
            "another process writes it"
        );
        drop(taken);
        assert!(Manifest::finished(&place).unwrap().is_some());
        assert_eq!(names(root.path()), [".xgeo.lock", "xgeo"]);

        left();
        fs::remove_file(root.path().join(".xgeo.lock")).unwrap();
        assert!(Manifest::finished(&place).unwrap().is_some());
        assert_eq!(
            names(root.path()),
            [".xgeo.draft", ".xgeo.old", "xgeo"],
            "without a lock they are not ours"
        );
    }

    #[test]
    fn a_folder_behind_a_link_is_put_back() {
        let root = tempfile::tempdir().unwrap();
        let (place, target) = (root.path().join("xgeo"), root.path().join("elsewhere"));
        publish(FolderDraft::begin(&target).unwrap(), "one", "one");
        std::os::unix::fs::symlink("elsewhere", &place).unwrap();
        let kill = || fs::rename(&target, root.path().join(".elsewhere.old")).unwrap();
        kill();
        assert!(Manifest::read(&place).unwrap().is_some());
        kill();
        recover_folders(root.path()).unwrap();
        assert!(target.exists());
        kill();
        publish(FolderDraft::begin(&place).unwrap(), "two", "two");
        assert!(place.is_symlink());
        assert_eq!(fs::read_to_string(target.join("two")).unwrap(), "two");
        assert_eq!(names(root.path()), [".elsewhere.lock", "elsewhere", "xgeo"]);
    }
}
