//! Datasets read back from their folders: the one reader of everything that asks, exports or teaches their rows.

mod folder;
mod items;
#[cfg(test)]
mod tests;

pub use folder::DatasetFolder;
pub(crate) use folder::folder_name;
pub use items::{LanguageItems, Question};
