//! Calls of macros, of recursive loops and of the functions that every template has.

use super::{
    ast::{Expr, Macro},
    error::JinjaError,
    run::{Renderer, Scope, private},
    value::{CallArguments, Callable, Loop, Result, Value, dictionary, needed},
};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// The most items that Jinja2's sandbox lets a range have.
const MAX_RANGE: usize = 100_000;

impl Renderer<'_> {
    /// `loop(items)` of a recursive loop.
    pub(super) fn call_loop(&mut self, state: &Loop, given: CallArguments) -> Result<Value> {
        let Some((found, scope)) = &state.again else {
            return Err(JinjaError::failed(
                "The loop must have the 'recursive' marker to be called recursively.",
            ));
        };
        let [over] = given.take("loop", ["iterable"])?;
        let mut text = String::new();
        let over = needed(over, "loop")?;
        self.deeper(|run| run.for_(found, over, scope, state.depth + 1, &mut text))
            .map_err(|error| error.at(found.line))?;
        Ok(Value::text(text))
    }

    pub(super) fn call_block(
        &mut self,
        call: &Expr,
        caller: &Arc<Macro>,
        scope: &Scope,
    ) -> Result<Value> {
        let Expr::Call(function, arguments) = call else {
            return Err(JinjaError::failed("expected call"));
        };
        let function = self.value(function, scope)?;
        let mut given = self.given(arguments, scope)?;
        let callable = Callable::Macro(Arc::clone(caller), scope.clone());
        given
            .keyword
            .push(("caller".to_owned(), Value::Callable(Rc::new(callable))));
        self.call(&function, given)
    }

    pub(super) fn call_macro(
        &mut self,
        found: &Macro,
        scope: &Scope,
        mut given: CallArguments,
    ) -> Result<Value> {
        let inner = Scope::new(Some(scope));
        let count = found.arguments.len();
        let further = given
            .positional
            .split_off(count.min(given.positional.len()));
        if found.reads_varargs {
            inner.set("varargs", Value::Tuple(Rc::new(further)));
        } else if !further.is_empty() {
            return Err(JinjaError::failed(format!(
                "macro '{}' takes not more than {count} argument(s)",
                found.name
            )));
        }
        let mut values: Vec<Option<Value>> = given.positional.into_iter().map(Some).collect();
        values.resize(count, None);
        let mut unknown = Vec::new();
        for (name, value) in given.keyword {
            match found.arguments.iter().position(|own| *own == name) {
                Some(place) if values[place].is_none() => values[place] = Some(value),
                Some(_) => {
                    return Err(JinjaError::failed(format!(
                        "macro '{}' got multiple values for argument '{name}'",
                        found.name
                    )));
                }
                None => unknown.push((name, value)),
            }
        }
        if found.reads_caller && !found.arguments.iter().any(|own| own == "caller") {
            let caller = unknown.iter().position(|(name, _)| name == "caller");
            let caller = match caller {
                Some(place) => unknown.remove(place).1,
                None => Value::Undefined("No caller defined".into()),
            };
            inner.set("caller", caller);
        }
        if found.reads_kwargs {
            let pairs = unknown
                .into_iter()
                .map(|(name, value)| (Value::text(name), value));
            inner.set("kwargs", dictionary(pairs)?);
        } else if let Some((name, _)) = unknown.first() {
            return Err(JinjaError::failed(format!(
                "macro '{}' takes no keyword argument '{name}'",
                found.name
            )));
        }
        let without_default = count - found.defaults.len();
        for (place, name) in found.arguments.iter().enumerate() {
            let value = match (values[place].take(), place.checked_sub(without_default)) {
                (Some(value), _) => value,
                (None, Some(place)) => self.value(&found.defaults[place], &inner)?,
                (None, None) => {
                    Value::Undefined(format!("parameter '{name}' was not provided").into())
                }
            };
            inner.set(name, value);
        }
        let mut text = String::new();
        self.statements(&found.body, &inner, &mut text)?;
        Ok(Value::text(text))
    }

    /// A function that every template has.
    pub(super) fn call_global(&mut self, name: &str, given: CallArguments) -> Result<Value> {
        match name {
            "raise_exception" => {
                let [message] = given.take(name, ["message"])?;
                Err(JinjaError::raised(needed(message, name)?.string()?))
            }
            "strftime_now" => {
                let [format] = given.take(name, ["format"])?;
                let format = needed(format, name)?.string()?;
                (self.clock)(&format)
                    .map(Value::text)
                    .map_err(JinjaError::unsupported)
            }
            "range" => range(given),
            "namespace" | "dict" => {
                let mut pairs = Vec::new();
                for value in given.positional {
                    match &value {
                        Value::Dict(own) => pairs.extend(own.iter().cloned()),
                        other => {
                            for pair in other.walk()? {
                                let [key, value]: [Value; 2] =
                                    pair.walk()?.try_into().map_err(|_| {
                                        JinjaError::failed("an element is not a pair of values")
                                    })?;
                                pairs.push((key, value));
                            }
                        }
                    }
                }
                pairs.extend(
                    given
                        .keyword
                        .into_iter()
                        .map(|(name, value)| (Value::text(name), value)),
                );
                let made = dictionary(pairs)?;
                let (Value::Dict(pairs), "namespace") = (&made, name) else {
                    return Ok(made);
                };
                let mut named = Vec::new();
                for (key, value) in pairs.iter() {
                    let key = key.string()?;
                    private(&key)?;
                    named.push((key, value.clone()));
                }
                Ok(Value::Namespace(Rc::new(RefCell::new(named))))
            }
            other => Err(JinjaError::unsupported(format!("the function `{other}`"))),
        }
    }
}

fn range(given: CallArguments) -> Result<Value> {
    let count = given.positional.len();
    let bounds: [Option<Value>; 3] = given.only("range")?;
    let mut numbers = Vec::new();
    for bound in bounds.into_iter().flatten() {
        let class = bound.class();
        let number = bound.defined()?.as_int().ok_or_else(|| {
            JinjaError::failed(format!(
                "'{class}' object cannot be interpreted as an integer"
            ))
        })?;
        numbers.push(number);
    }
    let range = match (count, numbers.as_slice()) {
        (1, [end]) => Value::Range(Rc::new([0, *end, 1])),
        (2, [first, end]) => Value::Range(Rc::new([*first, *end, 1])),
        (_, [_, _, 0]) => return Err(JinjaError::failed("range() arg 3 must not be zero")),
        (_, [first, end, step]) => Value::Range(Rc::new([*first, *end, *step])),
        _ => {
            return Err(JinjaError::failed(
                "range expected at least 1 argument, got 0",
            ));
        }
    };
    if range.length().is_none_or(|length| length > MAX_RANGE) {
        return Err(JinjaError::failed(format!(
            "Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MAX_RANGE})."
        )));
    }
    Ok(range)
}
