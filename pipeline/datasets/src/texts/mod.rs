//! xCOPA, xCSQA and their mini sets: items of texts, the same in every language.

mod build;
mod card;
mod columns;
mod items;
mod lines;
mod parallel_texts;
mod sources;

pub use build::{TEXT_TASKS, TextOrigin, TextRow, build_texts, mini_items};
#[cfg(test)]
pub(crate) use columns::encode_texts;
pub use items::{CopaQuestion, TextItem};
pub use parallel_texts::ParallelTexts;
pub use sources::{COPA, CSQA, DownloadedFile, read_copa_xml, read_source};
