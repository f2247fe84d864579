//! Expressions to values.

use super::{
    ast::{Arguments, BinaryOperator, CompareOperator, Expr},
    checks,
    error::JinjaError,
    filters, methods, ops,
    run::{Renderer, Scope},
    strings,
    value::{CallArguments, Callable, Result, Value, dictionary},
};
use std::rc::Rc;

impl Renderer<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expression: &Expr, scope: &Scope) -> Result<Value> {
        self.deeper(|run| run.value_here(expression, scope))
    }

    /// Each kind of expression has a function of its own, so that nesting takes little of the stack.
    fn value_here(&mut self, expression: &Expr, scope: &Scope) -> Result<Value> {
        match expression {
            Expr::Constant(constant) => Ok(Value::of_constant(constant)),
            Expr::Name(name) => Ok(self.lookup(name, scope)),
            Expr::List(values) => Ok(Value::list(self.values(values, scope)?)),
            Expr::Tuple(values) => Ok(Value::Tuple(Rc::new(self.values(values, scope)?))),
            Expr::Dict(pairs) => self.dict(pairs, scope),
            Expr::Conditional {
                test,
                then,
                otherwise,
            } => self.conditional(test, then, otherwise.as_deref(), scope),
            Expr::Or(left, right) => self.either(left, right, true, scope),
            Expr::And(left, right) => self.either(left, right, false, scope),
            Expr::Not(value) => Ok(Value::Bool(!self.value(value, scope)?.is_true())),
            Expr::Compare(first, others) => self.compared(first, others, scope),
            Expr::Concat(values) => self.concat(values, scope),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, scope),
            Expr::Negative(value) => ops::negative(&self.value(value, scope)?),
            Expr::Positive(value) => ops::positive(&self.value(value, scope)?),
            Expr::Attribute(value, name) => attribute(&self.value(value, scope)?, name),
            Expr::Item(value, key) => self.item(value, key, scope),
            Expr::Slice(value, bounds) => self.slice(value, bounds, scope),
            Expr::Call(function, arguments) => self.called(function, arguments, scope),
            Expr::Filter(value, name, arguments) => self.filtered(value, name, arguments, scope),
            Expr::Test(value, name, arguments) => self.tested(value, name, arguments, scope),
            Expr::BlockText => Ok(self.block_text.clone()),
        }
    }

    fn dict(&mut self, pairs: &[(Expr, Expr)], scope: &Scope) -> Result<Value> {
        let mut values = Vec::new();
        for (key, value) in pairs {
            values.push((self.value(key, scope)?, self.value(value, scope)?));
        }
        dictionary(values)
    }

    fn conditional(
        &mut self,
        test: &Expr,
        then: &Expr,
        otherwise: Option<&Expr>,
        scope: &Scope,
    ) -> Result<Value> {
        match otherwise {
            _ if self.value(test, scope)?.is_true() => self.value(then, scope),
            Some(otherwise) => self.value(otherwise, scope),
            None => Ok(Value::Undefined(
                "the inline if-expression evaluated to false and no else section was defined"
                    .into(),
            )),
        }
    }

    /// `left or right` where `decides` is true, else `left and right`.
    fn either(&mut self, left: &Expr, right: &Expr, decides: bool, scope: &Scope) -> Result<Value> {
        let left = self.value(left, scope)?;
        if left.is_true() == decides {
            return Ok(left);
        }
        self.value(right, scope)
    }

    fn concat(&mut self, values: &[Expr], scope: &Scope) -> Result<Value> {
        let mut text = String::new();
        for value in values {
            text.push_str(&self.value(value, scope)?.string()?);
        }
        Ok(Value::text(text))
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &Expr,
        right: &Expr,
        scope: &Scope,
    ) -> Result<Value> {
        let left = self.value(left, scope)?;
        let right = self.value(right, scope)?;
        ops::binary(operator, &left, &right)
    }

    fn item(&mut self, value: &Expr, key: &Expr, scope: &Scope) -> Result<Value> {
        let value = self.value(value, scope)?;
        item(&value, &self.value(key, scope)?)
    }

    fn slice(
        &mut self,
        value: &Expr,
        bounds: &[Option<Box<Expr>>; 3],
        scope: &Scope,
    ) -> Result<Value> {
        let value = self.value(value, scope)?;
        let mut found = [const { None }; 3];
        for (place, bound) in found.iter_mut().zip(bounds) {
            if let Some(bound) = bound {
                *place = Some(self.value(bound, scope)?);
            }
        }
        ops::slice(&value, found)
    }

    fn called(&mut self, function: &Expr, arguments: &Arguments, scope: &Scope) -> Result<Value> {
        let function = self.value(function, scope)?;
        let given = self.given(arguments, scope)?;
        self.call(&function, given)
    }

    fn filtered(
        &mut self,
        value: &Expr,
        name: &str,
        arguments: &Arguments,
        scope: &Scope,
    ) -> Result<Value> {
        let value = self.value(value, scope)?;
        let given = self.given(arguments, scope)?;
        filters::apply(name, value, given)
    }

    fn tested(
        &mut self,
        value: &Expr,
        name: &str,
        arguments: &Arguments,
        scope: &Scope,
    ) -> Result<Value> {
        let value = self.value(value, scope)?;
        let given = self.given(arguments, scope)?;
        Ok(Value::Bool(checks::holds(name, &value, given)?))
    }

    fn values(&mut self, expressions: &[Expr], scope: &Scope) -> Result<Vec<Value>> {
        expressions
            .iter()
            .map(|expression| self.value(expression, scope))
            .collect()
    }

    fn compared(
        &mut self,
        first: &Expr,
        others: &[(CompareOperator, Expr)],
        scope: &Scope,
    ) -> Result<Value> {
        let mut left = self.value(first, scope)?;
        for (comparison, right) in others {
            let right = self.value(right, scope)?;
            if !ops::compare(*comparison, &left, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    pub(super) fn given(&mut self, arguments: &Arguments, scope: &Scope) -> Result<CallArguments> {
        let mut given = CallArguments {
            positional: self.values(&arguments.positional, scope)?,
            keyword: Vec::new(),
        };
        for (name, value) in &arguments.keyword {
            given
                .keyword
                .push((name.clone(), self.value(value, scope)?));
        }
        if let Some(values) = &arguments.spread {
            given.positional.extend(self.value(values, scope)?.walk()?);
        }
        if let Some(values) = &arguments.spread_keywords {
            let Value::Dict(pairs) = self.value(values, scope)? else {
                return Err(JinjaError::failed("argument after ** must be a mapping"));
            };
            for (key, value) in pairs.iter() {
                given.keyword.push((key.string()?, value.clone()));
            }
        }
        Ok(given)
    }

    /// Calls a function, macro or method.
    pub(super) fn call(&mut self, function: &Value, given: CallArguments) -> Result<Value> {
        match function.defined()? {
            Value::Callable(callable) => match &**callable {
                Callable::Macro(found, scope) => self.call_macro(found, scope, given),
                Callable::Global(name) => self.call_global(name, given),
                Callable::Method(of, name) => match of {
                    Value::Text(text) => strings::call(text, name, given),
                    Value::Markup(_) => Err(JinjaError::unsupported(format!(
                        "the method `{name}` of a text marked safe"
                    ))),
                    other => methods::call(other, name, given),
                },
                Callable::Unsafe(what) => Err(JinjaError::failed(format!("{what} is unsafe"))),
            },
            Value::Loop(state) => self.call_loop(state, given),
            other => Err(JinjaError::failed(format!(
                "'{}' object is not callable",
                other.class()
            ))),
        }
    }
}

/// `value.name`: an attribute, else an item.
pub(super) fn attribute(value: &Value, name: &str) -> Result<Value> {
    let found = own_attribute(value, name)?;
    if let Some(found) = found {
        return Ok(found);
    }
    if let Some(found) = value.key(&Value::text(name)) {
        return Ok(found);
    }
    Ok(missing(value, name))
}

/// `value[key]`: an item, else an attribute.
pub(super) fn item(value: &Value, key: &Value) -> Result<Value> {
    value.defined()?;
    if let Value::Dict(_) = value
        && let Some(found) = value.key(key)
    {
        return Ok(found);
    }
    if let Some(place) = key.as_int() {
        let at = |length: usize| {
            let place = if place < 0 {
                place.checked_add(length as i128)?
            } else {
                place
            };
            usize::try_from(place).ok().filter(|place| *place < length)
        };
        let found = match value {
            Value::Text(text) => {
                let place = at(text.chars().count());
                place.and_then(|place| Some(Value::text(text.chars().nth(place)?.to_string())))
            }
            Value::List(values) | Value::Tuple(values) => {
                at(values.len()).map(|place| values[place].clone())
            }
            Value::Range(..) => {
                let values = value.items().unwrap_or_default();
                at(values.len()).map(|place| values[place].clone())
            }
            Value::Markup(_) => {
                return Err(JinjaError::unsupported("a letter of a text marked safe"));
            }
            _ => None,
        };
        return Ok(found.unwrap_or_else(|| {
            let class = value.class();
            Value::Undefined(format!("{class} object has no element {place}").into())
        }));
    }
    match key {
        Value::Text(name) => match own_attribute(value, name)? {
            Some(found) => Ok(found),
            None => Ok(missing(value, name)),
        },
        other => {
            let (class, key) = (value.class(), other.repr()?);
            Ok(Value::Undefined(
                format!("{class} object has no element {key}").into(),
            ))
        }
    }
}

fn missing(value: &Value, name: &str) -> Value {
    let class = value.class();
    Value::Undefined(match value {
        Value::None => format!("None has no element '{name}'").into(),
        _ => format!("'{class} object' has no attribute '{name}'").into(),
    })
}

/// What Python's `getattr` finds.
pub(super) fn own_attribute(value: &Value, name: &str) -> Result<Option<Value>> {
    if name.starts_with("__") {
        // Some are there, all are forbidden.
        return match value.key(&Value::text(name)) {
            Some(_) => Ok(None),
            None => Err(JinjaError::unsupported(format!("the attribute `{name}`"))),
        };
    }
    let method = |names: &[&str]| {
        names
            .contains(&name)
            .then(|| Value::Callable(Rc::new(Callable::Method(value.clone(), name.to_owned()))))
    };
    let unsafe_method = |names: &[&str]| {
        names.contains(&name).then(|| {
            let what = format!("access to attribute '{name}' of '{}' object", value.class());
            Value::Callable(Rc::new(Callable::Unsafe(what)))
        })
    };
    Ok(match value.defined()? {
        Value::Text(_) | Value::Markup(_) => method(&strings::METHODS),
        Value::Dict(_) => method(&methods::DICT).or_else(|| unsafe_method(&methods::DICT_UNSAFE)),
        Value::List(_) => method(&methods::LIST).or_else(|| unsafe_method(&methods::LIST_UNSAFE)),
        Value::Tuple(_) => method(&methods::TUPLE),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
            if methods::NUMBER.contains(&name) {
                return Err(JinjaError::unsupported(format!(
                    "the attribute `{name}` of a number"
                )));
            }
            None
        }
        Value::Namespace(values) => {
            let values = values.borrow();
            values
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value.clone())
        }
        Value::Loop(state) => methods::loop_attribute(value, state, name),
        Value::Callable(callable) => match &**callable {
            Callable::Macro(found, _) => methods::macro_attribute(found, name),
            // It would hold blocks only, and blocks are not supported.
            Callable::Global("self") => None,
            Callable::Global(_) | Callable::Method(..) | Callable::Unsafe(_) => {
                return Err(JinjaError::unsupported(format!(
                    "the attribute `{name}` of a function"
                )));
            }
        },
        _ => None,
    })
}
