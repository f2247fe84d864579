use super::items::{TextItem, wrong};
use crate::DatasetError;
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, path::Path};

/// Reads a file of lines strictly: every line is an item, and every item stands once.
pub(crate) fn read<T: DeserializeOwned>(
    bytes: &[u8],
    path: &Path,
    expected: &'static str,
    item: impl Fn(T) -> Result<TextItem, String>,
) -> Result<Vec<TextItem>, DatasetError> {
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    let content = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if content.is_empty() {
        return Err(wrong(path, 1, "the file is empty".to_owned(), expected));
    }
    for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
        let wrong = |problem| wrong(path, index + 1, problem, expected);
        let line = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        let item = item(line).map_err(wrong)?;
        if !seen.insert(item.id.clone()) {
            return Err(wrong(format!("item {} occurs twice", item.id)));
        }
        items.push(item);
    }
    Ok(items)
}
