use crate::files::ArtifactError;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// The SHA-256 of some bytes, as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a file's content, which may be larger than memory.
pub fn sha256_file(path: &Path) -> Result<String, ArtifactError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .map_err(ArtifactError::read(path))?;
    Ok(hex(&hash.finalize()))
}

/// [`sha256_file`], computed once for a file that does not change: weights are checked where they are kept and named where
/// they are loaded, and take minutes.
pub fn sha256_file_once(path: &Path) -> Result<String, ArtifactError> {
    /// Device, inode, length, and the time of the last change in seconds and nanoseconds.
    type Identity = (u64, u64, u64, i64, i64);
    static KNOWN: Mutex<Option<HashMap<Identity, String>>> = Mutex::new(None);
    let file = std::fs::metadata(path).map_err(ArtifactError::read(path))?;
    let identity = (
        file.dev(),
        file.ino(),
        file.len(),
        file.ctime(),
        file.ctime_nsec(),
    );
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(digest) = known().get_or_insert_default().get(&identity) {
        return Ok(digest.clone());
    }
    let digest = sha256_file(path)?;
    known()
        .get_or_insert_default()
        .insert(identity, digest.clone());
    Ok(digest)
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_standard() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            super::sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
