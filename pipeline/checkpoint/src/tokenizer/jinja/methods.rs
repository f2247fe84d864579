//! The methods of lists and dictionaries, and the attributes of `loop` and of macros.

use super::{
    ast::Macro,
    error::JinjaError,
    value::{CallArguments, Callable, Loop, Result, Value, needed},
};
use std::rc::Rc;

pub(super) const DICT: [&str; 6] = ["get", "items", "keys", "values", "copy", "fromkeys"];
pub(super) const DICT_UNSAFE: [&str; 5] = ["clear", "pop", "popitem", "setdefault", "update"];
pub(super) const LIST: [&str; 3] = ["count", "index", "copy"];
pub(super) const LIST_UNSAFE: [&str; 8] = [
    "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove",
];
pub(super) const TUPLE: [&str; 2] = ["count", "index"];
pub(super) const NUMBER: [&str; 12] = [
    "real",
    "imag",
    "numerator",
    "denominator",
    "conjugate",
    "bit_length",
    "bit_count",
    "to_bytes",
    "from_bytes",
    "as_integer_ratio",
    "is_integer",
    "hex",
];

/// Calls a method of a value that is not text.
pub(super) fn call(of: &Value, name: &str, given: CallArguments) -> Result<Value> {
    match (of, name) {
        (Value::Dict(_), "get") => {
            let [key, default] = given.only("get")?;
            let key = needed(key, "get")?;
            Ok(of.key(&key).or(default).unwrap_or(Value::None))
        }
        (Value::Dict(pairs), "items" | "keys" | "values" | "copy") => {
            given.only::<0>(name)?;
            let pairs = pairs.iter();
            Ok(match name {
                "items" => Value::View(
                    "dict_items",
                    Rc::new(
                        pairs
                            .map(|(key, value)| {
                                Value::Tuple(Rc::new(vec![key.clone(), value.clone()]))
                            })
                            .collect(),
                    ),
                ),
                "keys" => Value::View(
                    "dict_keys",
                    Rc::new(pairs.map(|(key, _)| key.clone()).collect()),
                ),
                "values" => Value::View(
                    "dict_values",
                    Rc::new(pairs.map(|(_, value)| value.clone()).collect()),
                ),
                _ => of.clone(),
            })
        }
        (Value::List(_), "copy") => {
            given.only::<0>(name)?;
            Ok(of.clone())
        }
        (Value::List(values) | Value::Tuple(values), "count") => {
            let [wanted] = given.only("count")?;
            let wanted = needed(wanted, "count")?;
            let count = values.iter().filter(|value| value.equals(&wanted)).count();
            Ok(Value::size(count))
        }
        (Value::List(values) | Value::Tuple(values), "index") => {
            let [wanted] = given.only("index")?;
            let wanted = needed(wanted, "index")?;
            let place = values.iter().position(|value| value.equals(&wanted));
            place.map(Value::size).ok_or_else(|| {
                JinjaError::failed(format!("the value is not in the {}", of.class()))
            })
        }
        (Value::Loop(state), "cycle") => {
            if given.positional.is_empty() {
                return Err(JinjaError::failed("no items for cycling given"));
            }
            let place = state.index.get() % given.positional.len();
            Ok(given.positional[place].clone())
        }
        (Value::Loop(state), "changed") => {
            let mut before = state.changed.borrow_mut();
            let same = before.as_ref().is_some_and(|before| {
                before.len() == given.positional.len()
                    && before
                        .iter()
                        .zip(&given.positional)
                        .all(|(a, b)| a.equals(b))
            });
            *before = Some(given.positional);
            Ok(Value::Bool(!same))
        }
        _ => Err(JinjaError::unsupported(format!(
            "the method `{name}` of a {}",
            of.class()
        ))),
    }
}

/// `loop.name`
pub(super) fn loop_attribute(of: &Value, state: &Loop, name: &str) -> Option<Value> {
    let index = state.index.get();
    let length = state.items.len();
    let neighbour = |place: Option<usize>, what: &str| {
        let found = place.and_then(|place| state.items.get(place)).cloned();
        found.unwrap_or_else(|| Value::Undefined(format!("there is no {what} item").into()))
    };
    Some(match name {
        "index" => Value::size(index + 1),
        "index0" => Value::size(index),
        "revindex" => Value::size(length - index),
        "revindex0" => Value::size(length - index - 1),
        "first" => Value::Bool(index == 0),
        "last" => Value::Bool(index + 1 == length),
        "length" => Value::size(length),
        "depth" => Value::size(state.depth + 1),
        "depth0" => Value::size(state.depth),
        "previtem" => neighbour(index.checked_sub(1), "previous"),
        "nextitem" => neighbour(Some(index + 1), "next"),
        "cycle" | "changed" => {
            Value::Callable(Rc::new(Callable::Method(of.clone(), name.to_owned())))
        }
        _ => return None,
    })
}

/// `macro.name`
pub(super) fn macro_attribute(found: &Macro, name: &str) -> Option<Value> {
    Some(match name {
        "name" => Value::text(&found.name),
        "arguments" => Value::Tuple(Rc::new(found.arguments.iter().map(Value::text).collect())),
        "catch_varargs" => Value::Bool(found.reads_varargs),
        "catch_kwargs" => Value::Bool(found.reads_kwargs),
        "caller" => Value::Bool(found.reads_caller),
        _ => return None,
    })
}
