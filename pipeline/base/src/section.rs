//! Tables of a TOML file whose keys a dataset declares: its texts in a language's file, its settings in an experiment.

use crate::{TomlProblem, toml_file::key_problem, types::LanguageCode};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, ops::Range, ops::RangeInclusive};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A table, and the keys that it may have.
#[derive(Debug)]
pub struct SectionSpec {
    /// The table's name: `xgeo`.
    pub name: &'static str,
    /// What it is for, above the table in a new language's file.
    pub about: &'static str,
    /// Whether the dataset needs labels of Wikidata in the language.
    pub needs_labels: bool,
    /// The keys.
    pub keys: &'static [KeySpec],
}

/// A key of a [`SectionSpec`].
#[derive(Debug)]
pub struct KeySpec {
    /// The key from the table on: `born.male`.
    pub key: &'static str,
    /// What it means, above the key in a new language's file; empty where English's text says it.
    pub about: &'static str,
    /// What stands there.
    pub value: ValueSpec,
}

/// What a key's value is.
#[derive(Clone, Debug)]
pub enum ValueSpec {
    /// A text that is not empty.
    Text,
    /// A text that has each of these placeholders once.
    Template(&'static [&'static str]),
    /// A whole number.
    Number {
        /// What holds without the key; `None` for one that has to be there.
        default: Option<u64>,
        /// The numbers that it may be.
        allowed: RangeInclusive<u64>,
        /// What a new language's file proposes.
        usual: u64,
    },
    /// Codes of languages; none without the key.
    Languages,
}

/// A table that was read by its [`SectionSpec`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    texts: BTreeMap<&'static str, String>,
    numbers: BTreeMap<&'static str, u64>,
    languages: BTreeMap<&'static str, Vec<LanguageCode>>,
}

impl Section {
    /// The table of defaults; `None` where a key has none.
    pub fn default_of(spec: &SectionSpec) -> Option<Self> {
        let mut section = Self::default();
        for key in spec.keys {
            section.set_default(key)?;
        }
        Some(section)
    }

    /// A text.
    ///
    /// # Panics
    /// For a key that the specification does not have.
    pub fn text(&self, key: &str) -> &str {
        self.texts.get(key).expect("the table declares the text")
    }

    /// A number.
    ///
    /// # Panics
    /// For a key that the specification does not have.
    pub fn number(&self, key: &str) -> usize {
        let number = self.numbers.get(key).copied();
        let number = number.expect("the table declares the number");
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    /// Codes of languages.
    ///
    /// # Panics
    /// For a key that the specification does not have.
    pub fn languages(&self, key: &str) -> &[LanguageCode] {
        let codes = self.languages.get(key);
        codes.expect("the table declares the languages")
    }

    /// The same table with another number.
    pub fn with_number(mut self, key: &'static str, number: u64) -> Self {
        self.numbers.insert(key, number);
        self
    }

    /// The same table with other languages.
    pub fn with_languages(mut self, key: &'static str, languages: Vec<LanguageCode>) -> Self {
        self.languages.insert(key, languages);
        self
    }

    /// Reads a table.
    pub fn read(spec: &SectionSpec, value: &Spanned<DeValue<'_>>) -> Result<Self, TomlProblem> {
        let mut section = Self::default();
        let DeValue::Table(table) = value.get_ref() else {
            return Err(TomlProblem {
                problem: format!("`{}` is not a table", spec.name),
                span: value.span(),
            });
        };
        section.add(spec, "", table)?;
        for key in spec.keys {
            if !section.has(key.key) && section.set_default(key).is_none() {
                let missing = key.key.rsplit('.').next().unwrap_or(key.key);
                return Err(TomlProblem {
                    problem: format!("missing field `{missing}`"),
                    span: table_of(value, key.key),
                });
            }
        }
        Ok(section)
    }

    /// Adds the keys of a table that stands after `prefix`.
    fn add(
        &mut self,
        spec: &SectionSpec,
        prefix: &str,
        table: &DeTable<'_>,
    ) -> Result<(), TomlProblem> {
        for (name, value) in table.iter() {
            let key = format!("{prefix}{}", name.get_ref());
            if let Some(found) = spec.keys.iter().find(|it| it.key == key) {
                self.insert(found, value)?;
                continue;
            }
            let inner = format!("{key}.");
            match value.get_ref() {
                DeValue::Table(table) if spec.keys.iter().any(|it| it.key.starts_with(&inner)) => {
                    self.add(spec, &inner, table)?;
                }
                _ => {
                    let path = format!("{}.{key}", spec.name);
                    return Err(TomlProblem {
                        problem: key_problem(&path, name.get_ref(), &spec.names_after(prefix)),
                        span: name.span(),
                    });
                }
            }
        }
        Ok(())
    }

    fn insert(&mut self, key: &KeySpec, value: &Spanned<DeValue<'_>>) -> Result<(), TomlProblem> {
        let wrong = |expected: &str| TomlProblem {
            problem: format!(
                "invalid type: {}, expected {expected}",
                kind(value.get_ref())
            ),
            span: value.span(),
        };
        match (&key.value, value.get_ref()) {
            (ValueSpec::Text | ValueSpec::Template(_), DeValue::String(text)) => {
                self.texts.insert(key.key, text.to_string());
            }
            (ValueSpec::Text | ValueSpec::Template(_), _) => return Err(wrong("a string")),
            (ValueSpec::Number { allowed, .. }, DeValue::Integer(number)) => {
                let number = u64::from_str_radix(number.as_str(), number.radix());
                let number = number.map_err(|_| wrong("a whole number of 0 or more"))?;
                if !allowed.contains(&number) {
                    let (key, least, most) = (key.key, allowed.start(), allowed.end());
                    return Err(TomlProblem {
                        problem: format!(
                            "`{key}` is {number}; it must be between {least} and {most}"
                        ),
                        span: value.span(),
                    });
                }
                self.numbers.insert(key.key, number);
            }
            (ValueSpec::Number { .. }, _) => return Err(wrong("a whole number of 0 or more")),
            (ValueSpec::Languages, DeValue::Array(list)) => {
                let mut codes = Vec::new();
                for code in list.iter() {
                    let text = match code.get_ref() {
                        DeValue::String(text) => text.to_string(),
                        _ => return Err(wrong("a list of languages' codes")),
                    };
                    let code = LanguageCode::try_from(text).map_err(|problem| TomlProblem {
                        problem,
                        span: code.span(),
                    })?;
                    codes.push(code);
                }
                self.languages.insert(key.key, codes);
            }
            (ValueSpec::Languages, _) => return Err(wrong("a list of languages' codes")),
        }
        Ok(())
    }

    fn has(&self, key: &str) -> bool {
        self.texts.contains_key(key)
            || self.numbers.contains_key(key)
            || self.languages.contains_key(key)
    }

    fn set_default(&mut self, key: &KeySpec) -> Option<()> {
        match &key.value {
            ValueSpec::Text | ValueSpec::Template(_) => return None,
            ValueSpec::Number { default, .. } => {
                self.numbers.insert(key.key, (*default)?);
            }
            ValueSpec::Languages => {
                self.languages.insert(key.key, Vec::new());
            }
        }
        Some(())
    }
}

impl SectionSpec {
    /// The names that may stand after a prefix: of `born.`, `male` and `female`.
    fn names_after(&self, prefix: &str) -> Vec<&'static str> {
        let mut names = Vec::new();
        for key in self.keys {
            let rest = key.key.strip_prefix(prefix);
            let name = rest.and_then(|rest| rest.split('.').next());
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }
}

/// The innermost table that there is on the way to a key.
fn table_of(value: &Spanned<DeValue<'_>>, key: &str) -> Range<usize> {
    let Some((name, rest)) = key.split_once('.') else {
        return value.span();
    };
    let inner = match value.get_ref() {
        DeValue::Table(table) => table.get(name),
        _ => None,
    };
    inner.map_or_else(|| value.span(), |inner| table_of(inner, rest))
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("string \"{text}\""),
        DeValue::Integer(number) => format!("integer `{number}`"),
        DeValue::Float(number) => format!("floating point `{number}`"),
        DeValue::Boolean(value) => format!("boolean `{value}`"),
        DeValue::Datetime(_) => "datetime".to_owned(),
        DeValue::Array(_) => "sequence".to_owned(),
        DeValue::Table(_) => "map".to_owned(),
    }
}

/// As the table that it was read from.
impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = self.texts.iter().map(|(key, text)| (key, json!(text)));
        let numbers = self
            .numbers
            .iter()
            .map(|(key, number)| (key, json!(number)));
        let languages = self.languages.iter().map(|(key, it)| (key, json!(it)));
        let mut table = Map::new();
        for (key, value) in texts.chain(numbers).chain(languages) {
            insert(&mut table, key, value);
        }
        table.serialize(serializer)
    }
}

fn insert(table: &mut Map<String, Value>, key: &str, value: Value) {
    let Some((name, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return;
    };
    let inner = table.entry(name).or_insert_with(|| json!({}));
    if let Value::Object(inner) = inner {
        insert(inner, rest, value);
    }
}
