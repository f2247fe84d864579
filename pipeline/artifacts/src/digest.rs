use crate::ArtifactError;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The SHA-256 of some bytes, as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The SHA-256 of a file's content.
pub fn sha256_file(path: &Path) -> Result<String, ArtifactError> {
    Ok(sha256_hex(
        std::fs::read(path).map_err(ArtifactError::read(path))?,
    ))
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
