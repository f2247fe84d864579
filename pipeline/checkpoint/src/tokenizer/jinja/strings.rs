//! The methods of Python's texts.

use super::{
    cut::{lines, partition, split},
    error::JinjaError,
    lexer::is_space,
    python::{is_decimal, is_letter, is_printable, is_word},
    spec::str_format,
    value::{CallArguments, Result, Value, needed},
};
use std::rc::Rc;

/// All methods that a Python text has; those that [`call`] does not know are not supported.
pub(super) const METHODS: [&str; 47] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Calls a method of a text.
pub(super) fn call(text: &str, method: &str, given: CallArguments) -> Result<Value> {
    Ok(match method {
        "upper" => none(given, method, || Value::text(text.to_uppercase()))?,
        "lower" => none(given, method, || Value::text(text.to_lowercase()))?,
        "capitalize" => {
            given.only::<0>(method)?;
            Value::text(capitalized(text)?)
        }
        "title" => {
            given.only::<0>(method)?;
            Value::text(titled(text, |c| !is_cased(c))?)
        }
        "swapcase" => none(given, method, || Value::text(swapped(text)))?,
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = given.only(method)?;
            Value::text(stripped(text, method, chars)?)
        }
        "split" | "rsplit" => {
            let [separator, most] = given.take(method, ["sep", "maxsplit"])?;
            split(text, separator, most, method == "rsplit")?
        }
        "splitlines" => {
            let [keep] = given.take(method, ["keepends"])?;
            lines(text, keep.is_some_and(|keep| keep.is_true()))
        }
        "partition" | "rpartition" => {
            let [separator] = given.only(method)?;
            partition(text, separator, method == "rpartition")?
        }
        "replace" => {
            let [old, new, count] = given.take(method, ["old", "new", "count"])?;
            let (old, new) = (text_of(old, method)?, text_of(new, method)?);
            let count = match count {
                None => -1,
                Some(count) => whole(&count)?,
            };
            Value::text(replaced(text, &old, &new, count))
        }
        "removeprefix" => {
            let [part] = given.only(method)?;
            let part = text_of(part, method)?;
            Value::text(text.strip_prefix(&*part).unwrap_or(text))
        }
        "removesuffix" => {
            let [part] = given.only(method)?;
            let part = text_of(part, method)?;
            Value::text(text.strip_suffix(&*part).unwrap_or(text))
        }
        "startswith" | "endswith" => affixed(text, method, given)?,
        "find" | "rfind" | "index" | "rindex" | "count" => searched(text, method, given)?,
        "join" => {
            let [values] = given.only(method)?;
            Value::text(joined(text, &needed(values, method)?)?)
        }
        "format" => Value::text(str_format(text, &given)?),
        "center" | "ljust" | "rjust" | "zfill" => padded(text, method, given)?,
        "isalpha" | "isalnum" | "isascii" | "isdecimal" | "isdigit" | "isnumeric" | "isspace"
        | "isprintable" | "islower" | "isupper" | "istitle" => {
            given.only::<0>(method)?;
            Value::Bool(holds(text, method)?)
        }
        other => {
            return Err(JinjaError::unsupported(format!(
                "the method `{other}` of a text"
            )));
        }
    })
}

fn none(given: CallArguments, method: &str, value: impl FnOnce() -> Value) -> Result<Value> {
    given.only::<0>(method)?;
    Ok(value())
}

pub(super) fn text_of(value: Option<Value>, method: &str) -> Result<Rc<str>> {
    match needed(value, method)? {
        Value::Text(text) | Value::Markup(text) => Ok(text),
        Value::Undefined(said) => Err(JinjaError::failed(&*said)),
        other => Err(JinjaError::failed(format!(
            "{method}: must be str, not {}",
            other.class()
        ))),
    }
}

pub(super) fn whole(value: &Value) -> Result<i128> {
    value.defined()?.as_int().ok_or_else(|| {
        JinjaError::failed(format!(
            "'{}' object cannot be interpreted as an integer",
            value.class()
        ))
    })
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

/// A letter as it begins a word.
fn title_case(c: char) -> Result<String> {
    let upper: String = c.to_uppercase().collect();
    let is_digraph = matches!(c, '\u{1c4}'..='\u{1cc}' | '\u{1f1}'..='\u{1f3}');
    let is_georgian = matches!(c, '\u{10d0}'..='\u{10ff}');
    if is_digraph || is_georgian || upper.chars().count() > 1 {
        return Err(JinjaError::unsupported(format!(
            "`{c}` at the beginning of a word"
        )));
    }
    Ok(upper)
}

/// `capitalize()`
pub(super) fn capitalized(text: &str) -> Result<String> {
    match text.chars().next() {
        Some(first) => {
            let lower = text.to_lowercase();
            let skipped: usize = first.to_lowercase().map(char::len_utf8).sum();
            Ok(title_case(first)? + &lower[skipped..])
        }
        None => Ok(String::new()),
    }
}

/// Every word with a capital; a word begins after what `ends` holds for.
pub(super) fn titled(text: &str, ends: impl Fn(char) -> bool) -> Result<String> {
    let mut written = String::new();
    let mut begins = true;
    for c in text.chars() {
        if begins && is_cased(c) {
            written.push_str(&title_case(c)?);
        } else {
            written.extend(c.to_lowercase());
        }
        begins = ends(c);
    }
    Ok(written)
}

fn swapped(text: &str) -> String {
    text.chars()
        .flat_map(|c| -> Vec<char> {
            if c.is_uppercase() {
                c.to_lowercase().collect()
            } else {
                c.to_uppercase().collect()
            }
        })
        .collect()
}

/// `strip(chars)` and its kin.
pub(super) fn stripped(text: &str, method: &str, chars: Option<Value>) -> Result<String> {
    let set: Option<Rc<str>> = match chars {
        None | Some(Value::None) => None,
        some => Some(text_of(some, method)?),
    };
    let goes = |c: char| match &set {
        Some(set) => set.contains(c),
        None => is_space(c),
    };
    let text = if method == "rstrip" {
        text
    } else {
        text.trim_start_matches(goes)
    };
    let text = if method == "lstrip" {
        text
    } else {
        text.trim_end_matches(goes)
    };
    Ok(text.to_owned())
}

/// `replace(old, new, count)`; a count below 0 is all.
pub(super) fn replaced(text: &str, old: &str, new: &str, count: i128) -> String {
    // A negative one does not fit, and is all.
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    text.replacen(old, new, count)
}

/// The part of a text between two places as `find(x, start, end)` counts them, and where it begins.
fn window(text: &str, start: Option<Value>, end: Option<Value>) -> Result<(String, usize)> {
    let length = text.chars().count();
    let place = |bound: Option<Value>, default: usize| -> Result<usize> {
        Ok(match bound {
            None | Some(Value::None) => default,
            Some(bound) => {
                let bound = whole(&bound)?;
                let from_start = if bound < 0 {
                    (bound + length as i128).max(0)
                } else {
                    bound
                };
                usize::try_from(from_start).unwrap_or(usize::MAX)
            }
        })
    };
    let start = place(start, 0)?;
    let end = place(end, length)?.min(length);
    if start > end {
        // Not even the empty text is found there.
        return Ok((String::new(), usize::MAX));
    }
    let inner = text.chars().skip(start).take(end - start).collect();
    Ok((inner, start))
}

fn affixed(text: &str, method: &str, given: CallArguments) -> Result<Value> {
    let [affix, start, end] = given.only(method)?;
    let (inner, start) = window(text, start, end)?;
    let affixes = match needed(affix, method)? {
        Value::Tuple(values) => values.to_vec(),
        Value::List(_) => {
            return Err(JinjaError::failed(format!(
                "{method} first arg must be str or a tuple of str, not list"
            )));
        }
        other => vec![other],
    };
    for affix in affixes {
        let affix = text_of(Some(affix), method)?;
        let found = if method == "startswith" {
            inner.starts_with(&*affix)
        } else {
            inner.ends_with(&*affix)
        };
        if found && start != usize::MAX {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn searched(text: &str, method: &str, given: CallArguments) -> Result<Value> {
    let [part, start, end] = given.only(method)?;
    let part = text_of(part, method)?;
    let (inner, start) = window(text, start, end)?;
    if method == "count" {
        let count = match start {
            usize::MAX => 0,
            _ => inner.matches(&*part).count(),
        };
        return Ok(Value::size(count));
    }
    let found = if method.starts_with('r') {
        inner.rfind(&*part)
    } else {
        inner.find(&*part)
    };
    match found.filter(|_| start != usize::MAX) {
        Some(at) => Ok(Value::size(start + inner[..at].chars().count())),
        None if method.ends_with("index") => Err(JinjaError::failed("substring not found")),
        None => Ok(Value::Int(-1)),
    }
}

fn joined(separator: &str, values: &Value) -> Result<String> {
    let mut texts = Vec::new();
    for (place, value) in values.walk()?.iter().enumerate() {
        let text = value.as_text().ok_or_else(|| {
            JinjaError::failed(format!(
                "sequence item {place}: expected str instance, {} found",
                value.class()
            ))
        })?;
        texts.push(text.to_owned());
    }
    Ok(texts.join(separator))
}

fn padded(text: &str, method: &str, given: CallArguments) -> Result<Value> {
    let [width, fill] = given.only(method)?;
    let width = whole(&needed(width, method)?)?.clamp(0, 100_000);
    let width = usize::try_from(width).unwrap_or(0);
    let length = text.chars().count();
    let missing = width.saturating_sub(length);
    if method == "zfill" {
        let (sign, digits) = match text.strip_prefix(['+', '-']) {
            Some(digits) => (&text[..1], digits),
            None => ("", text),
        };
        return Ok(Value::text(format!(
            "{sign}{}{digits}",
            "0".repeat(missing)
        )));
    }
    let fill = match fill {
        None => " ".into(),
        some => text_of(some, method)?,
    };
    if fill.chars().count() != 1 {
        return Err(JinjaError::failed(
            "The fill character must be exactly one character long",
        ));
    }
    let before = match method {
        "ljust" => 0,
        "rjust" => missing,
        // CPython puts the odd one on the left of an odd width.
        _ => missing / 2 + (missing & width & 1),
    };
    Ok(Value::text(format!(
        "{}{text}{}",
        fill.repeat(before),
        fill.repeat(missing - before)
    )))
}

fn holds(text: &str, method: &str) -> Result<bool> {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    let has_case = text.chars().any(is_cased);
    Ok(match method {
        "isascii" => text.is_ascii(),
        "isalpha" => all(is_letter),
        "isalnum" => all(is_word),
        "isdecimal" => all(is_decimal),
        "isspace" => all(is_space),
        "isprintable" => text.chars().all(is_printable),
        "islower" => has_case && !text.chars().any(char::is_uppercase),
        "isupper" => has_case && !text.chars().any(char::is_lowercase),
        // Fractions, superscripts and numerals are what these two differ in.
        "isdigit" | "isnumeric" => {
            if text.chars().any(|c| !c.is_ascii() && !is_decimal(c)) {
                let what = format!("`{method}` of text beyond plain digits");
                return Err(JinjaError::unsupported(what));
            }
            all(is_decimal)
        }
        _ => {
            let mut cased_before = false;
            for c in text.chars() {
                if (c.is_uppercase() && cased_before) || (c.is_lowercase() && !cased_before) {
                    return Ok(false);
                }
                cased_before = is_cased(c);
            }
            has_case
        }
    })
}
