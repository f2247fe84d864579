use crate::hub::{HubError, remote::RemoteFile};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The part of a file that has been downloaded so far, next to the place where the whole one goes.
pub struct PartialFile<'a> {
    name: &'a str,
    path: PathBuf,
    file: File,
    have: u64,
    /// Of what is in the file, where the hub says what it should be.
    hash: Option<Sha256>,
}

impl<'a> PartialFile<'a> {
    /// Opens what an earlier run left of `blob`, or an empty file.
    pub fn open(name: &'a str, blob: &Path, remote: &RemoteFile) -> Result<Self, HubError> {
        let mut path = blob.as_os_str().to_owned();
        path.push(".incomplete");
        let path = PathBuf::from(path);
        let open = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
        };
        let file = open().map_err(HubError::write(name, &path))?;
        let mut partial = Self {
            name,
            path,
            file,
            have: 0,
            hash: remote.sha256().map(|_| Sha256::new()),
        };
        partial.take_up(remote.size)?;
        Ok(partial)
    }

    /// How much is there, in bytes.
    pub fn have(&self) -> u64 {
        self.have
    }

    /// Adds what comes next.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        self.file
            .write_all(bytes)
            .map_err(HubError::write(self.name, &self.path))?;
        self.have += bytes.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        Ok(())
    }

    /// Drops everything.
    pub fn clear(&mut self) -> Result<(), HubError> {
        let mut clear = || {
            if self.have > 0 {
                self.file.set_len(0)?;
                self.file.seek(SeekFrom::Start(0))?;
            }
            io::Result::Ok(())
        };
        clear().map_err(HubError::write(self.name, &self.path))?;
        self.have = 0;
        if let Some(hash) = &mut self.hash {
            hash.reset();
        }
        Ok(())
    }

    /// The SHA-256 of what is there, if the hub says what it should be.
    pub fn sha256(&self) -> Option<String> {
        let digest = self.hash.clone()?.finalize();
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Puts the whole file in its place, in one step.
    pub fn publish(self, blob: &Path) -> Result<(), HubError> {
        let publish = || {
            self.file.sync_all()?;
            fs::rename(&self.path, blob)
        };
        publish().map_err(HubError::write(self.name, blob))
    }

    /// Removes the file.
    pub fn remove(self) -> Result<(), HubError> {
        fs::remove_file(&self.path).map_err(HubError::write(self.name, &self.path))
    }

    /// Goes to the end of what is there, hashing it on the way.
    fn take_up(&mut self, size: u64) -> Result<(), HubError> {
        let metadata = self.file.metadata().map_err(HubError::read(&self.path))?;
        self.have = metadata.len();
        if self.have > size {
            return self.clear();
        }
        let mut buffer = vec![0; 1 << 20];
        let mut seen = 0;
        while seen < self.have {
            let read = self
                .file
                .read(&mut buffer)
                .map_err(HubError::read(&self.path))?;
            if read == 0 {
                break;
            }
            seen += read as u64;
            if let Some(hash) = &mut self.hash {
                hash.update(&buffer[..read]);
            }
        }
        self.have = seen;
        Ok(())
    }
}
