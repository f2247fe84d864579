use crate::files::{
    ArtifactError,
    atomic::{LOCK, parent, sibling},
};
use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

/// Keeps other processes out of a folder until it is dropped or its process ends, however it ends.
///
/// The file stays: removing it would let two others in at once.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// The lock's file in its folder.
    pub const FILE: &str = ".lock";

    /// Takes a folder, which is made if need be; [`ArtifactError::Busy`] where another process has it.
    pub fn take(folder: &Path) -> Result<Self, ArtifactError> {
        fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
        Self::at(&folder.join(Self::FILE), folder)
    }

    /// Takes the lock `path` of the folder `place`.
    pub(crate) fn at(path: &Path, place: &Path) -> Result<Self, ArtifactError> {
        let file = File::create(path).map_err(ArtifactError::write(path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ArtifactError::Busy {
                path: place.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(ArtifactError::write(path)(source)),
        }
    }

    /// Takes the lock `path`, once no other process has it.
    pub(crate) fn wait_at(path: &Path) -> Result<Self, ArtifactError> {
        let file = File::create(path).map_err(ArtifactError::write(path))?;
        file.lock().map_err(ArtifactError::write(path))?;
        Ok(Self { _file: file })
    }

    /// Takes a file that is to be replaced; [`ArtifactError::Busy`] where another process has it.
    pub fn of_file(path: &Path) -> Result<Self, ArtifactError> {
        let folder = parent(path);
        fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
        Self::at(&sibling(path, LOCK), path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_given_back() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/run");
        let first = FolderLock::take(&folder).unwrap();
        let refused = FolderLock::take(&folder).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("another process is writing {}", folder.display())
        );
        drop(first);
        FolderLock::take(&folder).unwrap();
    }
}
