//! `tojson` as transformers defines it: Python's `json.dumps`.

use super::{
    error::JinjaError,
    lists,
    python::float,
    value::{CallArguments, Result, Value},
};

struct Writer {
    ensure_ascii: bool,
    /// What a level is indented by.
    indent: Option<String>,
    separators: (String, String),
    sort_keys: bool,
    text: String,
}

/// `value | tojson(ensure_ascii, indent, separators, sort_keys)`
pub(super) fn tojson(value: &Value, given: CallArguments) -> Result<Value> {
    let names = ["ensure_ascii", "indent", "separators", "sort_keys"];
    let [ensure_ascii, indent, separators, sort_keys] = given.take("tojson", names)?;
    let indent = match indent {
        None | Some(Value::None) => None,
        Some(Value::Text(text)) => Some(text.to_string()),
        Some(other) => match other.as_int() {
            // A width below 0 breaks lines as 0 does.
            Some(width) => Some(" ".repeat(usize::try_from(width).unwrap_or(0))),
            None => {
                return Err(JinjaError::failed(
                    "tojson: indent is neither a number nor a text",
                ));
            }
        },
    };
    let separators = match separators {
        None | Some(Value::None) => {
            let comma = if indent.is_some() { "," } else { ", " };
            (comma.to_owned(), ": ".to_owned())
        }
        Some(pair) => match pair.walk()?.as_slice() {
            [Value::Text(comma), Value::Text(colon)] => (comma.to_string(), colon.to_string()),
            _ => return Err(JinjaError::failed("tojson: separators are not two texts")),
        },
    };
    let is_set = |option: Option<Value>| option.is_some_and(|value| value.is_true());
    let mut writer = Writer {
        ensure_ascii: is_set(ensure_ascii),
        indent,
        separators,
        sort_keys: is_set(sort_keys),
        text: String::new(),
    };
    writer.value(value, 0)?;
    Ok(Value::text(writer.text))
}

impl Writer {
    fn value(&mut self, value: &Value, level: usize) -> Result<()> {
        match value {
            Value::None => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Int(number) => self.text.push_str(&number.to_string()),
            Value::Float(number) => self.text.push_str(&number_text(*number)),
            Value::Text(text) | Value::Markup(text) => self.string(text),
            Value::List(values) | Value::Tuple(values) => {
                self.enclosed("[", "]", values.len(), level, |writer, place| {
                    writer.value(&values[place], level + 1)
                })?;
            }
            Value::Dict(pairs) => {
                let mut named = Vec::new();
                for (key, value) in pairs.iter() {
                    named.push((key_text(key)?, key, value));
                }
                if self.sort_keys {
                    let places = named.iter().enumerate();
                    let keyed =
                        places.map(|(place, (_, key, _))| ((*key).clone(), Value::size(place)));
                    let mut sorted = Vec::new();
                    for place in lists::sorted(keyed.collect(), false)? {
                        let place = place.as_int().and_then(|place| usize::try_from(place).ok());
                        sorted.extend(place.map(|place| named[place].clone()));
                    }
                    named = sorted;
                }
                self.enclosed("{", "}", named.len(), level, |writer, place| {
                    let (name, _, value) = &named[place];
                    writer.string(name);
                    let colon = writer.separators.1.clone();
                    writer.text.push_str(&colon);
                    writer.value(value, level + 1)
                })?;
            }
            other => {
                return Err(JinjaError::failed(format!(
                    "Object of type {} is not JSON serializable",
                    other.class()
                )));
            }
        }
        Ok(())
    }

    fn enclosed(
        &mut self,
        open: &str,
        close: &str,
        count: usize,
        level: usize,
        mut write: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        self.text.push_str(open);
        for place in 0..count {
            if place > 0 {
                let comma = self.separators.0.clone();
                self.text.push_str(&comma);
            }
            self.line(level + 1);
            write(self, place)?;
        }
        if count > 0 {
            self.line(level);
        }
        self.text.push_str(close);
        Ok(())
    }

    fn line(&mut self, level: usize) {
        if let Some(indent) = &self.indent {
            self.text.push('\n');
            self.text.push_str(&indent.repeat(level));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                c if c < ' ' || (self.ensure_ascii && !(' '..='~').contains(&c)) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.text.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}

fn number_text(number: f64) -> String {
    match float(number).as_str() {
        "nan" => "NaN".to_owned(),
        "inf" => "Infinity".to_owned(),
        "-inf" => "-Infinity".to_owned(),
        text => text.to_owned(),
    }
}

fn key_text(key: &Value) -> Result<String> {
    Ok(match key {
        Value::Text(text) | Value::Markup(text) => text.to_string(),
        Value::None => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => number_text(*value),
        other => {
            return Err(JinjaError::failed(format!(
                "keys must be str, int, float, bool or None, not {}",
                other.class()
            )));
        }
    })
}
