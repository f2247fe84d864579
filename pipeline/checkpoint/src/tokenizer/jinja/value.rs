//! What a template computes with: Python's values, as far as templates have them.

use super::{
    ast::{Constant, For, Macro},
    error::JinjaError,
    run::Scope,
};
use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::Arc};

pub(super) type Result<T> = std::result::Result<T, JinjaError>;

/// A dictionary's pairs, in the order in which they were written.
pub(super) type Pairs = Vec<(Value, Value)>;

#[derive(Clone)]
pub(super) enum Value {
    /// Nothing, and what Jinja says when it is used.
    Undefined(Rc<str>),
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Rc<str>),
    /// Text that `safe` or `escape` gave: markupsafe's.
    Markup(Rc<str>),
    List(Rc<Vec<Value>>),
    Tuple(Rc<Vec<Value>>),
    Dict(Rc<Pairs>),
    /// `keys()`, `values()` or `items()` of a dictionary.
    View(&'static str, Rc<Vec<Value>>),
    /// First, end and step.
    Range(Rc<[i128; 3]>),
    /// What can be walked once.
    Generator(Rc<RefCell<VecDeque<Value>>>),
    Namespace(Rc<RefCell<Vec<(String, Value)>>>),
    Loop(Rc<Loop>),
    Callable(Rc<Callable>),
}

/// The variable `loop`.
pub(super) struct Loop {
    pub(super) items: Vec<Value>,
    pub(super) index: std::cell::Cell<usize>,
    pub(super) depth: usize,
    pub(super) changed: RefCell<Option<Vec<Value>>>,
    /// For a recursive loop: what is run again, and where.
    pub(super) again: Option<(Arc<For>, Scope)>,
}

/// What can be called.
pub(super) enum Callable {
    Macro(Arc<Macro>, Scope),
    /// A function that every template has.
    Global(&'static str),
    /// A method of a value.
    Method(Value, String),
    /// A method that the sandbox forbids.
    Unsafe(String),
}

/// The arguments of a call.
#[derive(Default)]
pub(super) struct CallArguments {
    pub(super) positional: Vec<Value>,
    pub(super) keyword: Vec<(String, Value)>,
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    pub(super) fn list(values: Vec<Self>) -> Self {
        Self::List(Rc::new(values))
    }

    pub(super) fn generator(values: Vec<Self>) -> Self {
        Self::Generator(Rc::new(RefCell::new(values.into())))
    }

    pub(super) fn undefined(name: &str) -> Self {
        Self::Undefined(format!("'{name}' is undefined").into())
    }

    pub(super) fn size(length: usize) -> Self {
        Self::Int(length as i128)
    }

    /// The value of JSON.
    pub(super) fn of_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::None,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => match number.as_i128() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(values) => {
                Self::list(values.iter().map(Self::of_json).collect())
            }
            serde_json::Value::Object(map) => Self::Dict(Rc::new(
                map.iter()
                    .map(|(key, value)| (Self::text(key), Self::of_json(value)))
                    .collect(),
            )),
        }
    }

    pub(super) fn of_constant(constant: &Constant) -> Self {
        match constant {
            Constant::None => Self::None,
            Constant::Bool(value) => Self::Bool(*value),
            Constant::Int(value) => Self::Int(*value),
            Constant::Float(value) => Self::Float(*value),
            Constant::Text(text) => Self::text(text),
        }
    }

    /// The name of the Python class.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Undefined(_) => "Undefined",
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Markup(_) => "Markup",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::View(name, _) => name,
            Self::Range(..) => "range",
            Self::Generator(_) => "generator",
            Self::Namespace(_) => "Namespace",
            Self::Loop(_) => "LoopContext",
            Self::Callable(_) => "function",
        }
    }

    /// The text of a text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Markup(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number; Python's truth values are such.
    pub(super) fn as_int(&self) -> Option<i128> {
        match self {
            Self::Bool(value) => Some(i128::from(*value)),
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            other => other.as_int().map(|value| value as f64),
        }
    }

    /// Fails with what Jinja says where something undefined is used.
    pub(super) fn defined(&self) -> Result<&Self> {
        match self {
            Self::Undefined(said) => Err(JinjaError::failed(&**said)),
            other => Ok(other),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined(_) | Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) | Self::Markup(text) => !text.is_empty(),
            Self::List(values) | Self::Tuple(values) | Self::View(_, values) => !values.is_empty(),
            Self::Dict(pairs) => !pairs.is_empty(),
            Self::Range(..) => self.length() != Some(0),
            Self::Generator(_) | Self::Namespace(_) | Self::Loop(_) | Self::Callable(_) => true,
        }
    }

    /// `len()`, `None` where Python has none.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Self::Undefined(_) => Some(0),
            Self::Text(text) | Self::Markup(text) => Some(text.chars().count()),
            Self::List(values) | Self::Tuple(values) | Self::View(_, values) => Some(values.len()),
            Self::Dict(pairs) => Some(pairs.len()),
            Self::Range(range) => {
                let [first, end, step] = &**range;
                let (from, to) = if *step > 0 {
                    (first, end)
                } else {
                    (end, first)
                };
                let span = to.saturating_sub(*from);
                let step = step.saturating_abs();
                usize::try_from((span.saturating_add(step - 1) / step).max(0)).ok()
            }
            Self::Loop(state) => Some(state.items.len()),
            _ => None,
        }
    }

    /// The items that a `for` walks, `None` for what has none. A generator is empty afterwards.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        Some(match self {
            Self::Undefined(_) => Vec::new(),
            Self::Text(text) => text.chars().map(|c| Self::text(c.to_string())).collect(),
            Self::Markup(text) => text
                .chars()
                .map(|c| Self::Markup(c.to_string().into()))
                .collect(),
            Self::List(values) | Self::Tuple(values) | Self::View(_, values) => values.to_vec(),
            Self::Dict(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
            Self::Range(range) => {
                let [first, _, step] = &**range;
                (0..self.length().unwrap_or(0))
                    .map(|number| Self::Int(first + step * number as i128))
                    .collect()
            }
            Self::Generator(left) => left.borrow_mut().drain(..).collect(),
            _ => return None,
        })
    }

    /// [`Self::items`], or Python's error.
    pub(super) fn walk(&self) -> Result<Vec<Self>> {
        self.items()
            .ok_or_else(|| JinjaError::failed(format!("'{}' object is not iterable", self.class())))
    }

    /// The value of a dictionary's key.
    pub(super) fn key(&self, key: &Self) -> Option<Self> {
        match self {
            Self::Dict(pairs) => pairs
                .iter()
                .find(|(own, _)| own.equals(key))
                .map(|(_, value)| value.clone()),
            _ => None,
        }
    }
}

/// A dictionary of pairs, of which the last of a key counts, at the place of the first.
pub(super) fn dictionary(pairs: impl IntoIterator<Item = (Value, Value)>) -> Result<Value> {
    let mut kept: Pairs = Vec::new();
    for (key, value) in pairs {
        if matches!(
            key,
            Value::List(_) | Value::Dict(_) | Value::Generator(_) | Value::Namespace(_)
        ) {
            let class = key.class();
            return Err(JinjaError::failed(format!("unhashable type: '{class}'")));
        }
        match kept.iter_mut().find(|(own, _)| own.equals(&key)) {
            Some((_, old)) => *old = value,
            None => kept.push((key, value)),
        }
    }
    Ok(Value::Dict(Rc::new(kept)))
}

impl CallArguments {
    /// The arguments of a function by its parameters' names; `None` for those that are not given.
    ///
    /// Fails as Python does for one too many, an unknown or a doubled one.
    pub(super) fn take<const N: usize>(
        self,
        function: &str,
        names: [&str; N],
    ) -> Result<[Option<Value>; N]> {
        if self.positional.len() > N {
            return Err(JinjaError::failed(format!(
                "{function} takes {N} arguments at most, and {} are given",
                self.positional.len()
            )));
        }
        let mut values = [const { None }; N];
        for (place, value) in values.iter_mut().zip(self.positional) {
            *place = Some(value);
        }
        for (name, value) in self.keyword {
            let Some(place) = names.iter().position(|own| *own == name) else {
                return Err(JinjaError::failed(format!(
                    "{function} got an unexpected keyword argument '{name}'"
                )));
            };
            if values[place].replace(value).is_some() {
                return Err(JinjaError::failed(format!(
                    "{function} got multiple values for argument '{name}'"
                )));
            }
        }
        Ok(values)
    }

    /// The same without keywords, as Python's methods take them.
    pub(super) fn only<const N: usize>(self, function: &str) -> Result<[Option<Value>; N]> {
        if !self.keyword.is_empty() {
            return Err(JinjaError::failed(format!(
                "{function}() takes no keyword arguments"
            )));
        }
        self.take(function, [""; N])
    }
}

/// An argument that has to be there.
pub(super) fn needed(value: Option<Value>, function: &str) -> Result<Value> {
    value.ok_or_else(|| JinjaError::failed(format!("{function} needs an argument more")))
}
