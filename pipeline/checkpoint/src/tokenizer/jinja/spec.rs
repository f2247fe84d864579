//! Widths, signs and digits: what Python's two ways of formatting share, and `'…'.format(…)`.

use super::{
    error::JinjaError,
    evaluate::{attribute, item},
    python::float,
    value::{CallArguments, Result, Value},
};

/// How a value is written.
#[derive(Clone, Default)]
pub(super) struct FormatSpec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

/// The widest field and the most digits.
const MOST: i128 = 100_000;

impl FormatSpec {
    pub(super) fn size(wanted: i128) -> Result<usize> {
        usize::try_from(wanted)
            .ok()
            .filter(|_| wanted <= MOST)
            .ok_or_else(|| JinjaError::unsupported("a field of more than 100000 characters"))
    }

    /// A text cut to the precision and padded.
    pub(super) fn text(&self, text: &str, default: char) -> String {
        let cut: String = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        self.padded(&cut, default)
    }

    fn padded(&self, text: &str, default: char) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = self.fill.unwrap_or(' ');
        let before = match self.align.unwrap_or(default) {
            '<' => 0,
            '^' => missing / 2,
            _ => missing,
        };
        let fill = |count: usize| fill.to_string().repeat(count);
        fill(before) + text + &fill(missing - before)
    }

    /// Digits with their sign; zeros stand between the two.
    pub(super) fn padded_number(&self, digits: &str) -> String {
        let (minus, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits),
        };
        let sign = match (minus, self.sign) {
            ("-", _) => "-",
            (_, Some('+')) => "+",
            (_, Some(' ')) => " ",
            _ => "",
        };
        let zeros = self.zero && self.align.is_none() || self.align == Some('=');
        if !zeros {
            return self.padded(&format!("{sign}{digits}"), '>');
        }
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let missing = self
            .width
            .saturating_sub(sign.len() + digits.chars().count());
        format!("{sign}{}{digits}", fill.to_string().repeat(missing))
    }

    /// A whole number in a base.
    pub(super) fn whole(&self, number: i128, kind: char) -> Result<String> {
        let size = number.unsigned_abs();
        let (digits, prefix) = match kind {
            'b' => (format!("{size:b}"), "0b"),
            'o' => (format!("{size:o}"), "0o"),
            'x' => (format!("{size:x}"), "0x"),
            'X' => (format!("{size:X}"), "0X"),
            _ => (size.to_string(), ""),
        };
        let mut digits = digits;
        if let Some(least) = self.precision.filter(|least| digits.len() < *least) {
            digits = "0".repeat(least - digits.len()) + &digits;
        }
        if let Some(mark) = self.grouping {
            if self.zero {
                return Err(JinjaError::unsupported("a field of zeros in groups"));
            }
            digits = grouped(&digits, mark, if kind == 'd' { 3 } else { 4 });
        }
        let prefix = if self.alternate { prefix } else { "" };
        if !prefix.is_empty() && self.zero {
            return Err(JinjaError::unsupported("`#` and `0` in one format"));
        }
        let minus = if number < 0 { "-" } else { "" };
        Ok(self.padded_number(&format!("{minus}{prefix}{digits}")))
    }
}

fn grouped(digits: &str, mark: char, size: usize) -> String {
    let mut written = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(size) {
            written.push(mark);
        }
        written.push(digit);
    }
    written
}

/// A float as `e`, `f` or `g` write it.
pub(super) fn write_number(
    number: f64,
    kind: char,
    precision: Option<usize>,
    alternate: bool,
) -> Result<String> {
    if alternate {
        return Err(JinjaError::unsupported("`#` in the format of a float"));
    }
    let upper = |text: String| {
        if kind.is_ascii_uppercase() {
            text.to_uppercase()
        } else {
            text
        }
    };
    if !number.is_finite() {
        return Ok(upper(float(number)));
    }
    let precision = precision.unwrap_or(6);
    let scientific = |digits: usize| {
        let text = format!("{number:.digits$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        (mantissa.to_owned(), exponent)
    };
    let with_exponent = |mantissa: &str, exponent: i32| {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    };
    let text = match kind.to_ascii_lowercase() {
        'f' => format!("{number:.precision$}"),
        'e' => {
            let (mantissa, exponent) = scientific(precision);
            with_exponent(&mantissa, exponent)
        }
        _ => {
            let digits = precision.max(1);
            let (mantissa, exponent) = scientific(digits - 1);
            let short = |text: &str| {
                if text.contains('.') {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text.to_owned()
                }
            };
            let is_near = exponent >= -4 && i128::from(exponent) < digits as i128;
            if is_near {
                let places = usize::try_from(digits as i128 - 1 - i128::from(exponent));
                let places = places.unwrap_or(0);
                short(&format!("{number:.places$}"))
            } else {
                with_exponent(&short(&mantissa), exponent)
            }
        }
    };
    Ok(upper(text))
}

/// `format.format(arguments)`
pub(super) fn str_format(format: &str, given: &CallArguments) -> Result<String> {
    let mut written = String::new();
    let mut next = 0;
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        written.push_str(&rest[..at]);
        let mark = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix(mark) {
            written.push_str(mark);
            rest = after;
            continue;
        }
        if mark == "}" {
            return Err(JinjaError::failed(
                "Single '}' encountered in format string",
            ));
        }
        let end = after
            .find('}')
            .ok_or_else(|| JinjaError::failed("expected '}' before end of string"))?;
        let field = &after[..end];
        if field.contains('{') {
            return Err(JinjaError::unsupported("a format inside a format"));
        }
        let (named, spec) = field.split_once(':').unwrap_or((field, ""));
        let (name, conversion) = match named.split_once('!') {
            Some((name, conversion)) => (name, Some(conversion)),
            None => (named, None),
        };
        let value = field_value(name, given, &mut next)?;
        let value = match conversion {
            None => value,
            Some("s") => Value::text(value.string()?),
            Some("r") => Value::text(value.repr()?),
            Some(other) => {
                return Err(JinjaError::unsupported(format!(
                    "the conversion `!{other}`"
                )));
            }
        };
        written.push_str(&formatted(&value, spec)?);
        rest = &after[end + 1..];
    }
    Ok(written + rest)
}

/// The value of `name`, `0`, or nothing, with attributes and items after it.
fn field_value(name: &str, given: &CallArguments, next: &mut usize) -> Result<Value> {
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut rest) = name.split_at(end);
    let place = if first.is_empty() {
        *next += 1;
        Some(*next - 1)
    } else {
        first.parse::<usize>().ok()
    };
    let mut value = match place {
        Some(place) => given.positional.get(place).cloned().ok_or_else(|| {
            JinjaError::failed(format!(
                "Replacement index {place} out of range for positional args tuple"
            ))
        })?,
        None => given
            .keyword
            .iter()
            .find(|(own, _)| own == first)
            .map(|(_, value)| value.clone())
            .ok_or_else(|| JinjaError::failed(format!("KeyError: '{first}'")))?,
    };
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            value = attribute(&value, &after[..end])?;
            rest = &after[end..];
        } else if let Some((inner, after)) = rest[1..].split_once(']') {
            let key = match inner.parse::<i128>() {
                Ok(number) => Value::Int(number),
                Err(_) => Value::text(inner),
            };
            value = item(&value, &key)?;
            rest = after;
        } else {
            return Err(JinjaError::failed("Missing ']' in format string"));
        }
    }
    Ok(value)
}

/// `format(value, spec)`
pub(super) fn formatted(value: &Value, spec: &str) -> Result<String> {
    if spec.is_empty() {
        return value.string();
    }
    let spec = read(spec)?;
    let kind = spec.kind;
    let unknown = |class: &str| {
        JinjaError::failed(format!(
            "Unknown format code '{}' for object of type '{class}'",
            kind.unwrap_or(' ')
        ))
    };
    match value {
        Value::Text(text) => match kind {
            None | Some('s') => Ok(spec.text(text, '<')),
            Some(_) => Err(unknown("str")),
        },
        Value::Int(_) | Value::Bool(_) | Value::Float(_) => {
            let whole = value.as_int();
            match (kind, whole) {
                (None | Some('d'), Some(whole)) => spec.whole(whole, 'd'),
                (Some(kind @ ('b' | 'o' | 'x' | 'X')), Some(whole)) => spec.whole(whole, kind),
                (Some('b' | 'o' | 'x' | 'X' | 'd' | 's'), None) => Err(unknown("float")),
                (Some('s'), Some(_)) => Err(unknown("int")),
                (Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G')), _) => {
                    let number = value.as_float().unwrap_or(0.0);
                    let text = write_number(number, kind, spec.precision, spec.alternate)?;
                    grouped_number(&spec, text)
                }
                (Some('%'), _) => {
                    let number = value.as_float().unwrap_or(0.0) * 100.0;
                    let text = write_number(number, 'f', spec.precision, spec.alternate)?;
                    grouped_number(&spec, text + "%")
                }
                (None, None) if spec.precision.is_none() => {
                    grouped_number(&spec, float(value.as_float().unwrap_or(0.0)))
                }
                (Some(other), _) => Err(JinjaError::unsupported(format!(
                    "the format code `{other}`"
                ))),
                (None, None) => Err(JinjaError::unsupported(
                    "a float's format of a precision without a code",
                )),
            }
        }
        other => Err(JinjaError::failed(format!(
            "unsupported format string passed to {}.__format__",
            other.class()
        ))),
    }
}

fn grouped_number(spec: &FormatSpec, text: String) -> Result<String> {
    let Some(mark) = spec.grouping else {
        return Ok(spec.padded_number(&text));
    };
    if spec.zero {
        return Err(JinjaError::unsupported("a field of zeros in groups"));
    }
    let start = usize::from(text.starts_with('-'));
    let end = text[start..]
        .find(|c: char| !c.is_ascii_digit())
        .map_or(text.len(), |at| at + start);
    let whole = grouped(&text[start..end], mark, 3);
    Ok(spec.padded_number(&format!("{}{whole}{}", &text[..start], &text[end..])))
}

/// Reads `[[fill]align][sign][#][0][width][,][.precision][code]`.
fn read(text: &str) -> Result<FormatSpec> {
    let mut spec = FormatSpec::default();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    if let Some(align) = chars.get(1).filter(|c| "<>^=".contains(**c)) {
        spec.fill = Some(chars[0]);
        spec.align = Some(*align);
        at = 2;
    } else if let Some(align) = chars.first().filter(|c| "<>^=".contains(**c)) {
        spec.align = Some(*align);
        at = 1;
    }
    let mut rest = chars[at..].iter().copied().peekable();
    if let Some(sign) = rest.next_if(|c| "+- ".contains(*c)) {
        spec.sign = Some(sign);
    }
    spec.alternate = rest.next_if_eq(&'#').is_some();
    spec.zero = rest.next_if_eq(&'0').is_some();
    let number = |rest: &mut std::iter::Peekable<_>| -> Result<Option<usize>> {
        let rest: &mut std::iter::Peekable<std::iter::Copied<std::slice::Iter<'_, char>>> = rest;
        let mut digits = String::new();
        while let Some(digit) = rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        if digits.is_empty() {
            return Ok(None);
        }
        FormatSpec::size(digits.parse().unwrap_or(i128::MAX)).map(Some)
    };
    spec.width = number(&mut rest)?.unwrap_or(0);
    spec.grouping = rest.next_if(|c| ",_".contains(*c));
    if rest.next_if_eq(&'.').is_some() {
        let precision = number(&mut rest)?;
        spec.precision = Some(
            precision.ok_or_else(|| JinjaError::failed("Format specifier missing precision"))?,
        );
    }
    spec.kind = rest.next();
    if rest.next().is_some() {
        return Err(JinjaError::failed("Invalid format specifier"));
    }
    Ok(spec)
}
