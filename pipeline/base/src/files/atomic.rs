use crate::files::{
    ArtifactError, FolderLock, Manifest,
    recover::{behind_link, recover},
    sha256_file,
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A folder that is written next to its place and put there whole.
///
/// One process at a time holds the draft of a place. A draft that is dropped, or whose process was
/// killed, leaves the place as it was; the next draft removes what the killed one left.
#[derive(Debug)]
pub struct FolderDraft {
    place: PathBuf,
    draft: PathBuf,
    /// Held until the draft is gone.
    _lock: FolderLock,
}

/// A folder that no other process replaces until this is dropped or its draft is published.
///
/// Whoever reads a folder in order to replace it takes it first, so that nothing comes in between.
#[derive(Debug)]
pub struct TakenFolder {
    place: PathBuf,
    lock: FolderLock,
}

impl TakenFolder {
    /// Takes a folder; [`ArtifactError::Busy`] where another process has it.
    pub fn take(place: &Path) -> Result<Self, ArtifactError> {
        Self::with(place, FolderLock::at)
    }

    /// Takes a folder, and waits where another process has it: for those that have it for moments only.
    pub fn wait(place: &Path) -> Result<Self, ArtifactError> {
        Self::with(place, |lock, _| FolderLock::wait_at(lock))
    }

    /// What a killed process moved aside is put back, so that it can be read.
    fn with(
        place: &Path,
        lock: fn(&Path, &Path) -> Result<FolderLock, ArtifactError>,
    ) -> Result<Self, ArtifactError> {
        let folder = parent(place);
        fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
        let place = behind_link(place);
        let lock = lock(&sibling(&place, LOCK), &place)?;
        recover(&place).map_err(ArtifactError::write(&place))?;
        Ok(Self { place, lock })
    }

    /// Starts an empty draft of the folder.
    pub fn draft(self) -> Result<FolderDraft, ArtifactError> {
        let Self { place, lock } = self;
        let draft = sibling(&place, DRAFT);
        check_ours(&place)?;
        remove_folder(&draft).map_err(ArtifactError::write(&draft))?;
        fs::create_dir(&draft).map_err(ArtifactError::write(&draft))?;
        Ok(FolderDraft {
            place,
            draft,
            _lock: lock,
        })
    }
}

/// Whether a file or folder of this name is not an output: a lock, a draft, or what is being replaced.
pub fn is_scratch(name: &str) -> bool {
    let kinds = [DRAFT, OLD, LOCK, NEW];
    name == FolderLock::FILE
        || name.starts_with('.')
            && name
                .rsplit_once('.')
                .is_some_and(|(_, kind)| kinds.contains(&kind))
}

/// A folder while it is written.
pub(super) const DRAFT: &str = "draft";
/// A folder that is being replaced.
pub(super) const OLD: &str = "old";
/// What keeps others out of a folder.
pub(super) const LOCK: &str = "lock";
/// A file while it is written.
pub(super) const NEW: &str = "new";

impl FolderDraft {
    /// Starts an empty draft of the folder `place`.
    pub fn begin(place: &Path) -> Result<Self, ArtifactError> {
        TakenFolder::take(place)?.draft()
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

    /// Adds the digest of every file to the manifest, writes it, and puts the draft in its place.
    pub fn publish_as(self, mut manifest: Manifest) -> Result<Manifest, ArtifactError> {
        for file in files(&self.draft).map_err(ArtifactError::read(&self.draft))? {
            let digest = sha256_file(&self.draft.join(&file))?;
            let name = file.to_string_lossy().into_owned();
            manifest.files.insert(name, digest);
        }
        self.write(Manifest::FILE, manifest.to_json().as_bytes())?;
        self.publish()?;
        Ok(manifest)
    }

    /// Puts the draft in its place; what stood there is removed.
    pub fn publish(self) -> Result<(), ArtifactError> {
        let old = sibling(&self.place, OLD);
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

/// Refuses a place that holds anything but what a draft put there: it would be lost.
fn check_ours(place: &Path) -> Result<(), ArtifactError> {
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ArtifactError::read(place)(error)),
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => {
            return Err(ArtifactError::write(place)(
                io::ErrorKind::NotADirectory.into(),
            ));
        }
    }
    let files = files(place).map_err(ArtifactError::read(place))?;
    let Some(manifest) = Manifest::read(place)? else {
        return match files.into_iter().next() {
            None => Ok(()),
            Some(file) => Err(ArtifactError::Foreign {
                path: place.join(file),
            }),
        };
    };
    let ours = |file: &PathBuf| {
        *file == Path::new(Manifest::FILE)
            || file
                .to_str()
                .is_some_and(|name| manifest.files.contains_key(name))
    };
    match files.into_iter().find(|file| !ours(file)) {
        None => Ok(()),
        Some(file) => Err(ArtifactError::Foreign {
            path: place.join(file),
        }),
    }
}

/// Every file below a folder, by its path from there.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() {
            let inner = files(&entry.path())?;
            found.extend(inner.into_iter().map(|file| name.join(file)));
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `artifacts/datasets/xgeo` → `artifacts/datasets/.xgeo.draft`, on the same file system.
pub(super) fn sibling(place: &Path, kind: &str) -> PathBuf {
    let name = place
        .file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy());
    parent(place).join(format!(".{name}.{kind}"))
}

pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::test_folders::{names, publish};
    use std::collections::BTreeMap;

    #[test]
    fn what_others_put_there_is_not_removed() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("thesis.txt"), "mine").unwrap();
        let refused = |place: &Path| match FolderDraft::begin(place) {
            Err(ArtifactError::Foreign { path }) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&place), place.join("thesis.txt"));

        fs::remove_file(place.join("thesis.txt")).unwrap();
        publish(FolderDraft::begin(&place).unwrap(), "data/de/one", "one");
        fs::write(place.join("data/de/two"), "mine").unwrap();
        assert_eq!(refused(&place), place.join("data/de/two"));
        assert_eq!(
            fs::read_to_string(place.join("data/de/two")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn a_file_in_the_place_is_refused_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        fs::write(&place, "mine").unwrap();
        assert!(matches!(
            FolderDraft::begin(&place),
            Err(ArtifactError::Write { .. })
        ));
        assert_eq!(fs::read_to_string(&place).unwrap(), "mine");
    }

    #[test]
    fn a_link_stays_one() {
        let root = tempfile::tempdir().unwrap();
        let (place, target) = (root.path().join("xgeo"), root.path().join("elsewhere"));
        fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, &place).unwrap();
        publish(FolderDraft::begin(&place).unwrap(), "one", "one");
        assert!(place.is_symlink());
        assert_eq!(fs::read_to_string(target.join("one")).unwrap(), "one");
    }

    #[test]
    fn a_draft_replaces_the_folder_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        for content in ["one", "two"] {
            let draft = FolderDraft::begin(&place).unwrap();
            publish(draft, "data/de/test.parquet", content);
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
    fn a_draft_that_others_wrote_to_is_described_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("step-000002");
        let draft = FolderDraft::begin(&place).unwrap();
        fs::create_dir(draft.path().join("state")).unwrap();
        fs::write(draft.path().join("state/one"), "abc").unwrap();
        let null = serde_json::Value::Null;
        let manifest = Manifest::new("a test", "a stage", null, BTreeMap::new());
        let published = draft.publish_as(manifest).unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            published.files["state/one"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(published.files.len(), 1);
        let read = Manifest::read(&place).unwrap().unwrap();
        assert_eq!(read, published);
        assert!(read.describes(&place).unwrap());
    }

    #[test]
    fn a_folder_that_is_taken_is_not_replaced_meanwhile() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("xgeo");
        let taken = TakenFolder::wait(&place).unwrap();
        assert!(matches!(
            FolderDraft::begin(&place),
            Err(ArtifactError::Busy { .. })
        ));
        publish(taken.draft().unwrap(), "one", "one");
        publish(FolderDraft::begin(&place).unwrap(), "two", "two");
    }

    #[test]
    fn locks_and_drafts_are_no_outputs() {
        for name in [
            ".lock",
            ".m.lock",
            ".m.draft",
            ".org__m.old",
            ".table.md.new",
        ] {
            assert!(is_scratch(name), "{name}");
        }
        for name in ["m", "m.old", ".hidden", "old", "draft"] {
            assert!(!is_scratch(name), "{name}");
        }
    }
}
