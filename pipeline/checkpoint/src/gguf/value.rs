//! What a key of the header says.

use std::fmt;

/// A value of a header's key.
#[derive(Clone, Debug, PartialEq)]
pub enum GgufValue {
    /// A whole number of any of the format's eight types.
    Integer(i128),
    /// A number of 32 bits.
    F32(f32),
    /// A number of 64 bits.
    F64(f64),
    /// True or false.
    Bool(bool),
    /// A text.
    Text(String),
    /// Values of one type.
    List(Vec<Self>),
}

impl GgufValue {
    /// A whole number from 0 on.
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            Self::F32(_) | Self::F64(_) | Self::Bool(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// A finite number that is not whole by its type.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Self::F32(number) => f64::from(*number),
            Self::F64(number) => *number,
            Self::Integer(_) | Self::Bool(_) | Self::Text(_) | Self::List(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    /// True or false.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Integer(_) | Self::F32(_) | Self::F64(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(_) | Self::F32(_) | Self::F64(_) | Self::Bool(_) | Self::List(_) => None,
        }
    }

    /// A list.
    pub fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            Self::Integer(_) | Self::F32(_) | Self::F64(_) | Self::Bool(_) | Self::Text(_) => None,
        }
    }
}

/// Short, for messages.
impl fmt::Display for GgufValue {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(to, "{number}"),
            Self::F32(number) => write!(to, "{number}"),
            Self::F64(number) => write!(to, "{number}"),
            Self::Bool(flag) => write!(to, "{flag}"),
            Self::Text(text) => {
                let start: String = text.chars().take(60).collect();
                let cut = if start.len() < text.len() { "…" } else { "" };
                write!(to, "\"{}{cut}\"", start.escape_debug())
            }
            Self::List(items) => write!(to, "a list of {} items", items.len()),
        }
    }
}

/// The type of a value, by its code in the file.
#[derive(Clone, Copy)]
pub(super) enum ValueType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    Text,
    Array,
    U64,
    I64,
    F64,
}

impl ValueType {
    /// The types in the order of their codes.
    const CODES: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::Bool,
        Self::Text,
        Self::Array,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    pub(super) fn of_code(code: u32) -> Option<Self> {
        Self::CODES.get(code as usize).copied()
    }

    /// The bytes that a value has at least.
    pub(super) const fn least_bytes(self) -> u64 {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::Text => 8,
            Self::Array => 12,
        }
    }
}
