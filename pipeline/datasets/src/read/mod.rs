//! Datasets read back from their folders: the one reader of everything that asks, exports or teaches their rows.

mod folder;
mod items;
mod question;
mod rows;
#[cfg(test)]
mod tests;

pub use folder::DatasetFolder;
pub(crate) use folder::folder_name;
pub use items::{ItemFile, LanguageItems};
pub use question::Question;
