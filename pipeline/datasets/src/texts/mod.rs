//! xCOPA, xCSQA and their mini sets: items of texts, the same in every language.

mod build;
mod card;
mod columns;
mod dataset;
mod items;
mod lines;
mod parallel_texts;
mod sources;

pub use build::{TextOrigin, TextRow, build_texts, mini_items};
#[cfg(test)]
pub(crate) use columns::encode_texts;
pub use dataset::{TextsDataset, TextsOrigin, TextsSource};
pub use items::{CopaQuestion, TextItem, read_source};
pub(crate) use items::{read_copa_lines, read_csqa_lines, wrong};
pub use parallel_texts::ParallelTexts;
pub use sources::DownloadedFile;
