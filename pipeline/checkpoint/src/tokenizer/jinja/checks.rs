//! Jinja2's tests: what may stand after `is`.

use super::{
    ast::CompareOperator,
    error::JinjaError,
    filters, ops,
    value::{CallArguments, Result, Value, needed},
};

/// The names of all tests.
const NAMES: [&str; 39] = [
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Whether `value is name(given)`.
pub(super) fn holds(name: &str, value: &Value, given: CallArguments) -> Result<bool> {
    if !NAMES.contains(&name) {
        return Err(JinjaError::failed(format!("No test named '{name}'.")));
    }
    let comparison = match name {
        "eq" | "equalto" | "==" => Some(CompareOperator::Equal),
        "ne" | "!=" => Some(CompareOperator::Unequal),
        "lt" | "lessthan" | "<" => Some(CompareOperator::Less),
        "le" | "<=" => Some(CompareOperator::LessOrEqual),
        "gt" | "greaterthan" | ">" => Some(CompareOperator::Greater),
        "ge" | ">=" => Some(CompareOperator::GreaterOrEqual),
        "in" => Some(CompareOperator::In),
        _ => None,
    };
    if let Some(comparison) = comparison {
        let [other] = given.take(name, ["other"])?;
        return ops::compare(comparison, value, &needed(other, name)?);
    }
    if ["divisibleby", "sameas"].contains(&name) {
        let [other] = given.take(name, [if name == "sameas" { "other" } else { "num" }])?;
        let other = needed(other, name)?;
        return if name == "sameas" {
            same(value, &other)
        } else {
            let rest = ops::binary(super::ast::BinaryOperator::Remainder, value, &other)?;
            Ok(rest.equals(&Value::Int(0)))
        };
    }
    given.take::<0>(name, [])?;
    let odd = || -> Result<bool> {
        let rest = ops::binary(super::ast::BinaryOperator::Remainder, value, &Value::Int(2))?;
        Ok(rest.equals(&Value::Int(1)))
    };
    Ok(match name {
        "defined" => !matches!(value, Value::Undefined(_)),
        "undefined" => matches!(value, Value::Undefined(_)),
        "none" => matches!(value, Value::None),
        "boolean" => matches!(value, Value::Bool(_)),
        "true" => matches!(value, Value::Bool(true)),
        "false" => matches!(value, Value::Bool(false)),
        "integer" => matches!(value, Value::Int(_)),
        "float" => matches!(value, Value::Float(_)),
        "number" => value.as_float().is_some(),
        "string" => value.as_text().is_some(),
        "mapping" => matches!(value, Value::Dict(_)),
        // Whatever has a length and items; something undefined pretends to.
        "sequence" => matches!(
            value,
            Value::Undefined(_)
                | Value::Text(_)
                | Value::Markup(_)
                | Value::List(_)
                | Value::Tuple(_)
                | Value::Dict(_)
                | Value::Range(..)
        ),
        "iterable" => matches!(
            value,
            Value::Undefined(_)
                | Value::Text(_)
                | Value::Markup(_)
                | Value::List(_)
                | Value::Tuple(_)
                | Value::Dict(_)
                | Value::View(..)
                | Value::Range(..)
                | Value::Generator(_)
                | Value::Loop(_)
        ),
        "callable" => matches!(
            value,
            Value::Callable(_) | Value::Undefined(_) | Value::Loop(_)
        ),
        "escaped" => matches!(value, Value::Markup(_)),
        "odd" => odd()?,
        "even" => {
            let rest = ops::binary(super::ast::BinaryOperator::Remainder, value, &Value::Int(2))?;
            rest.equals(&Value::Int(0))
        }
        "lower" | "upper" => {
            let text = value.string()?;
            let has_case = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
            let other = if name == "lower" {
                text.chars().any(char::is_uppercase)
            } else {
                text.chars().any(char::is_lowercase)
            };
            has_case && !other
        }
        "filter" => value
            .as_text()
            .is_some_and(|name| filters::NAMES.contains(&name)),
        _ => value.as_text().is_some_and(|name| NAMES.contains(&name)),
    })
}

/// `a is b` of Python, where that does not depend on how Python keeps its values.
fn same(value: &Value, other: &Value) -> Result<bool> {
    match (value, other) {
        (Value::None, Value::None) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::None | Value::Bool(_), _) | (_, Value::None | Value::Bool(_)) => Ok(false),
        _ => Err(JinjaError::unsupported(
            "the test `sameas` of anything but none, true and false",
        )),
    }
}
