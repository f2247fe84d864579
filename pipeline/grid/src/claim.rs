//! Who works on a job: nobody else may, on this machine or another.

use crate::{GridError, Job, host};
use clika_base::files::{ArtifactError, FolderLock};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

/// A job that this process has, until it is dropped.
///
/// On one machine a lock decides, which ends with its process. File systems that keep locks to each machine (Lustre with
/// `localflock`, NFS with `nolock`) still make a file for one only (`O_EXCL`), and so a file says who has the job. Its owner
/// changes it every few seconds. A file of another machine that does not change is of a process that has died, and is moved
/// away, which again succeeds for one only.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    owner: Owner,
    _lock: FolderLock,
}

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    host: String,
    pid: u32,
    beat: u64,
}

/// Seconds between changes of the file.
pub(crate) const BEAT: Duration = Duration::from_secs(5);
/// How long a file of another machine is watched.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl Claim {
    /// Takes a job; [`GridError::Busy`] where another process has it. `patience` is how long the file of another machine is
    /// watched.
    pub(crate) fn take(folder: &Path, job: &Job, patience: Duration) -> Result<Self, GridError> {
        let busy = || GridError::Busy {
            job: job.name.clone(),
        };
        let path = path(folder, job);
        let lock = match FolderLock::of_file(&path) {
            Err(ArtifactError::Busy { .. }) => return Err(busy()),
            lock => lock?,
        };
        let owner = Owner {
            host: host(),
            pid: std::process::id(),
            beat: 0,
        };
        loop {
            match create(&path, &owner) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(ArtifactError::write(&path)(error).into()),
            }
            let there = fs::read(&path).ok();
            // On this machine the lock would have told.
            let theirs = there.as_deref().map(serde_json::from_slice::<Owner>);
            let own = matches!(&theirs, Some(Ok(theirs)) if theirs.host == owner.host);
            if !own {
                thread::sleep(patience);
                if fs::read(&path).ok() != there {
                    return Err(busy());
                }
            }
            let aside = path.with_extension(format!("stale-{}", owner.pid));
            match fs::rename(&path, &aside).and_then(|()| fs::remove_file(&aside)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(ArtifactError::write(&path)(error).into());
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(Self {
            path,
            owner,
            _lock: lock,
        })
    }

    /// Says that this process is alive.
    pub(crate) fn beat(&mut self) -> Result<(), GridError> {
        self.owner.beat += 1;
        let text = serde_json::to_vec(&self.owner).expect("an owner is plain data");
        // In place: nobody reads more than whether it changed.
        fs::write(&self.path, text).map_err(ArtifactError::write(&self.path))?;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // One that stays is found out to be stale.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a process seems to work on a job: it lives on this machine, or its file has changed within a minute.
pub(crate) fn is_taken(folder: &Path, job: &Job) -> bool {
    let path = path(folder, job);
    let Ok(bytes) = fs::read(&path) else {
        return false;
    };
    match serde_json::from_slice::<Owner>(&bytes) {
        Ok(owner) if owner.host == host() => Path::new(&format!("/proc/{}", owner.pid)).exists(),
        Ok(_) | Err(_) => {
            let changed = fs::metadata(&path).and_then(|it| it.modified());
            let age = changed.map(|it| SystemTime::now().duration_since(it));
            // A time in the future, of a clock that goes wrong, counts as no time.
            age.is_ok_and(|age| age.unwrap_or(Duration::ZERO) < Duration::from_secs(60))
        }
    }
}

fn path(folder: &Path, job: &Job) -> PathBuf {
    folder.join(format!("runs/{}.claim", job.name))
}

fn create(path: &Path, owner: &Owner) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    let text = serde_json::to_vec(owner).expect("an owner is plain data");
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CellKind;

    fn job() -> Job {
        Job {
            job: 0,
            name: "0000-m".to_owned(),
            model: "m".to_owned(),
            kind: CellKind::Finetune,
            arguments: Vec::new(),
            cells: Vec::new(),
        }
    }

    fn elsewhere(folder: &Path, beat: u64) -> PathBuf {
        let owner = Owner {
            host: "another".to_owned(),
            pid: 1,
            beat,
        };
        let path = path(folder, &job());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, serde_json::to_vec(&owner).unwrap()).unwrap();
        path
    }

    #[test]
    fn a_job_is_taken_once_and_given_back() {
        let root = tempfile::tempdir().unwrap();
        let first = Claim::take(root.path(), &job(), Duration::ZERO).unwrap();
        assert!(is_taken(root.path(), &job()));
        let refused = Claim::take(root.path(), &job(), Duration::ZERO).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "job `0000-m` is run by another process"
        );
        drop(first);
        assert!(!is_taken(root.path(), &job()));
        Claim::take(root.path(), &job(), Duration::ZERO).unwrap();
    }

    #[test]
    fn a_file_of_another_machine_counts_while_it_changes() {
        let root = tempfile::tempdir().unwrap();
        let path = elsewhere(root.path(), 1);
        let folder = root.path().to_owned();
        let alive = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            elsewhere(&folder, 2);
        });
        let watched = Claim::take(root.path(), &job(), Duration::from_millis(500));
        assert!(matches!(watched, Err(GridError::Busy { .. })));
        alive.join().unwrap();
        let taken = Claim::take(root.path(), &job(), Duration::from_millis(50)).unwrap();
        assert!(path.exists());
        drop(taken);
        assert!(!path.exists());
    }
}
