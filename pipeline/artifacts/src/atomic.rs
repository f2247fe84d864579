use crate::ArtifactError;
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Writes a file so that a reader sees the old content or the new one, never a part.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), ArtifactError> {
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
    let write = || {
        // As File::create does: the umask takes from these permissions what it has to.
        let mut file = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(ArtifactError::write(path))
}

/// Puts a finished file in its place, on the same file system, in one step.
pub fn move_file(from: &Path, to: &Path) -> Result<(), ArtifactError> {
    fs::rename(from, to).map_err(ArtifactError::write(to))
}

/// A folder that is written beside its place and put there whole.
///
/// One process at a time holds the draft of a place. A draft that is dropped, or whose process was
/// killed, leaves the place as it was; the next draft removes what the killed one left.
#[derive(Debug)]
pub struct FolderDraft {
    place: PathBuf,
    draft: PathBuf,
    /// Held until the draft is gone. The file stays: removing it would let two others in at once.
    _lock: File,
}

impl FolderDraft {
    /// Starts an empty draft of the folder `place`.
    pub fn begin(place: &Path) -> Result<Self, ArtifactError> {
        let folder = parent(place);
        fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
        let lock_path = sibling(place, "lock");
        let lock = File::create(&lock_path).map_err(ArtifactError::write(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ArtifactError::Busy {
                    path: place.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(ArtifactError::write(&lock_path)(source));
            }
        }
        let draft = sibling(place, "draft");
        recover(place).map_err(ArtifactError::write(place))?;
        remove_folder(&draft).map_err(ArtifactError::write(&draft))?;
        fs::create_dir(&draft).map_err(ArtifactError::write(&draft))?;
        Ok(Self {
            place: place.to_owned(),
            draft,
            _lock: lock,
        })
    }

    /// The folder to write to.
    pub fn path(&self) -> &Path {
        &self.draft
    }

    /// Writes one file of the draft, with the folders it lies in.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), ArtifactError> {
        let path = self.draft.join(name);
        let folder = parent(&path);
        fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().map_err(ArtifactError::write(&path))
    }

    /// Puts the draft in its place; what stood there is removed.
    pub fn publish(self) -> Result<(), ArtifactError> {
        let old = sibling(&self.place, "old");
        let publish = || {
            remove_folder(&old)?;
            if self.place.exists() {
                fs::rename(&self.place, &old)?;
            }
            // Killed here, the old folder stands under its other name until `recover` finds it.
            fs::rename(&self.draft, &self.place)?;
            remove_folder(&old)
        };
        publish().map_err(ArtifactError::write(&self.place))
    }
}

impl Drop for FolderDraft {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the next draft tries again.
        let _ = remove_folder(&self.draft);
    }
}

/// Puts a folder back that a process moved aside and did not live to replace.
fn recover(place: &Path) -> io::Result<()> {
    let old = sibling(place, "old");
    if !place.exists() && old.exists() {
        fs::rename(old, place)?;
    }
    Ok(())
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `artifacts/datasets/xgeo` → `artifacts/datasets/.xgeo.draft`, on the same file system.
fn sibling(place: &Path, kind: &str) -> PathBuf {
    let name = place
        .file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy());
    parent(place).join(format!(".{name}.{kind}"))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_replaces_the_folder_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        for content in ["one", "two"] {
            let draft = FolderDraft::begin(&place).unwrap();
            draft
                .write("data/de/test.parquet", content.as_bytes())
                .unwrap();
            draft.publish().unwrap();
            assert_eq!(
                fs::read_to_string(place.join("data/de/test.parquet")).unwrap(),
                content
            );
        }
        assert_eq!(names(root.path()), [".xgeo.lock", "xgeo"]);
    }

    #[test]
    fn a_dropped_draft_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        fs::create_dir(&place).unwrap();
        let draft = FolderDraft::begin(&place).unwrap();
        draft.write("new", b"new").unwrap();
        drop(draft);
        assert_eq!(names(root.path()), [".xgeo.lock", "xgeo"]);
        assert_eq!(names(&place), Vec::<String>::new());
    }

    #[test]
    fn a_killed_process_loses_nothing() {
        // What kill -9 between the two renames leaves: the old folder aside, the draft complete.
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        fs::create_dir_all(root.path().join(".xgeo.old")).unwrap();
        fs::write(root.path().join(".xgeo.old/kept"), "kept").unwrap();
        fs::create_dir_all(root.path().join(".xgeo.draft/half")).unwrap();
        let draft = FolderDraft::begin(&place).unwrap();
        assert_eq!(names(&place), ["kept"]);
        assert_eq!(names(draft.path()), Vec::<String>::new());
    }

    #[test]
    fn two_processes_do_not_write_one_folder() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        let _first = FolderDraft::begin(&place).unwrap();
        assert!(matches!(
            FolderDraft::begin(&place),
            Err(ArtifactError::Busy { .. })
        ));
    }

    #[test]
    fn a_file_is_replaced_and_leaves_no_rest() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("cache/one.json");
        replace_file(&path, b"one").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(&root.path().join("cache")), ["one.json"]);
    }
}
