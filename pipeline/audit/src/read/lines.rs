//! JSON Lines: every line counts, and every fault has its place.

use crate::AuditError;
use clika_base::types::FilePosition;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a file; `expected` says what a line holds. Each record comes with its line, from 1.
pub(super) fn read<T: DeserializeOwned>(
    path: &Path,
    expected: &str,
) -> Result<Vec<(usize, T)>, AuditError> {
    let bytes = std::fs::read(path).map_err(super::files::unreadable(path))?;
    let content = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if content.is_empty() {
        return Err(wrong(path, 1, "the file is empty".to_owned(), expected));
    }
    let mut records = Vec::new();
    for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        match serde_json::from_slice(line) {
            Ok(record) => records.push((index + 1, record)),
            Err(error) => {
                let text = error.to_string();
                // The position that serde_json knows is that in the line.
                let problem = text
                    .rsplit_once(" at line ")
                    .map_or(&*text, |(said, _)| said);
                let problem = if error.is_data() {
                    problem.to_owned()
                } else {
                    format!("the line is not JSON: {problem}, column {}", error.column())
                };
                return Err(wrong(path, index + 1, problem, expected));
            }
        }
    }
    Ok(records)
}

/// An error at a line.
pub(super) fn wrong(path: &Path, line: usize, problem: String, expected: &str) -> AuditError {
    AuditError::Line {
        problem,
        expected: expected.to_owned(),
        position: FilePosition {
            path: path.to_owned(),
            line,
        },
    }
}
