use crate::hub::HubError;
use clika_base::types::Progress;
use std::{
    fs::{self, File, TryLockError},
    path::Path,
    time::Duration,
};

/// How often a taken lock is tried. The other process may need an hour, so nothing is lost.
const POLL: Duration = Duration::from_millis(100);

/// Waits until no other process downloads `file`, and keeps others out until it is dropped.
///
/// It is the lock that `huggingface_hub` takes for the same blob. Its file stays: removing it would
/// let two others in at once.
pub async fn lock(path: &Path, file: &str, progress: &dyn Progress) -> Result<File, HubError> {
    let write = |source| HubError::write(file, path)(source);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(write)?;
    }
    let lock = File::create(path).map_err(write)?;
    let mut said = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => {
                if !said {
                    progress.note(&format!(
                        "another process is downloading `{file}`; waiting for it"
                    ));
                    said = true;
                }
                tokio::time::sleep(POLL).await;
            }
            Err(TryLockError::Error(source)) => return Err(write(source)),
        }
    }
}
