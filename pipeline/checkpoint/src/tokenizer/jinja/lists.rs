//! Filters of lists and dictionaries.

use super::{
    checks,
    error::JinjaError,
    evaluate::item,
    filters, ops,
    value::{CallArguments, Result, Value, needed},
};
use std::{cmp::Ordering, rc::Rc};

/// `value | name(given)` for the filters that are not of texts and numbers.
pub(super) fn apply(name: &str, value: &Value, given: CallArguments) -> Result<Value> {
    match name {
        "length" | "count" => {
            given.take::<0>(name, [])?;
            value.length().map(Value::size).ok_or_else(|| {
                JinjaError::failed(format!("object of type '{}' has no len()", value.class()))
            })
        }
        "list" => {
            given.take::<0>(name, [])?;
            Ok(Value::list(value.walk()?))
        }
        "first" => {
            given.take::<0>(name, [])?;
            let first = value.walk()?.into_iter().next();
            Ok(first.unwrap_or_else(|| empty("No first item, sequence was empty.")))
        }
        "last" => {
            given.take::<0>(name, [])?;
            let last = reversible(value)?.pop();
            Ok(last.unwrap_or_else(|| empty("No last item, sequence was empty.")))
        }
        "reverse" => {
            given.take::<0>(name, [])?;
            if let Value::Text(text) = value {
                return Ok(Value::text(text.chars().rev().collect::<String>()));
            }
            let mut values = value.walk()?;
            values.reverse();
            Ok(Value::generator(values))
        }
        "join" => join(value, given),
        "items" => {
            given.take::<0>(name, [])?;
            match value {
                Value::Undefined(_) => Ok(Value::generator(Vec::new())),
                Value::Dict(pairs) => Ok(Value::generator(
                    pairs.iter().map(|(key, value)| pair(key, value)).collect(),
                )),
                _ => Err(JinjaError::failed(
                    "Can only get item pairs from a mapping.",
                )),
            }
        }
        "map" => map(value, given),
        "select" | "reject" | "selectattr" | "rejectattr" => select(name, value, given),
        "sort" => sort(value, given),
        "dictsort" => dictsort(value, given),
        "unique" => unique(value, given),
        "min" | "max" => extreme(name, value, given),
        "sum" => sum(value, given),
        "batch" | "slice" => cut(name, value, given),
        other => Err(JinjaError::unsupported(format!("the filter `{other}`"))),
    }
}

fn empty(said: &str) -> Value {
    Value::Undefined(said.into())
}

fn pair(key: &Value, value: &Value) -> Value {
    Value::Tuple(Rc::new(vec![key.clone(), value.clone()]))
}

fn reversible(value: &Value) -> Result<Vec<Value>> {
    if matches!(value, Value::Generator(_)) {
        return Err(JinjaError::failed("'generator' object is not reversible"));
    }
    value.walk()
}

/// What `attribute='a.b.0'` takes of an item, `default` wherever there is nothing.
fn attributes(of: &Value, path: &Value, default: Option<&Value>) -> Result<Value> {
    let keys: Vec<Value> = match path {
        Value::Text(path) => path
            .split('.')
            .map(|part| {
                let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                match part.parse::<i128>() {
                    Ok(number) if is_number => Value::Int(number),
                    _ => Value::text(part),
                }
            })
            .collect(),
        other => vec![other.clone()],
    };
    let mut found = of.clone();
    for key in keys {
        found = item(&found, &key)?;
        if let (Value::Undefined(_), Some(default)) = (&found, default) {
            found = default.clone();
        }
    }
    Ok(found)
}

/// The values of a list, or what is taken of each.
fn taken(values: Vec<Value>, path: Option<&Value>) -> Result<Vec<Value>> {
    match path {
        None | Some(Value::None) => Ok(values),
        Some(path) => values
            .iter()
            .map(|value| attributes(value, path, None))
            .collect(),
    }
}

fn join(value: &Value, given: CallArguments) -> Result<Value> {
    let [separator, attribute] = given.take("join", ["d", "attribute"])?;
    let separator = match separator {
        None => String::new(),
        Some(separator) => separator.string()?,
    };
    let mut texts = Vec::new();
    for value in taken(value.walk()?, attribute.as_ref())? {
        texts.push(value.string()?);
    }
    Ok(Value::text(texts.join(&separator)))
}

fn map(value: &Value, mut given: CallArguments) -> Result<Value> {
    let values = if value.is_true() {
        value.walk()?
    } else {
        Vec::new()
    };
    let mut mapped = Vec::new();
    if given.positional.is_empty() {
        let [attribute, default] = given.take("map", ["attribute", "default"])?;
        let default = default.filter(|default| !matches!(default, Value::None));
        let attribute =
            attribute.ok_or_else(|| JinjaError::failed("map requires a filter argument"))?;
        for value in values {
            mapped.push(attributes(&value, &attribute, default.as_ref())?);
        }
    } else {
        let name = given.positional.remove(0).string()?;
        for value in values {
            let given = CallArguments {
                positional: given.positional.clone(),
                keyword: given.keyword.clone(),
            };
            mapped.push(filters::apply(&name, value, given)?);
        }
    }
    Ok(Value::generator(mapped))
}

fn select(name: &str, value: &Value, mut given: CallArguments) -> Result<Value> {
    let wanted = name.starts_with("select");
    let mut path = None;
    if name.ends_with("attr") {
        if given.positional.is_empty() {
            return Err(JinjaError::failed("Missing parameter for attribute name"));
        }
        path = Some(given.positional.remove(0));
    }
    let test = if given.positional.is_empty() {
        None
    } else {
        Some(given.positional.remove(0).string()?)
    };
    let mut kept = Vec::new();
    let values = if value.is_true() {
        value.walk()?
    } else {
        Vec::new()
    };
    for value in values {
        let tested = match &path {
            Some(path) => attributes(&value, path, None)?,
            None => value.clone(),
        };
        let holds = match &test {
            None => tested.is_true(),
            Some(test) => {
                let given = CallArguments {
                    positional: given.positional.clone(),
                    keyword: given.keyword.clone(),
                };
                checks::holds(test, &tested, given)?
            }
        };
        if holds == wanted {
            kept.push(value);
        }
    }
    Ok(Value::generator(kept))
}

/// A key that ignores case unless it is asked to see it.
fn key(value: Value, case_sensitive: bool) -> Value {
    match value {
        Value::Text(text) if !case_sensitive => Value::text(text.to_lowercase()),
        other => other,
    }
}

fn is_set(option: Option<Value>) -> bool {
    option.is_some_and(|value| value.is_true())
}

/// Sorts by keys; equals stay in their order.
///
/// As Python does it asks for nothing but `<`, which may fail; the standard library's sort wants an order that is sound.
pub(super) fn sorted(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>> {
    if keyed
        .iter()
        .any(|(key, _)| matches!(key, Value::Float(number) if number.is_nan()))
    {
        return Err(JinjaError::unsupported("sorting what is not a number"));
    }
    keyed = merge_sorted(keyed, reverse)?;
    Ok(keyed.into_iter().map(|(_, value)| value).collect())
}

fn merge_sorted(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<(Value, Value)>> {
    if keyed.len() < 2 {
        return Ok(keyed);
    }
    let right = keyed.split_off(keyed.len() / 2);
    let mut left = merge_sorted(keyed, reverse)?.into_iter().peekable();
    let mut right = merge_sorted(right, reverse)?.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let wanted = if reverse {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        let next = if b.order(a, "<")? == Some(wanted) {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

fn sort(value: &Value, given: CallArguments) -> Result<Value> {
    let names = ["reverse", "case_sensitive", "attribute"];
    let [reverse, case_sensitive, attribute] = given.take("sort", names)?;
    let case_sensitive = is_set(case_sensitive);
    let values = value.walk()?;
    let mut keyed = Vec::new();
    for value in values {
        let own = match &attribute {
            None | Some(Value::None) => key(value.clone(), case_sensitive),
            Some(Value::Text(paths)) => {
                let mut keys = Vec::new();
                for path in paths.split(',') {
                    keys.push(key(
                        attributes(&value, &Value::text(path), None)?,
                        case_sensitive,
                    ));
                }
                Value::list(keys)
            }
            Some(path) => key(attributes(&value, path, None)?, case_sensitive),
        };
        keyed.push((own, value));
    }
    Ok(Value::list(sorted(keyed, is_set(reverse))?))
}

fn dictsort(value: &Value, given: CallArguments) -> Result<Value> {
    let [case_sensitive, by, reverse] =
        given.take("dictsort", ["case_sensitive", "by", "reverse"])?;
    let place = match by {
        None => 0,
        Some(by) => match by.as_text() {
            Some("key") => 0,
            Some("value") => 1,
            _ => {
                return Err(JinjaError::failed(
                    "You can only sort by either \"key\" or \"value\"",
                ));
            }
        },
    };
    let Value::Dict(pairs) = value.defined()? else {
        return Err(JinjaError::failed(format!(
            "'{} object' has no attribute 'items'",
            value.class()
        )));
    };
    let case_sensitive = is_set(case_sensitive);
    let keyed = pairs.iter().map(|(name, value)| {
        let by = if place == 0 { name } else { value };
        (key(by.clone(), case_sensitive), pair(name, value))
    });
    Ok(Value::list(sorted(keyed.collect(), is_set(reverse))?))
}

fn unique(value: &Value, given: CallArguments) -> Result<Value> {
    let [case_sensitive, attribute] = given.take("unique", ["case_sensitive", "attribute"])?;
    let case_sensitive = is_set(case_sensitive);
    let values = value.walk()?;
    let mut seen: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for (value, by) in values
        .iter()
        .zip(taken(values.clone(), attribute.as_ref())?)
    {
        let by = key(by, case_sensitive);
        if !seen.iter().any(|own| own.equals(&by)) {
            seen.push(by);
            kept.push(value.clone());
        }
    }
    Ok(Value::generator(kept))
}

fn extreme(name: &str, value: &Value, given: CallArguments) -> Result<Value> {
    let [case_sensitive, attribute] = given.take(name, ["case_sensitive", "attribute"])?;
    let case_sensitive = is_set(case_sensitive);
    let values = value.walk()?;
    let keys = taken(values.clone(), attribute.as_ref())?;
    let mut best: Option<(Value, Value)> = None;
    for (value, by) in values.into_iter().zip(keys) {
        let by = key(by, case_sensitive);
        let wanted = if name == "max" {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        let better = match &best {
            None => true,
            Some((own, _)) => by.order(own, if name == "max" { ">" } else { "<" })? == Some(wanted),
        };
        if better {
            best = Some((by, value));
        }
    }
    Ok(best.map_or_else(
        || empty("No aggregated item, sequence was empty."),
        |(_, value)| value,
    ))
}

fn sum(value: &Value, given: CallArguments) -> Result<Value> {
    let [attribute, start] = given.take("sum", ["attribute", "start"])?;
    let mut total = start.unwrap_or(Value::Int(0));
    if total.as_text().is_some() {
        return Err(JinjaError::failed("sum() can't sum strings"));
    }
    for value in taken(value.walk()?, attribute.as_ref())? {
        total = ops::binary(super::ast::BinaryOperator::Add, &total, &value)?;
    }
    Ok(total)
}

/// `batch(size)`: lists of so many; `slice(count)`: so many lists.
fn cut(name: &str, value: &Value, given: CallArguments) -> Result<Value> {
    let first = if name == "batch" {
        "linecount"
    } else {
        "slices"
    };
    let [count, fill] = given.take(name, [first, "fill_with"])?;
    let count = needed(count, name)?
        .as_int()
        .and_then(|count| usize::try_from(count).ok())
        .filter(|count| (1..=100_000).contains(count))
        .ok_or_else(|| JinjaError::failed(format!("{name} of no number of lists")))?;
    let fill = fill.filter(|fill| !matches!(fill, Value::None));
    let values = value.walk()?;
    let mut lists = Vec::new();
    if name == "batch" {
        for part in values.chunks(count) {
            let mut part = part.to_vec();
            if let Some(fill) = &fill {
                part.resize(count, fill.clone());
            }
            lists.push(Value::list(part));
        }
        return Ok(Value::generator(lists));
    }
    let (each, longer) = (values.len() / count, values.len() % count);
    let mut rest = values.as_slice();
    for place in 0..count {
        let (part, after) = rest.split_at(each + usize::from(place < longer));
        let mut part = part.to_vec();
        if let Some(fill) = &fill
            && place >= longer
        {
            part.push(fill.clone());
        }
        lists.push(Value::list(part));
        rest = after;
    }
    Ok(Value::generator(lists))
}
