//! Datasets read back from their folders: the one reader of everything that asks, exports or teaches their rows.

mod folder;
mod items;
#[cfg(test)]
mod tests;
mod whole;

pub use folder::DatasetFolder;
pub use items::{Items, Question};
pub use whole::refused;
