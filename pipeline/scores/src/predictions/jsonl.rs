//! JSON Lines, read strictly: every line counts, and every fault has its line.

use crate::predictions::PredictionError;
use clika_base::types::FilePosition;
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, path::Path};

/// A file of records, one a line, and where each stands.
pub(crate) struct JsonLines<T> {
    pub(crate) records: Vec<(FilePosition, T)>,
}

/// Whether lines without content are a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlankLines {
    /// Every line is a record: a blank one may be an answer that was lost.
    Refused,
    /// The records name their items, so that a blank line loses none. Programs that write line ends
    /// of Windows leave some.
    Skipped,
}

/// Reads a file. A line that is no JSON or lacks a field, text that is no UTF-8 and a file without
/// any record are errors; `expected` says what a line holds.
pub(crate) fn read<T: DeserializeOwned>(
    path: &Path,
    blank: BlankLines,
    expected: &str,
) -> Result<JsonLines<T>, PredictionError> {
    let bytes = std::fs::read(path).map_err(|source| PredictionError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let position = |line: usize| FilePosition {
        path: path.to_owned(),
        line,
    };
    let mut records = Vec::new();
    let content = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let nothing = match blank {
        BlankLines::Refused => content.is_empty(),
        BlankLines::Skipped => content.trim_ascii().is_empty(),
    };
    if nothing {
        return Err(invalid(position(1), "the file is empty", expected));
    }
    for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
        if blank == BlankLines::Skipped && line.trim_ascii().is_empty() {
            continue;
        }
        let position = position(index + 1);
        let text = std::str::from_utf8(line).map_err(|error| {
            let at = error.valid_up_to() + 1;
            invalid(
                position.clone(),
                &format!("byte {at} of the line is not UTF-8"),
                "UTF-8 throughout; the file may mix encodings",
            )
        })?;
        let record = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| invalid(position.clone(), &json_problem(&error), expected))?;
        records.push((position, record));
    }
    Ok(JsonLines { records })
}

/// Asserts that no item stands twice in a file.
pub(crate) fn check_distinct<'a>(
    items: impl Iterator<Item = (&'a FilePosition, &'a str)>,
) -> Result<(), PredictionError> {
    let mut seen = BTreeSet::new();
    for (position, id) in items {
        if !seen.insert(id) {
            return Err(invalid(
                position.clone(),
                &format!("item {id} occurs twice"),
                "every item once",
            ));
        }
    }
    Ok(())
}

pub(crate) fn invalid(position: FilePosition, problem: &str, expected: &str) -> PredictionError {
    PredictionError::Invalid {
        problem: problem.to_owned(),
        expected: expected.to_owned(),
        position,
    }
}

/// serde_json's message without its position, which is the position in the line.
fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let problem = match text.rsplit_once(" at line ") {
        Some((problem, _position)) => problem,
        None => &text,
    };
    if error.is_data() {
        problem.to_owned()
    } else {
        format!("the line is not JSON: {problem}, column {}", error.column())
    }
}
