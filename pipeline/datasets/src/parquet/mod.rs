//! Parquet as every dataset and all predictions have it: plain Arrow types, one file a language and split.

mod encode;

pub use encode::encode_frame;

use clika_base::types::LanguageCode;
use polars::prelude::*;

/// The path of a split in its dataset's folder, as `datasets` and the hub expect it.
pub(crate) fn file(language: &LanguageCode, split: &str) -> String {
    file_name(language.as_str(), split)
}

/// The same of a config, which may be another than a language.
pub(crate) fn file_name(config: &str, split: &str) -> String {
    format!("data/{config}/{split}-00000-of-00001.parquet")
}

/// A column of lists of texts.
pub(crate) fn texts<'a>(
    name: &str,
    lists: impl ExactSizeIterator<Item = Option<&'a [String]>>,
) -> Column {
    let mut builder = ListStringChunkedBuilder::new(name.into(), lists.len(), 4 * lists.len());
    for list in lists {
        match list {
            Some(list) => builder.append_values_iter(list.iter().map(String::as_str)),
            None => builder.append_null(),
        }
    }
    builder.finish().into_column()
}
