//! Jinja2 as transformers runs chat templates.
//!
//! A chat template decides every token of a prompt, and its values are Python's: what `1e16`, `'%5.1f' % x` or
//! `title()` print, what is true, what a slice of nothing gives. So the language is written here after Jinja2 3.1 in
//! transformers' sandbox, with its whitespace rules, and held to it by a differential test. What is not written is
//! refused by its name; nothing is rendered another way.

mod ast;
mod calls;
mod checks;
mod cut;
mod error;
mod evaluate;
mod expressions;
mod filters;
mod json;
mod lexer;
mod lists;
mod methods;
mod ops;
mod parser;
mod printf;
mod python;
mod run;
mod spec;
mod strings;
mod value;

pub use error::{JinjaError, JinjaErrorKind};

use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use value::{Value, dictionary};

/// A template that was read.
#[derive(Debug)]
pub struct JinjaTemplate {
    nodes: Vec<ast::Node>,
    names: BTreeSet<String>,
}

/// What a template may read.
#[derive(Default)]
pub struct JinjaVariables(HashMap<String, Value>);

/// Writes the present time in a format of `strftime`, or says why not.
pub type Clock<'a> = &'a dyn Fn(&str) -> Result<String, String>;

impl JinjaVariables {
    /// Sets a variable to a value of JSON.
    pub fn set(&mut self, name: &str, value: &Json) {
        self.0.insert(name.to_owned(), Value::of_json(value));
    }

    /// Sets a variable to a list of dictionaries of texts, whose keys stay in their order.
    ///
    /// # Errors
    /// None for texts as keys.
    pub fn set_list<'a>(
        &mut self,
        name: &str,
        list: impl IntoIterator<Item = Vec<(&'a str, &'a str)>>,
    ) -> Result<(), JinjaError> {
        let mut values = Vec::new();
        for pairs in list {
            let pairs = pairs.into_iter();
            let pairs = pairs.map(|(key, value)| (Value::text(key), Value::text(value)));
            values.push(dictionary(pairs)?);
        }
        self.0.insert(name.to_owned(), Value::list(values));
        Ok(())
    }
}

impl JinjaTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// What is no Jinja, and tags that are not supported.
    pub fn parse(source: &str) -> Result<Self, JinjaError> {
        let (nodes, names) = parser::parse(source)?;
        Ok(Self { nodes, names })
    }

    /// Whether the template reads a variable of this name anywhere.
    pub fn reads(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The text that the template gives for variables.
    ///
    /// # Errors
    /// What the template raises, what Jinja2 refuses, and what is not supported.
    pub fn render(
        &self,
        variables: &JinjaVariables,
        clock: Clock<'_>,
    ) -> Result<String, JinjaError> {
        run::render(&self.nodes, &variables.0, clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ast::Statement;
    use std::sync::Arc;

    #[test]
    fn a_render_leaves_nothing_behind() {
        let source =
            "{% macro a() %}{% macro b() %}{{ 1/0 }}{% endmacro %}{{ b() }}{% endmacro %}{{ a() }}";
        let template = JinjaTemplate::parse(source).unwrap();
        let Statement::Macro(outer) = &template.nodes[0].statement else {
            panic!("a macro")
        };
        let Statement::Macro(inner) = &outer.body[0].statement else {
            panic!("a macro")
        };
        let clock = |format: &str| Ok(format.to_owned());
        let error = template
            .render(&JinjaVariables::default(), &clock)
            .unwrap_err();
        assert_eq!(error.message, "division by zero");
        assert_eq!((Arc::strong_count(outer), Arc::strong_count(inner)), (1, 1));
    }
}
