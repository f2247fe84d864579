//! Jinja2's filters, and transformers' own `tojson`.

use super::{
    error::JinjaError,
    evaluate::own_attribute,
    json::tojson,
    lists, ops, printf,
    python::{is_decimal, is_word},
    strings,
    value::{CallArguments, Result, Value, needed},
};

/// The names of all filters that Jinja2 has.
pub(super) const NAMES: [&str; 54] = [
    "abs",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

/// Filters that take a text marked safe as it is.
const OF_MARKUP: [&str; 12] = [
    "safe", "string", "escape", "e", "length", "count", "tojson", "default", "d", "list", "first",
    "join",
];

/// `value | name(given)`
pub(super) fn apply(name: &str, value: Value, given: CallArguments) -> Result<Value> {
    if matches!(value, Value::Markup(_)) && !OF_MARKUP.contains(&name) {
        let what = format!("the filter `{name}` of a text marked safe");
        return Err(JinjaError::unsupported(what));
    }
    match name {
        "upper" | "lower" | "capitalize" => {
            given.take::<0>(name, [])?;
            strings::call(&value.string()?, name, CallArguments::default())
        }
        "title" => {
            given.take::<0>(name, [])?;
            Ok(Value::text(titled(&value.string()?)))
        }
        "trim" => {
            let [chars] = given.take(name, ["chars"])?;
            Ok(Value::text(strings::stripped(
                &value.string()?,
                "strip",
                chars,
            )?))
        }
        "replace" => replace(&value, given),
        "indent" => indent(&value, given),
        "center" => {
            let [width] = given.take(name, ["width"])?;
            let given = CallArguments {
                positional: vec![width.unwrap_or(Value::Int(80))],
                keyword: Vec::new(),
            };
            strings::call(&value.string()?, name, given)
        }
        "wordcount" => {
            given.take::<0>(name, [])?;
            let text = value.string()?;
            let words = text.split(|c: char| c != '_' && !is_word(c));
            Ok(Value::size(words.filter(|word| !word.is_empty()).count()))
        }
        "format" => format(&value, given),
        "string" => {
            given.take::<0>(name, [])?;
            match value {
                Value::Markup(_) => Ok(value),
                other => Ok(Value::text(other.string()?)),
            }
        }
        "safe" => {
            given.take::<0>(name, [])?;
            Ok(Value::Markup(value.string()?.into()))
        }
        "escape" | "e" => {
            given.take::<0>(name, [])?;
            match value {
                Value::Markup(_) => Ok(value),
                other => Ok(Value::Markup(ops::escaped(&other.string()?).into())),
            }
        }
        "tojson" => tojson(&value, given),
        "default" | "d" => {
            let [other, boolean] = given.take(name, ["default_value", "boolean"])?;
            let missing = matches!(value, Value::Undefined(_))
                || (boolean.is_some_and(|boolean| boolean.is_true()) && !value.is_true());
            Ok(if missing {
                other.unwrap_or_else(|| Value::text(""))
            } else {
                value
            })
        }
        "int" => int(&value, given),
        "float" => {
            let [default] = given.take(name, ["default"])?;
            Ok(match as_float(value.defined()?)? {
                Some(number) => Value::Float(number),
                None => default.unwrap_or(Value::Float(0.0)),
            })
        }
        "round" => round(&value, given),
        "abs" => {
            given.take::<0>(name, [])?;
            match &value {
                Value::Float(number) => Ok(Value::Float(number.abs())),
                other
                    if ops::positive(other)?.order(&Value::Int(0), "<")?
                        == Some(std::cmp::Ordering::Less) =>
                {
                    ops::negative(other)
                }
                other => ops::positive(other),
            }
        }
        "attr" => {
            let [name] = given.take(name, ["name"])?;
            let name = needed(name, "attr")?.string()?;
            // Here an item does not stand in for an attribute.
            let class = value.class();
            Ok(own_attribute(&value, &name)?.unwrap_or_else(|| {
                Value::Undefined(format!("'{class} object' has no attribute '{name}'").into())
            }))
        }
        name if NAMES.contains(&name) => lists::apply(name, &value, given),
        other => Err(JinjaError::failed(format!("No filter named '{other}'."))),
    }
}

/// Jinja2's title: a capital at the beginning and after spaces, hyphens and opening brackets.
fn titled(text: &str) -> String {
    let mut written = String::new();
    let mut begins = true;
    for c in text.chars() {
        let is_border = super::lexer::is_space(c) || "-({[<".contains(c);
        if begins && !is_border {
            written.extend(c.to_uppercase());
        } else {
            written.extend(c.to_lowercase());
        }
        begins = is_border;
    }
    written
}

fn replace(value: &Value, given: CallArguments) -> Result<Value> {
    let [old, new, count] = given.take("replace", ["old", "new", "count"])?;
    let (old, new) = (needed(old, "replace")?, needed(new, "replace")?);
    let count = match count {
        None | Some(Value::None) => -1,
        Some(count) => count
            .as_int()
            .ok_or_else(|| JinjaError::failed("replace: count is not a number"))?,
    };
    let (text, old, new) = (value.string()?, old.string()?, new.string()?);
    Ok(Value::text(strings::replaced(&text, &old, &new, count)))
}

fn indent(value: &Value, given: CallArguments) -> Result<Value> {
    let [width, first, blank] = given.take("indent", ["width", "first", "blank"])?;
    let Value::Text(text) = value.defined()? else {
        return Err(JinjaError::failed(format!("indent of a {}", value.class())));
    };
    let indent = match width {
        None => " ".repeat(4),
        Some(Value::Text(text)) => text.to_string(),
        Some(width) => {
            let width = width.as_int().ok_or_else(|| {
                JinjaError::failed("indent: width is neither a number nor a text")
            })?;
            " ".repeat(usize::try_from(width.min(100_000)).unwrap_or(0))
        }
    };
    let is_set = |option: Option<Value>| option.is_some_and(|value| value.is_true());
    let (first, blank) = (is_set(first), is_set(blank));
    let with_newline = format!("{text}\n");
    let lines = strings::call(&with_newline, "splitlines", CallArguments::default())?.walk()?;
    let mut written = String::new();
    for (place, line) in lines.iter().enumerate() {
        let line = line.string()?;
        let indented = if place == 0 {
            first
        } else {
            blank || !line.is_empty()
        };
        if place > 0 {
            written.push('\n');
        }
        if indented {
            written.push_str(&indent);
        }
        written.push_str(&line);
    }
    Ok(Value::text(written))
}

/// `format | format(values)`: `format % values`.
fn format(value: &Value, given: CallArguments) -> Result<Value> {
    let values = match (given.positional.is_empty(), given.keyword.is_empty()) {
        (_, true) => Value::Tuple(std::rc::Rc::new(given.positional)),
        (true, false) => super::value::dictionary(
            given
                .keyword
                .into_iter()
                .map(|(name, value)| (Value::text(name), value)),
        )?,
        (false, false) => {
            return Err(JinjaError::failed(
                "can't handle positional and keyword arguments at the same time",
            ));
        }
    };
    Ok(Value::text(printf::format(&value.string()?, &values)?))
}

fn int(value: &Value, given: CallArguments) -> Result<Value> {
    let [default, base] = given.take("int", ["default", "base"])?;
    let base = match base {
        None => 10,
        Some(base) => base
            .as_int()
            .and_then(|base| u32::try_from(base).ok())
            .filter(|base| (2..=36).contains(base))
            .ok_or_else(|| JinjaError::failed("int() base must be >= 2 and <= 36"))?,
    };
    let whole = match value {
        Value::Text(text) => parse_int(text, base)?,
        other => other.as_int(),
    };
    if let Some(whole) = whole {
        return Ok(Value::Int(whole));
    }
    match as_float(value.defined()?)? {
        Some(number) if number.abs() < 1e38 => Ok(Value::Int(number.trunc() as i128)),
        Some(number) if number.is_finite() => {
            Err(JinjaError::unsupported("a number of more than 127 bits"))
        }
        Some(number) if number.is_infinite() && matches!(value, Value::Float(_)) => Err(
            JinjaError::failed("cannot convert float infinity to integer"),
        ),
        _ => Ok(default.unwrap_or(Value::Int(0))),
    }
}

/// Digits, with single underscores between them.
fn without_underscores(text: &str) -> Option<String> {
    let between = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + 1..].chars().next();
        before.is_some_and(|c| c.is_alphanumeric()) && after.is_some_and(|c| c.is_alphanumeric())
    };
    let sound = text.match_indices('_').all(|(at, _)| between(at));
    sound.then(|| text.replace('_', ""))
}

fn parse_int(text: &str, base: u32) -> Result<Option<i128>> {
    let text = text.trim_matches(super::lexer::is_space);
    if text.chars().any(|c| !c.is_ascii() && is_decimal(c)) {
        return Err(JinjaError::unsupported("digits that are not 0 to 9"));
    }
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixes: [&str; 2] = match base {
        2 => ["0b", "0B"],
        8 => ["0o", "0O"],
        16 => ["0x", "0X"],
        _ => ["", ""],
    };
    let digits = prefixes
        .iter()
        .find_map(|prefix| digits.strip_prefix(prefix))
        .unwrap_or(digits);
    if digits.starts_with(['+', '-']) {
        return Ok(None);
    }
    let number =
        without_underscores(digits).and_then(|digits| i128::from_str_radix(&digits, base).ok());
    Ok(number.map(|number| if minus { -number } else { number }))
}

/// `float(value)`; `None` where Python fails.
fn as_float(value: &Value) -> Result<Option<f64>> {
    let Value::Text(text) = value else {
        return Ok(value.as_float());
    };
    let text = text.trim_matches(super::lexer::is_space);
    if text.chars().any(|c| !c.is_ascii() && is_decimal(c)) {
        return Err(JinjaError::unsupported("digits that are not 0 to 9"));
    }
    Ok(without_underscores(text).and_then(|text| text.parse().ok()))
}

fn round(value: &Value, given: CallArguments) -> Result<Value> {
    let [precision, method] = given.take("round", ["precision", "method"])?;
    let precision = match precision {
        None => 0,
        Some(precision) => precision
            .as_int()
            .ok_or_else(|| JinjaError::failed("round: precision is not a number"))?,
    };
    let places = usize::try_from(precision)
        .ok()
        .filter(|places| *places < 300)
        .ok_or_else(|| JinjaError::unsupported("rounding to such a precision"))?;
    let method = match method {
        None => "common".to_owned(),
        Some(method) => method.string()?,
    };
    let number = value.defined()?.as_float().ok_or_else(|| {
        JinjaError::failed(format!(
            "type {} doesn't define __round__ method",
            value.class()
        ))
    })?;
    let scale = 10f64.powi(i32::try_from(places).unwrap_or(0));
    match (method.as_str(), value.as_int()) {
        ("common", Some(whole)) => Ok(Value::Int(whole)),
        ("common", None) if places == 0 => Ok(Value::Float(number.round_ties_even())),
        // Written with so many places it is rounded correctly, as Python does it.
        ("common", None) => Ok(Value::Float(
            format!("{number:.places$}").parse().unwrap_or(number),
        )),
        ("ceil", _) => Ok(Value::Float((number * scale).ceil() / scale)),
        ("floor", _) => Ok(Value::Float((number * scale).floor() / scale)),
        _ => Err(JinjaError::failed("method must be common, ceil or floor")),
    }
}
