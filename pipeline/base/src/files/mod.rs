//! Files that one stage hands to the next: written whole or not at all, and described by a manifest.

mod atomic;
mod digest;
mod error;
mod lock;
mod manifest;

pub use atomic::{FolderDraft, move_file, replace_file};
pub use digest::{sha256_file, sha256_hex};
pub use error::ArtifactError;
pub use lock::FolderLock;
pub use manifest::Manifest;
