//! The methods that cut Python's texts into pieces.

use super::{
    error::JinjaError,
    lexer::is_space,
    strings::{text_of, whole},
    value::{Result, Value},
};
use std::rc::Rc;

/// `split(separator, most)` and `rsplit`
pub(super) fn split(
    text: &str,
    separator: Option<Value>,
    most: Option<Value>,
    from_end: bool,
) -> Result<Value> {
    let most = match most {
        None => -1,
        Some(most) => whole(&most)?,
    };
    // So many cuts; a number below 0 is all.
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let pieces: Vec<&str> = match separator {
        None | Some(Value::None) => split_at_spaces(text, most, from_end),
        some => {
            let separator = text_of(some, "split")?;
            if separator.is_empty() {
                return Err(JinjaError::failed("empty separator"));
            }
            let pieces = most.saturating_add(1);
            if from_end {
                let mut pieces: Vec<&str> = text.rsplitn(pieces, &*separator).collect();
                pieces.reverse();
                pieces
            } else {
                text.splitn(pieces, &*separator).collect()
            }
        }
    };
    Ok(Value::list(pieces.into_iter().map(Value::text).collect()))
}

fn split_at_spaces(text: &str, most: usize, from_end: bool) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_matches(is_space);
    while !rest.is_empty() {
        let cut = if from_end {
            rest.rfind(is_space)
        } else {
            rest.find(is_space)
        };
        let Some(at) = cut.filter(|_| pieces.len() < most) else {
            break;
        };
        let width = rest[at..].chars().next().map_or(1, char::len_utf8);
        let (before, after) = (&rest[..at], &rest[at + width..]);
        if from_end {
            pieces.push(after);
            rest = before.trim_end_matches(is_space);
        } else {
            pieces.push(before);
            rest = after.trim_start_matches(is_space);
        }
    }
    if !rest.is_empty() {
        // What is left keeps the spaces on the side that was not cut.
        let kept = if pieces.len() < most {
            rest
        } else if from_end {
            rest_at_start(text, rest)
        } else {
            rest_at_end(text, rest)
        };
        pieces.push(kept);
    }
    if from_end {
        pieces.reverse();
    }
    pieces
}

/// `rest` with the spaces that `text` ends in.
fn rest_at_end<'a>(text: &'a str, rest: &str) -> &'a str {
    let trailing = text.len() - text.trim_end_matches(is_space).len();
    &text[text.len() - trailing - rest.len()..]
}

/// `rest` with the spaces that `text` begins with.
fn rest_at_start<'a>(text: &'a str, rest: &str) -> &'a str {
    let leading = text.len() - text.trim_start_matches(is_space).len();
    &text[..leading + rest.len()]
}

pub(super) fn lines(text: &str, keep_ends: bool) -> Value {
    let is_end = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_end) {
        let end = if rest[at..].starts_with("\r\n") {
            at + 2
        } else {
            at + rest[at..].chars().next().map_or(1, char::len_utf8)
        };
        found.push(Value::text(&rest[..if keep_ends { end } else { at }]));
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        found.push(Value::text(rest));
    }
    Value::list(found)
}

pub(super) fn partition(text: &str, separator: Option<Value>, from_end: bool) -> Result<Value> {
    let separator = text_of(separator, "partition")?;
    if separator.is_empty() {
        return Err(JinjaError::failed("empty separator"));
    }
    let found = if from_end {
        text.rsplit_once(&*separator)
    } else {
        text.split_once(&*separator)
    };
    let parts = match found {
        Some((before, after)) => [before, &separator, after],
        None if from_end => ["", "", text],
        None => [text, "", ""],
    };
    Ok(Value::Tuple(Rc::new(parts.map(Value::text).into())))
}
