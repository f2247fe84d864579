//! Files that one stage hands to the next: written whole or not at all, and described by a manifest.

mod atomic;
mod digest;
mod error;
mod lock;
mod manifest;
mod recover;
mod replace;
#[cfg(test)]
mod test_folders;

pub use atomic::{FolderDraft, TakenFolder, is_scratch};
pub use digest::{sha256_file, sha256_file_once, sha256_hex};
pub use error::ArtifactError;
pub use lock::FolderLock;
pub use manifest::Manifest;
pub use recover::{recover_folder, recover_folders};
pub use replace::{move_file, replace_file};
