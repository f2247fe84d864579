//! Python's operators.

use super::{
    ast::{BinaryOperator, CompareOperator},
    error::JinjaError,
    printf,
    value::{Result, Value},
};
use std::{cmp::Ordering, rc::Rc};

/// The most that a text or list may become: a template that asks for more is mistaken or means harm.
const MOST: usize = 10_000_000;

pub(super) fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value> {
    left.defined()?;
    // `'%s' % undefined` prints nothing.
    if operator != BinaryOperator::Remainder || left.as_text().is_none() {
        right.defined()?;
    }
    let found = match operator {
        BinaryOperator::Add => add(left, right)?,
        BinaryOperator::Multiply => multiply(left, right)?,
        BinaryOperator::Remainder => match left {
            Value::Text(format) => Some(Value::text(printf::format(format, right)?)),
            Value::Markup(_) => return Err(JinjaError::unsupported("`%` of a text marked safe")),
            _ => number(operator, left, right)?,
        },
        BinaryOperator::Subtract
        | BinaryOperator::Divide
        | BinaryOperator::FloorDivide
        | BinaryOperator::Power => number(operator, left, right)?,
    };
    found.ok_or_else(|| {
        let sign = match operator {
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::FloorDivide => "//",
            BinaryOperator::Remainder => "%",
            BinaryOperator::Power => "** or pow()",
        };
        let (left, right) = (left.class(), right.class());
        JinjaError::failed(match (operator, left) {
            (BinaryOperator::Add, "str" | "list" | "tuple") => {
                format!("can only concatenate {left} (not \"{right}\") to {left}")
            }
            _ => format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'"),
        })
    })
}

fn add(left: &Value, right: &Value) -> Result<Option<Value>> {
    let joined = |a: &Rc<Vec<Value>>, b: &Rc<Vec<Value>>| Rc::new([a.as_slice(), b].concat());
    Ok(Some(match (left, right) {
        (Value::Text(a), Value::Text(b)) => Value::text([&**a, b].concat()),
        (Value::List(a), Value::List(b)) => Value::List(joined(a, b)),
        (Value::Tuple(a), Value::Tuple(b)) => Value::Tuple(joined(a, b)),
        (Value::Markup(a), Value::Markup(b)) => Value::Markup([&**a, b].concat().into()),
        (Value::Markup(a), Value::Text(b)) => Value::Markup([&**a, &*escaped(b)].concat().into()),
        (Value::Text(a), Value::Markup(b)) => Value::Markup([&*escaped(a), &**b].concat().into()),
        _ => return number(BinaryOperator::Add, left, right),
    }))
}

fn multiply(left: &Value, right: &Value) -> Result<Option<Value>> {
    let (repeated, times) = match (left.as_int(), right.as_int()) {
        (None, Some(times)) => (left, times),
        (Some(times), None) => (right, times),
        _ => return number(BinaryOperator::Multiply, left, right),
    };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    let allowed = |length: usize| {
        if length.saturating_mul(times) > MOST {
            return Err(JinjaError::failed("a repetition is too long"));
        }
        Ok(())
    };
    Ok(Some(match repeated {
        Value::Text(text) => {
            allowed(text.len())?;
            Value::text(text.repeat(times))
        }
        Value::Markup(text) => {
            allowed(text.len())?;
            Value::Markup(text.repeat(times).into())
        }
        Value::List(values) => {
            allowed(values.len())?;
            Value::list(repeated_values(values, times))
        }
        Value::Tuple(values) => {
            allowed(values.len())?;
            Value::Tuple(Rc::new(repeated_values(values, times)))
        }
        _ => return number(BinaryOperator::Multiply, left, right),
    }))
}

fn repeated_values(values: &[Value], times: usize) -> Vec<Value> {
    (0..times).flat_map(|_| values.iter().cloned()).collect()
}

/// Arithmetic; `None` where one of them is not a number.
fn number(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Option<Value>> {
    if let (Some(a), Some(b)) = (left.as_int(), right.as_int()) {
        return whole(operator, a, b).map(Some);
    }
    let (Some(a), Some(b)) = (left.as_float(), right.as_float()) else {
        return Ok(None);
    };
    let divides = matches!(
        operator,
        BinaryOperator::Divide | BinaryOperator::FloorDivide | BinaryOperator::Remainder
    );
    if divides && b == 0.0 {
        return Err(JinjaError::failed("float division by zero"));
    }
    let remainder = || {
        let rest = a % b;
        if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
            rest + b
        } else if rest == 0.0 {
            0.0f64.copysign(b)
        } else {
            rest
        }
    };
    Ok(Some(Value::Float(match operator {
        BinaryOperator::Add => a + b,
        BinaryOperator::Subtract => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide => a / b,
        BinaryOperator::FloorDivide => {
            let quotient = (a - remainder()) / b;
            let floor = quotient.floor();
            if quotient - floor > 0.5 {
                floor + 1.0
            } else {
                floor
            }
        }
        BinaryOperator::Remainder => remainder(),
        BinaryOperator::Power if a < 0.0 && b.fract() != 0.0 => {
            return Err(JinjaError::unsupported("a complex number"));
        }
        BinaryOperator::Power if a == 0.0 && b < 0.0 => {
            return Err(JinjaError::failed(
                "0.0 cannot be raised to a negative power",
            ));
        }
        BinaryOperator::Power => a.powf(b),
    })))
}

fn whole(operator: BinaryOperator, a: i128, b: i128) -> Result<Value> {
    let divides = matches!(
        operator,
        BinaryOperator::Divide | BinaryOperator::FloorDivide | BinaryOperator::Remainder
    );
    if divides && b == 0 {
        return Err(JinjaError::failed("division by zero"));
    }
    let value = match operator {
        BinaryOperator::Add => a.checked_add(b),
        BinaryOperator::Subtract => a.checked_sub(b),
        BinaryOperator::Multiply => a.checked_mul(b),
        BinaryOperator::Divide => {
            // Beyond, Python rounds the exact quotient.
            let is_exact = |number: i128| number.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
            if !is_exact(a) || !is_exact(b) {
                return Err(JinjaError::unsupported(
                    "a division of numbers of more than 53 bits",
                ));
            }
            return Ok(Value::Float(a as f64 / b as f64));
        }
        BinaryOperator::FloorDivide => a.checked_div(b).map(|quotient| {
            if a % b != 0 && (a < 0) != (b < 0) {
                quotient - 1
            } else {
                quotient
            }
        }),
        BinaryOperator::Remainder => a.checked_rem(b).map(|rest| {
            if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            }
        }),
        BinaryOperator::Power if b < 0 => {
            return match number(operator, &Value::Float(a as f64), &Value::Float(b as f64))? {
                Some(value) => Ok(value),
                None => Err(JinjaError::failed("a power of no number")),
            };
        }
        BinaryOperator::Power => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
    };
    value
        .map(Value::Int)
        .ok_or_else(|| JinjaError::unsupported("a number of more than 127 bits"))
}

pub(super) fn negative(value: &Value) -> Result<Value> {
    match value.defined()? {
        Value::Float(number) => Ok(Value::Float(-number)),
        other => match other.as_int().and_then(i128::checked_neg) {
            Some(number) => Ok(Value::Int(number)),
            None => Err(JinjaError::failed(format!(
                "bad operand type for unary -: '{}'",
                other.class()
            ))),
        },
    }
}

pub(super) fn positive(value: &Value) -> Result<Value> {
    match value.defined()? {
        Value::Float(number) => Ok(Value::Float(*number)),
        other => match other.as_int() {
            Some(number) => Ok(Value::Int(number)),
            None => Err(JinjaError::failed(format!(
                "bad operand type for unary +: '{}'",
                other.class()
            ))),
        },
    }
}

pub(super) fn compare(comparison: CompareOperator, left: &Value, right: &Value) -> Result<bool> {
    let ordered = |sign: &str, wanted: &[Ordering]| {
        Ok(left
            .order(right, sign)?
            .is_some_and(|order| wanted.contains(&order)))
    };
    match comparison {
        CompareOperator::Equal => Ok(left.equals(right)),
        CompareOperator::Unequal => Ok(!left.equals(right)),
        CompareOperator::Less => ordered("<", &[Ordering::Less]),
        CompareOperator::LessOrEqual => ordered("<=", &[Ordering::Less, Ordering::Equal]),
        CompareOperator::Greater => ordered(">", &[Ordering::Greater]),
        CompareOperator::GreaterOrEqual => ordered(">=", &[Ordering::Greater, Ordering::Equal]),
        CompareOperator::In => right.contains(left),
        CompareOperator::NotIn => Ok(!right.contains(left)?),
    }
}

/// `value[first:end:step]`
pub(super) fn slice(value: &Value, bounds: [Option<Value>; 3]) -> Result<Value> {
    let mut numbers = [None; 3];
    for (number, bound) in numbers.iter_mut().zip(&bounds) {
        *number = match bound {
            None | Some(Value::None) => None,
            Some(bound) => match bound.defined()?.as_int() {
                Some(whole) => Some(whole),
                // Python raises a TypeError, which Jinja turns into nothing.
                None => return Ok(Value::Undefined("a slice of no number".into())),
            },
        };
    }
    let picked = |length: usize| places(length, numbers);
    let choose = |values: &[Value]| -> Result<Vec<Value>> {
        Ok(picked(values.len())?
            .into_iter()
            .map(|place| values[place].clone())
            .collect())
    };
    let of_text = |text: &str| -> Result<String> {
        let chars: Vec<char> = text.chars().collect();
        Ok(picked(chars.len())?
            .into_iter()
            .map(|place| chars[place])
            .collect())
    };
    Ok(match value.defined()? {
        Value::Text(text) => Value::text(of_text(text)?),
        Value::Markup(text) => Value::Markup(of_text(text)?.into()),
        Value::List(values) => Value::list(choose(values)?),
        Value::Tuple(values) => Value::Tuple(Rc::new(choose(values)?)),
        Value::Range(..) => return Err(JinjaError::unsupported("a slice of a range")),
        other => {
            let class = other.class();
            Value::Undefined(format!("{class} object cannot be sliced").into())
        }
    })
}

/// The places that a slice picks of so many.
fn places(length: usize, [first, end, step]: [Option<i128>; 3]) -> Result<Vec<usize>> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(JinjaError::failed("slice step cannot be zero"));
    }
    let length = length as i128;
    let (lowest, highest) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let place = |bound: Option<i128>, default: i128| match bound {
        None => default,
        Some(bound) if bound < 0 => (bound + length).max(lowest),
        Some(bound) => bound.min(highest),
    };
    let (from, to) = if step > 0 {
        (place(first, lowest), place(end, highest))
    } else {
        (place(first, highest), place(end, lowest))
    };
    let mut picked = Vec::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        picked.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    Ok(picked)
}

/// markupsafe's `escape`.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('>', "&gt;")
        .replace('<', "&lt;")
        .replace('\'', "&#39;")
        .replace('"', "&#34;")
}
