//! Values as Python prints and compares them.

use super::{
    error::JinjaError,
    value::{Result, Value},
};
use std::{cmp::Ordering, fmt::Write};
use unicode_categories::UnicodeCategories;

impl Value {
    /// `str(value)`
    pub(super) fn string(&self) -> Result<String> {
        match self {
            Self::Undefined(_) => Ok(String::new()),
            Self::Text(text) | Self::Markup(text) => Ok(text.to_string()),
            other => other.repr(),
        }
    }

    /// `repr(value)`
    pub(super) fn repr(&self) -> Result<String> {
        let joined = |values: &[Self]| -> Result<String> {
            let texts: Result<Vec<String>> = values.iter().map(Self::repr).collect();
            Ok(texts?.join(", "))
        };
        Ok(match self {
            Self::Undefined(_) => "Undefined".to_owned(),
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => float(*value),
            Self::Text(text) => quoted(text)?,
            Self::Markup(text) => format!("Markup({})", quoted(text)?),
            Self::List(values) => format!("[{}]", joined(values)?),
            Self::Tuple(values) => match values.as_slice() {
                [only] => format!("({},)", only.repr()?),
                values => format!("({})", joined(values)?),
            },
            Self::Dict(pairs) => {
                let mut texts = Vec::new();
                for (key, value) in pairs.iter() {
                    texts.push(format!("{}: {}", key.repr()?, value.repr()?));
                }
                format!("{{{}}}", texts.join(", "))
            }
            Self::View(name, values) => format!("{name}([{}])", joined(values)?),
            Self::Range(range) => match **range {
                [first, end, 1] => format!("range({first}, {end})"),
                [first, end, step] => format!("range({first}, {end}, {step})"),
            },
            Self::Generator(_) | Self::Namespace(_) | Self::Loop(_) | Self::Callable(_) => {
                let what = format!("printing a {}", self.class());
                return Err(JinjaError::unsupported(what));
            }
        })
    }

    /// `a == b`
    pub(super) fn equals(&self, other: &Self) -> bool {
        let all = |a: &[Self], b: &[Self]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
        };
        match (self, other) {
            (Self::Undefined(_), Self::Undefined(_)) | (Self::None, Self::None) => true,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => all(a, b),
            (Self::Dict(a), Self::Dict(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| other.key(key).is_some_and(|own| own.equals(value)))
            }
            (Self::Range(..), Self::Range(..)) => self
                .items()
                .zip(other.items())
                .is_some_and(|(a, b)| all(&a, &b)),
            (Self::Namespace(a), Self::Namespace(b)) => std::rc::Rc::ptr_eq(a, b),
            (Self::Generator(a), Self::Generator(b)) => std::rc::Rc::ptr_eq(a, b),
            (Self::Callable(a), Self::Callable(b)) => std::rc::Rc::ptr_eq(a, b),
            (Self::Loop(a), Self::Loop(b)) => std::rc::Rc::ptr_eq(a, b),
            (a, b) => match (a.as_text(), b.as_text()) {
                (Some(a), Some(b)) => a == b,
                _ => a.number_order(b) == Some(Some(Ordering::Equal)),
            },
        }
    }

    /// How two values are ordered; `None` for a NaN. Fails where Python has no order.
    pub(super) fn order(&self, other: &Self, operator: &str) -> Result<Option<Ordering>> {
        self.defined()?;
        other.defined()?;
        match (self, other) {
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    if !a.equals(b) {
                        return a.order(b, operator);
                    }
                }
                Ok(Some(a.len().cmp(&b.len())))
            }
            (a, b) => match (a.as_text(), b.as_text()) {
                // UTF-8 is ordered as its characters are.
                (Some(a), Some(b)) => Ok(Some(a.cmp(b))),
                _ => a.number_order(b).ok_or_else(|| {
                    JinjaError::failed(format!(
                        "'{operator}' not supported between instances of '{}' and '{}'",
                        a.class(),
                        b.class()
                    ))
                }),
            },
        }
    }

    /// How two numbers are ordered, exactly; the outer `None` for what is not a number, the inner one for a NaN.
    fn number_order(&self, other: &Self) -> Option<Option<Ordering>> {
        Some(match (self.as_int(), other.as_int()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (Some(whole), None) => whole_and_float(whole, other.as_float()?),
            (None, Some(whole)) => whole_and_float(whole, self.as_float()?).map(Ordering::reverse),
            (None, None) => self.as_float()?.partial_cmp(&other.as_float()?),
        })
    }

    /// `item in self`
    pub(super) fn contains(&self, item: &Self) -> Result<bool> {
        match self {
            Self::Text(text) | Self::Markup(text) => match item.as_text() {
                Some(part) => Ok(text.contains(part)),
                None => Err(JinjaError::failed(format!(
                    "'in <string>' requires string as left operand, not {}",
                    item.class()
                ))),
            },
            Self::Dict(_) => Ok(self.key(item).is_some()),
            Self::Generator(left) => {
                // Walked up to what is found.
                let mut left = left.borrow_mut();
                while let Some(value) = left.pop_front() {
                    if value.equals(item) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            other => match other.items() {
                Some(values) => Ok(values.iter().any(|value| value.equals(item))),
                None => Err(JinjaError::failed(format!(
                    "argument of type '{}' is not iterable",
                    other.class()
                ))),
            },
        }
    }
}

fn whole_and_float(whole: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // All whole numbers lie between these.
    if float.abs() >= 2f64.powi(127) {
        return 0.0.partial_cmp(&float);
    }
    let floor = float.floor();
    let order = whole.cmp(&(floor as i128));
    Some(if order == Ordering::Equal && float > floor {
        Ordering::Less
    } else {
        order
    })
}

/// `repr` of a float.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // Both write the shortest digits that tell the number; the exponent's spelling and limits are Python's.
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `repr` of a text.
fn quoted(text: &str) -> Result<String> {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut written = quote.to_string();
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == quote => written.extend(['\\', c]),
            c if is_printable(c) => written.push(c),
            c => {
                let code = u32::from(c);
                let escaped = match code {
                    0..=0xff => write!(written, "\\x{code:02x}"),
                    0x100..=0xffff => write!(written, "\\u{code:04x}"),
                    _ => write!(written, "\\U{code:08x}"),
                };
                escaped.map_err(|_| JinjaError::failed("a text cannot be written"))?;
            }
        }
    }
    written.push(quote);
    Ok(written)
}

/// `str.isprintable` of a character.
pub(super) fn is_printable(c: char) -> bool {
    c == ' ' || !(c.is_other() || c.is_separator())
}

/// `str.isalpha` of a character: a letter, and no mark that belongs to one.
pub(super) fn is_letter(c: char) -> bool {
    c.is_letter()
}

/// `str.isalnum` of a character, which is `\w` but for the underscore.
pub(super) fn is_word(c: char) -> bool {
    c.is_letter() || c.is_number()
}

/// `str.isdecimal` of a character.
pub(super) fn is_decimal(c: char) -> bool {
    c.is_number_decimal_digit()
}
