//! Files of other projects that datasets are made from.

use crate::DatasetError;
use clika_base::files::sha256_hex;
use std::path::Path;

/// A file of another project that datasets are made from: its address, its name and its hash.
#[derive(Clone, Copy, Debug)]
pub struct DownloadedFile {
    /// The address.
    pub url: &'static str,
    /// The name of the file.
    pub file: &'static str,
    /// What its content is.
    pub sha256: &'static str,
}

impl DownloadedFile {
    /// Fails where `bytes` is not this source.
    pub fn check(&self, bytes: &[u8], path: &Path) -> Result<(), DatasetError> {
        let found = sha256_hex(bytes);
        if found == self.sha256 {
            return Ok(());
        }
        Err(DatasetError::Checksum {
            path: path.to_owned(),
            found,
            expected: self.sha256,
        })
    }
}
