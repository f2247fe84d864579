use crate::files::{
    ArtifactError,
    atomic::{NEW, parent, sibling},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Writes a file so that a reader sees the old content or the new one, never a part.
///
/// What a process that was killed left of it is overwritten by the next one; a second process waits for the first.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), ArtifactError> {
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(ArtifactError::write(folder))?;
    let new = sibling(path, NEW);
    let mut file = alone(&new).map_err(ArtifactError::write(path))?;
    let mut write = || {
        file.set_len(0)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write()
        .inspect_err(|_| {
            // A full disk should not stay full of it. If that fails too, the next writer overwrites it.
            let _ = fs::remove_file(&new);
        })
        .map_err(ArtifactError::write(path))
}

/// Opens a file that only this process writes to.
fn alone(path: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        file.lock()?;
        // Whoever had the lock may have put the file into its place meanwhile.
        match fs::metadata(path) {
            Ok(there) if there.ino() == file.metadata()?.ino() => return Ok(file),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Puts a finished file in its place, on the same file system, in one step.
pub fn move_file(from: &Path, to: &Path) -> Result<(), ArtifactError> {
    fs::rename(from, to).map_err(ArtifactError::write(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::test_folders::names;

    #[test]
    fn a_file_is_replaced_and_leaves_no_rest() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("cache/one.json");
        replace_file(&path, b"one").unwrap();
        // What a killed process left, longer than what is written next.
        fs::write(root.path().join("cache/.one.json.new"), "a longer one").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(&root.path().join("cache")), ["one.json"]);
    }

    #[test]
    fn a_file_that_cannot_be_put_in_place_leaves_no_rest() {
        let root = tempfile::tempdir().unwrap();
        // A folder stands in the file's place.
        fs::create_dir(root.path().join("one")).unwrap();
        replace_file(&root.path().join("one"), b"one").unwrap_err();
        assert_eq!(names(root.path()), ["one"]);
    }

    #[test]
    fn those_who_write_at_once_write_whole_files() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("one");
        let contents: Vec<String> = (0..4)
            .map(|number| number.to_string().repeat(10_000))
            .collect();
        std::thread::scope(|scope| {
            for content in &contents {
                scope.spawn(|| {
                    for _ in 0..20 {
                        replace_file(&path, content.as_bytes()).unwrap();
                        let found = fs::read_to_string(&path).unwrap();
                        assert!(contents.contains(&found), "{} bytes", found.len());
                    }
                });
            }
        });
        assert_eq!(names(root.path()), ["one"]);
    }
}
