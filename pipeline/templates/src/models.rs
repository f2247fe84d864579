use crate::{
    error::{Source, TemplateError},
    formats::format_names,
    languages::span,
};
use serde::Deserialize;
use std::path::Path;

/// The file of the table, without its ending; no format has this name.
pub(crate) const FILE: &str = "models";

/// The value that stands for the model's own template.
const OWN: &str = "own";

/// How a model is addressed unless one says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelFormat {
    /// By the `chat_template` that it comes with.
    Own,
    /// By a format of the folder.
    Named(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rules: Vec<Rule>,
}

/// A condition that is left out always holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    chat_template: Option<bool>,
    format: String,
}

impl Rule {
    fn holds(&self, name: &str, has_chat_template: bool) -> bool {
        let is_in = |pattern: &String| name.contains(pattern.as_str());
        self.all.iter().all(is_in)
            && (self.any.is_empty() || self.any.iter().any(is_in))
            && !self.without.iter().any(is_in)
            && self
                .chat_template
                .is_none_or(|asked| asked == has_chat_template)
    }
}

/// The format of a model by the table `models.toml` of the folder of formats.
///
/// `model` is `org/name`, without a revision, or a folder; only its last part counts. The name alone decides which
/// known model it is, so a folder under another name needs its format said.
///
/// Fails on a malformed table, a format that is not in the folder, a pattern that no name can hold, and a model
/// that no rule holds for.
pub fn default_format(
    folder: &Path,
    model: &str,
    has_chat_template: bool,
) -> Result<ModelFormat, TemplateError> {
    let source = Source::read(&folder.join(format!("{FILE}.toml")))?;
    let table: Table = toml::from_str(source.text()).map_err(|error| {
        source.error(
            error.span().unwrap_or(0..0),
            error.message().trim_end(),
            "a rule has `format` and, as conditions, `all`, `any`, `without` and `chat_template`",
        )
    })?;
    let known = format_names(folder)?;
    for (index, rule) in table.rules.iter().enumerate() {
        check(rule, index + 1, &known, &source)?;
    }
    let name = spelling(model);
    let rule = table
        .rules
        .iter()
        .find(|rule| rule.holds(&name, has_chat_template));
    match rule {
        Some(rule) if rule.format == OWN => Ok(ModelFormat::Own),
        Some(rule) => Ok(ModelFormat::Named(rule.format.clone())),
        None => Err(source.error(
            span(&source, "rules"),
            format!("no rule holds for the model `{model}`"),
            "end the table with a rule that has no condition",
        )),
    }
}

/// What patterns are looked for in: the last part of a name, in lower case, with hyphens and between hyphens.
fn spelling(model: &str) -> String {
    let model = model.trim_end_matches('/');
    let last = model.rsplit('/').next().unwrap_or(model);
    format!("-{}-", last.to_lowercase().replace(['_', ' '], "-"))
}

fn check(
    rule: &Rule,
    position: usize,
    known: &[String],
    source: &Source,
) -> Result<(), TemplateError> {
    let error = |key: &str, problem: String, hint: String| {
        let key = format!("rules.{position}.{key}");
        Err(source.error(span(source, &key), problem, hint))
    };
    let is_own = rule.format == OWN;
    if !is_own && !known.contains(&rule.format) {
        return error(
            "format",
            format!("there is no format `{}`", rule.format),
            format!("write `{OWN}` or one of {}", known.join(", ")),
        );
    }
    if is_own && rule.chat_template != Some(true) {
        return error(
            "format",
            format!("`{OWN}` for models that may have no template"),
            "add `chat_template = true`".to_owned(),
        );
    }
    for (key, patterns) in [
        ("all", &rule.all),
        ("any", &rule.any),
        ("without", &rule.without),
    ] {
        for (index, pattern) in patterns.iter().enumerate() {
            let is_never = |c: char| c.is_uppercase() || matches!(c, '_' | ' ' | '/');
            if pattern.is_empty() || pattern.contains(is_never) {
                return error(
                    &format!("{key}.{}", index + 1),
                    format!("no name is told by `{pattern}`"),
                    "write lower-case letters, with hyphens for `_` and spaces, and no `/`"
                        .to_owned(),
                );
            }
        }
    }
    Ok(())
}
