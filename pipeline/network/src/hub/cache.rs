use crate::hub::{
    HubError, needed,
    revision::{RevisionId, is_commit, is_hex},
};
use clika_base::files::{replace_file, sha256_file_once};
use sha1::{Digest, Sha1};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A repository's folder in the cache, in the layout of `huggingface_hub`:
///
/// ```text
/// .locks/models--org--name/ETAG.lock
/// models--org--name/
///   blobs/ETAG                    a file's content, named by its hash
///   refs/main                     a commit
///   snapshots/COMMIT/config.json  a relative link to a blob
/// ```
pub struct Repository {
    folder: PathBuf,
    locks: PathBuf,
}

/// What the cache has of a revision.
pub enum CacheEntry {
    /// All that a model needs.
    Whole {
        /// The folder of the snapshot, or the GGUF file in it that is wanted.
        folder: PathBuf,
        /// Its commit.
        commit: String,
    },
    /// Not all.
    Lacks(String),
}

impl Repository {
    /// The place of the repository `id`; nothing is created.
    pub fn new(cache: &Path, id: &str) -> Self {
        let name = format!("models--{}", id.replace('/', "--"));
        Self {
            folder: cache.join(&name),
            locks: cache.join(".locks").join(name),
        }
    }

    /// The place of a blob.
    pub fn blob(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(etag)
    }

    /// The place of a blob's lock.
    pub fn lock(&self, etag: &str) -> PathBuf {
        self.locks.join(format!("{etag}.lock"))
    }

    /// The folder of a commit's files.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// Makes the file `name` of a snapshot a link to a blob.
    pub fn link(&self, commit: &str, name: &str, etag: &str) -> Result<(), HubError> {
        let path = self.snapshot(commit).join(name);
        let up = "../".repeat(2 + name.matches('/').count());
        let target = PathBuf::from(format!("{up}blobs/{etag}"));
        let link = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            loop {
                // No draft beside it, which would stay if the process was killed: a link is made in one step.
                match std::os::unix::fs::symlink(&target, &path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    made => return made,
                }
                // Another process made it, or it leads to nothing.
                if fs::read_link(&path).is_ok_and(|found| found == target) {
                    return Ok(());
                }
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        };
        link().map_err(HubError::write(name, &path))
    }

    /// Removes a file of a snapshot whose content does not have the hash that is its name, and says so.
    pub fn remove_damaged(&self, commit: &str, name: &str) -> Result<bool, HubError> {
        let path = self.snapshot(commit).join(name);
        let Ok(target) = fs::read_link(&path) else {
            return Ok(false);
        };
        let Some(etag) = target.file_name().map(|name| name.to_string_lossy()) else {
            return Ok(false);
        };
        if !path.is_file() || has_hash(&path, &etag)? {
            return Ok(false);
        }
        for damaged in [self.blob(&etag), path] {
            fs::remove_file(&damaged).map_err(HubError::write(name, &damaged))?;
        }
        Ok(true)
    }

    /// Removes the damaged files of a snapshot, and names the first.
    fn first_damaged(&self, commit: &str) -> Result<Option<String>, HubError> {
        let folder = self.snapshot(commit);
        let mut found = None;
        for entry in fs::read_dir(&folder).map_err(HubError::read(&folder))? {
            let name = entry.map_err(HubError::read(&folder))?.file_name();
            let name = name.to_string_lossy();
            if self.remove_damaged(commit, &name)? {
                found.get_or_insert(name.into_owned());
            }
        }
        Ok(found)
    }

    /// Notes the commit of a branch or tag.
    pub fn set_reference(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if revision == commit {
            return Ok(());
        }
        let path = self.folder.join("refs").join(revision);
        Ok(replace_file(&path, commit.as_bytes())?)
    }

    /// What is there of a revision.
    pub fn find(&self, wanted: &RevisionId) -> Result<CacheEntry, HubError> {
        let Some(commit) = self.commit(&wanted.revision)? else {
            return Ok(CacheEntry::Lacks(format!("revision `{}`", wanted.revision)));
        };
        let folder = self.snapshot(&commit);
        if !folder.is_dir() {
            return Ok(CacheEntry::Lacks(format!("revision {commit}")));
        }
        if let Some(damaged) = self.first_damaged(&commit)? {
            return Ok(CacheEntry::Lacks(format!(
                "`{damaged}`, which was damaged and has been removed,"
            )));
        }
        if let Some(quantization) = &wanted.quantization {
            return Ok(match needed::cached_gguf(&folder, quantization)? {
                Some(folder) => CacheEntry::Whole { folder, commit },
                None => CacheEntry::Lacks(format!("a GGUF file of `{quantization}`")),
            });
        }
        Ok(match needed::missing(&folder)? {
            Some(missing) => CacheEntry::Lacks(missing),
            None => CacheEntry::Whole { folder, commit },
        })
    }

    fn commit(&self, revision: &str) -> Result<Option<String>, HubError> {
        if is_commit(revision) {
            return Ok(Some(revision.to_owned()));
        }
        let path = self.folder.join("refs").join(revision);
        match fs::read_to_string(&path) {
            // It becomes a folder's name, and is a commit unless somebody wrote something else there.
            Ok(commit) => Ok(Some(commit.trim().to_owned()).filter(|commit| is_commit(commit))),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                self.abbreviated(revision)
            }
            Err(error) => Err(HubError::read(&path)(error)),
        }
    }

    /// The one commit in the cache that begins with `text`, which the hub takes for it, too.
    fn abbreviated(&self, text: &str) -> Result<Option<String>, HubError> {
        let snapshots = self.folder.join("snapshots");
        if text.len() < SHORTEST_COMMIT || !is_hex(text) || !snapshots.is_dir() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&snapshots).map_err(HubError::read(&snapshots))? {
            let name = entry.map_err(HubError::read(&snapshots))?.file_name();
            let name = name.to_string_lossy();
            if is_commit(&name) && name.starts_with(&text.to_ascii_lowercase()) {
                found.push(name.into_owned());
            }
        }
        Ok(match found.as_slice() {
            [one] => Some(one.clone()),
            [] | [_, ..] => None,
        })
    }
}

/// Digits of a commit that git shows at least.
const SHORTEST_COMMIT: usize = 7;

/// Whether a file has the hash that is its blob's name, where the name is a hash that we know.
fn has_hash(path: &Path, name: &str) -> Result<bool, HubError> {
    match name.len() {
        64 if is_hex(name) => Ok(sha256_file_once(path)?.eq_ignore_ascii_case(name)),
        40 if is_hex(name) => {
            // Small: the hub names large files by their SHA-256.
            let content = fs::read(path).map_err(HubError::read(path))?;
            let git = sha1_hex(&[format!("blob {}\0", content.len()).as_bytes(), &content]);
            // A mirror may name a file by its plain SHA-1.
            Ok([git, sha1_hex(&[&content])]
                .iter()
                .any(|hash| hash.eq_ignore_ascii_case(name)))
        }
        _ => Ok(true),
    }
}

fn sha1_hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_is_named_as_git_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        fs::write(&path, "hello\n").unwrap();
        // `echo hello | git hash-object --stdin` and `echo hello | sha1sum`.
        for name in [
            "ce013625030ba8dba906f756967f9e9ca394464a",
            "f572d396fae9206628714fb2ce00f72e94f2258f",
        ] {
            assert!(has_hash(&path, name).unwrap(), "{name}");
        }
        assert!(!has_hash(&path, &"0".repeat(40)).unwrap());
        // Another server's ETag is not a hash.
        assert!(has_hash(&path, "5f3c-1a").unwrap());
    }
}
