//! xCOPA, xCSQA and their mini sets: items of texts, the same in every language.

mod build;
mod card;
mod columns;
mod items;
mod lines;
mod parallel;
mod sources;

pub use build::{Origin, TEXT_TASKS, TextRow, build_texts, mini_items};
#[cfg(test)]
pub(crate) use columns::encode_texts;
pub use items::{Asks, TextItem, read_copa_lines, read_csqa_lines};
pub use parallel::Parallel;
pub use sources::{COPA, CSQA, Source, read_copa_xml, read_source};
