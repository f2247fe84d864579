//! Options whose values are those of a library's enum.

use clap::{
    Arg, Command,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use clika_base::types::Named;
use std::ffi::OsStr;

/// Reads a value of an enum by its name; the help lists all values with what they mean.
#[derive(Clone)]
pub struct NamedParser<T> {
    values: Vec<(T, PossibleValue)>,
}

/// What to say about an unknown name.
pub fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let all = known.join(", ");
    match clika_base::nearest(name, known) {
        Some(nearest) => format!("no such {what}; did you mean `{nearest}`? There are {all}"),
        None => format!("no such {what}; there are {all}"),
    }
}

/// A parser whose values help and completions list.
#[derive(Clone)]
pub struct ListedParser<P> {
    parser: P,
    values: Vec<PossibleValue>,
}

/// Reads a dataset's name with `parser`; `values` are the names, each with what it means.
pub fn listed<P>(
    parser: P,
    values: impl Iterator<Item = (&'static str, &'static str)>,
) -> ListedParser<P> {
    let values = values.map(|(name, about)| PossibleValue::new(name).help(about));
    ListedParser {
        parser,
        values: values.collect(),
    }
}

impl<P: TypedValueParser> TypedValueParser for ListedParser<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, clap::Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().cloned()))
    }
}

/// The parser of an enum.
pub fn named<T: Named>() -> NamedParser<T> {
    let values = T::ALL.iter().map(|&value| {
        let shown = PossibleValue::new(value.name()).help(value.meaning());
        (value, shown)
    });
    NamedParser {
        values: values.collect(),
    }
}

impl<T: Named> NamedParser<T> {
    /// Accepts another name for a value, which the help does not show.
    pub fn alias(mut self, of: T, name: &'static str) -> Self {
        for (value, shown) in &mut self.values {
            if *value == of {
                *shown = shown.clone().alias(name);
            }
        }
        self
    }

    /// Shows the last value first.
    pub fn reversed(mut self) -> Self {
        self.values.reverse();
        self
    }
}

impl<T: Named> TypedValueParser for NamedParser<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let known = self.values.iter().map(|(_, shown)| shown.clone());
        // What is no Unicode is an unknown name like any other.
        let name = value.to_string_lossy().into_owned();
        let name = PossibleValuesParser::new(known).parse(command, argument, name.into())?;
        let found = self
            .values
            .iter()
            .find(|(_, shown)| shown.matches(&name, false));
        Ok(found.expect("clap accepts known names only").0)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().map(|(_, shown)| shown.clone())))
    }
}
