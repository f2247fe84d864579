//! Options of every command that asks a model by its own chat template.

use super::Failure;
use clika_checkpoint::tokenizer::TemplateVariables;
use serde_json::Value;

/// What the model's chat template is told.
#[derive(clap::Args)]
pub struct TemplateArgs {
    /// A variable of the model's chat template, such as enable_thinking=false; VALUE is JSON, else text. With `--format own`; may be repeated
    #[arg(long = "template-var", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, Value)>,
}

fn variable(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            // What is no JSON is a text: date_string=26 Jul 2024
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            Ok((name.to_owned(), value))
        }
        _ => Err("expected NAME=VALUE, such as enable_thinking=false".to_owned()),
    }
}

impl TemplateArgs {
    /// Whether a variable was given.
    pub fn is_given(&self) -> bool {
        !self.variables.is_empty()
    }

    /// The variables that were given, besides those of an experiment file, which they override.
    pub fn resolve(&self, file: &TemplateVariables) -> Result<TemplateVariables, Failure> {
        let mut given = TemplateVariables::new();
        for (name, value) in &self.variables {
            if given.insert(name.clone(), value.clone()).is_some() {
                return Err(DuplicateVariable { name: name.clone() }.into());
            }
        }
        let mut all = file.clone();
        all.extend(given);
        Ok(all)
    }
}

/// A variable has two values.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--template-var gives `{name}` twice")]
#[diagnostic(help("give it once; a list is written as JSON"))]
struct DuplicateVariable {
    name: String,
}
