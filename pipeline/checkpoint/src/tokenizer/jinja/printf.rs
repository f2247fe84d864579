//! `'…' % values`, Python's older way of formatting.

use super::{
    error::JinjaError,
    spec::{FormatSpec, write_number},
    value::{Result, Value},
};

/// Formats as Python's `format % values` does.
pub(super) fn format(format: &str, values: &Value) -> Result<String> {
    let mut written = String::new();
    let mut chars = format.chars().peekable();
    let single;
    let list: &[Value] = match values {
        Value::Tuple(values) => values,
        other => {
            single = [other.clone()];
            &single
        }
    };
    let mut left = list.iter();
    let mut named = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            written.push(c);
            continue;
        }
        let mut key = None;
        if chars.next_if_eq(&'(').is_some() {
            let mut name = String::new();
            let mut depth = 1;
            loop {
                match chars.next() {
                    Some('(') => depth += 1,
                    Some(')') => depth -= 1,
                    Some(_) => {}
                    None => return Err(JinjaError::failed("incomplete format key")),
                }
                if depth == 0 {
                    break;
                }
                if let Some(c) = format_char(&chars, format) {
                    name.push(c);
                }
            }
            key = Some(name);
        }
        let mut spec = FormatSpec::default();
        while let Some(flag) = chars.next_if(|c| "#0- +".contains(*c)) {
            match flag {
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                '-' => spec.align = Some('<'),
                sign => {
                    spec.sign = if spec.sign == Some('+') {
                        Some('+')
                    } else {
                        Some(sign)
                    }
                }
            }
        }
        let mut next = |what: &str| {
            left.next()
                .cloned()
                .ok_or_else(|| JinjaError::failed(format!("not enough arguments for {what}")))
        };
        let mut number =
            |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Result<Option<i128>> {
                if chars.next_if_eq(&'*').is_some() {
                    let given = next("format string")?;
                    return given
                        .as_int()
                        .map(Some)
                        .ok_or_else(|| JinjaError::failed("* wants int"));
                }
                let mut digits = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                Ok(digits.parse().ok())
            };
        if let Some(width) = number(&mut chars)? {
            if width < 0 {
                spec.align = Some('<');
            }
            spec.width = FormatSpec::size(width.saturating_abs())?;
        }
        if chars.next_if_eq(&'.').is_some() {
            let precision = number(&mut chars)?.unwrap_or(0);
            spec.precision = Some(FormatSpec::size(precision.max(0))?);
        }
        while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
        let Some(kind) = chars.next() else {
            return Err(JinjaError::failed("incomplete format"));
        };
        if kind == '%' {
            written.push('%');
            continue;
        }
        let value = match key {
            Some(key) => {
                named = true;
                if !matches!(values, Value::Dict(_)) {
                    return Err(JinjaError::failed("format requires a mapping"));
                }
                values
                    .key(&Value::text(&key))
                    .ok_or_else(|| JinjaError::failed(format!("KeyError: '{key}'")))?
            }
            None => next("format string")?,
        };
        written.push_str(&converted(&value, kind, spec)?);
    }
    // Python lets a dictionary be left over.
    if left.next().is_some() && !named && !matches!(values, Value::Dict(_)) {
        return Err(JinjaError::failed(
            "not all arguments converted during string formatting",
        ));
    }
    Ok(written)
}

/// The character that was read last.
fn format_char(rest: &std::iter::Peekable<std::str::Chars<'_>>, format: &str) -> Option<char> {
    let left: usize = rest.clone().map(char::len_utf8).sum();
    format[..format.len() - left].chars().next_back()
}

fn converted(value: &Value, kind: char, mut spec: FormatSpec) -> Result<String> {
    let wants_number = || {
        JinjaError::failed(format!(
            "%{kind} format: a real number is required, not {}",
            value.class()
        ))
    };
    match kind {
        's' | 'r' => {
            let text = if kind == 's' {
                value.string()?
            } else {
                value.repr()?
            };
            spec.zero = false;
            Ok(spec.text(&text, '>'))
        }
        'c' => {
            let text = match value {
                Value::Text(text) if text.chars().count() == 1 => text.to_string(),
                other => other
                    .as_int()
                    .and_then(|code| char::from_u32(u32::try_from(code).ok()?))
                    .map(String::from)
                    .ok_or_else(|| JinjaError::failed("%c requires int or char"))?,
            };
            Ok(spec.text(&text, '>'))
        }
        'd' | 'i' | 'u' => {
            let whole = match value {
                Value::Float(number) if !number.is_finite() => {
                    return Err(JinjaError::failed(
                        "cannot convert float NaN or infinity to integer",
                    ));
                }
                Value::Float(number) if number.abs() >= 1e38 => {
                    return Err(JinjaError::unsupported("a number of more than 127 bits"));
                }
                Value::Float(number) => Some(number.trunc() as i128),
                other => other.as_int(),
            };
            let whole = whole.ok_or_else(wants_number)?;
            spec.whole(whole, 'd')
        }
        'o' | 'x' | 'X' => {
            let whole = value.as_int().ok_or_else(|| {
                JinjaError::failed(format!(
                    "%{kind} format: an integer is required, not {}",
                    value.class()
                ))
            })?;
            spec.whole(whole, kind)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = value.as_float().ok_or_else(wants_number)?;
            Ok(spec.padded_number(&write_number(number, kind, spec.precision, spec.alternate)?))
        }
        'a' => Err(JinjaError::unsupported("the format `%a`")),
        other => Err(JinjaError::failed(format!(
            "unsupported format character '{other}'"
        ))),
    }
}
