use crate::ToProjectPath;
use crate::templates::{
    error::{TemplateError, TemplateSource},
    formats::format_names,
    languages::span,
};
use serde::Deserialize;

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

/// A model's format by the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultFormat {
    /// How it is addressed.
    pub format: ModelFormat,
    /// Why, where the table says it: the model might be addressed otherwise with as good a reason.
    pub comment: Option<String>,
}

/// What a model's files say about its template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TemplateTraits {
    /// Whether it has one of its own.
    pub chat_template: bool,
    /// Whether what the template writes after an answer is an end that the model stops at; `None` without a template, or
    /// where it writes no token for it.
    pub template_ends: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormatTable {
    rules: Vec<FormatRule>,
}

/// A condition that is left out always holds.
#[derive(Deserialize)]
#[serde(expecting = "a rule for a format", deny_unknown_fields)]
struct FormatRule {
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    begins: Vec<String>,
    #[serde(default)]
    plain: bool,
    chat_template: Option<bool>,
    template_ends: Option<bool>,
    format: String,
    comment: Option<String>,
}

impl FormatRule {
    fn holds(&self, name: &str, traits: TemplateTraits) -> bool {
        let is_in = |pattern: &String| name.contains(pattern.as_str());
        let begins = |begin: &String| {
            after(name, begin).is_some_and(|rest| !self.plain || is_plain(name, rest))
        };
        self.all.iter().all(is_in)
            && (self.any.is_empty() || self.any.iter().any(is_in))
            && !self.without.iter().any(is_in)
            && (self.begins.is_empty() || self.begins.iter().any(begins))
            && self
                .chat_template
                .is_none_or(|asked| asked == traits.chat_template)
            && self
                .template_ends
                .is_none_or(|asked| Some(asked) == traits.template_ends)
    }
}

/// The format of a model by the table `models.toml` of the folder of formats.
///
/// `model` is `org/name`, without a revision, or a folder; only its last part counts. The name decides which known model
/// it is; where it says nothing, the files tell a foundation model from a tuned one.
///
/// Fails on a malformed table, a format that is not in the folder, a pattern that no name can hold, and a model
/// that no rule holds for.
pub fn default_format(
    folder: &(impl ToProjectPath + ?Sized),
    model: &str,
    traits: TemplateTraits,
) -> Result<DefaultFormat, TemplateError> {
    let folder = folder.to_project_path();
    let source = TemplateSource::read(&folder.join(format!("{FILE}.toml")))?;
    let table: FormatTable = source.parse(
        "a rule has `format`, an optional `comment` with the reason, and the conditions `all`, `any`, `without`, `begins`, \
         `plain`, `chat_template` and `template_ends`",
    )?;
    let known = format_names(&folder)?;
    for (index, rule) in table.rules.iter().enumerate() {
        check(rule, index + 1, &known, &source)?;
    }
    let name = spelling(model);
    let rule = table.rules.iter().find(|rule| rule.holds(&name, traits));
    match rule {
        Some(rule) => Ok(DefaultFormat {
            format: match rule.format.as_str() {
                OWN => ModelFormat::Own,
                format => ModelFormat::Named(format.to_owned()),
            },
            comment: rule.comment.clone(),
        }),
        None => Err(source.error(
            span(&source, "rules"),
            format!("no rule matches the model `{model}`"),
            "end the table with a rule that has no condition",
        )),
    }
}

/// What is left of a spelled name after its beginning.
fn after<'a>(name: &'a str, begin: &str) -> Option<&'a str> {
    name.strip_prefix('-')?.strip_prefix(begin)
}

/// Whether a spelled name has a size, and `rest`, its end, nothing but sizes, versions, dates, lengths and ways of storing
/// weights: "0.5b-" of "-qwen2.5-0.5b-", and not "7b-instruct-".
fn is_plain(name: &str, rest: &str) -> bool {
    let mut parts = rest.split('-').filter(|part| !part.is_empty());
    name.split('-').any(is_size) && parts.all(|part| is_size(part) || is_technical(part))
}

/// "0.5b", "270m", "8x7b", "17b", "a3b", "16e"
fn is_size(part: &str) -> bool {
    let Some(number) = part.strip_suffix(['b', 'm', 'e']) else {
        return false;
    };
    let number = number.strip_prefix('a').unwrap_or(number);
    is_number(number.split('x'))
}

/// "v0.1", "2509", "32k", "4bit", "hf"
fn is_technical(part: &str) -> bool {
    const STORED: [&str; 14] = [
        "hf",
        "gguf",
        "bnb",
        "unsloth",
        "awq",
        "gptq",
        "mlx",
        "bf16",
        "fp16",
        "fp8",
        "f16",
        "int4",
        "int8",
        "safetensors",
    ];
    let number = part.strip_prefix('v').unwrap_or(part);
    let number = number.strip_suffix('k').unwrap_or(number);
    let number = number.strip_suffix("bit").unwrap_or(number);
    STORED.contains(&part) || is_number([number].into_iter())
}

fn is_number<'a>(mut parts: impl Iterator<Item = &'a str>) -> bool {
    parts.all(|part| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// What patterns are looked for in: the last part of a name, in lower case, with hyphens and between hyphens.
fn spelling(model: &str) -> String {
    let model = model.trim_end_matches('/');
    let last = model.rsplit('/').next().unwrap_or(model);
    format!("-{}-", last.to_lowercase().replace(['_', ' '], "-"))
}

fn check(
    rule: &FormatRule,
    position: usize,
    known: &[String],
    source: &TemplateSource,
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
    if rule.plain && rule.begins.is_empty() {
        return error(
            "plain",
            "`plain` is about what follows a beginning, but `begins` is missing".to_owned(),
            "add `begins`".to_owned(),
        );
    }
    if is_own && rule.chat_template != Some(true) {
        return error(
            "format",
            format!("`{OWN}` is chosen for models that may have no chat template"),
            "add `chat_template = true`".to_owned(),
        );
    }
    for (key, patterns) in [
        ("all", &rule.all),
        ("any", &rule.any),
        ("without", &rule.without),
        ("begins", &rule.begins),
    ] {
        for (index, pattern) in patterns.iter().enumerate() {
            let is_never = |c: char| c.is_uppercase() || matches!(c, '_' | ' ' | '/');
            if pattern.is_empty() || pattern.contains(is_never) {
                return error(
                    &format!("{key}.{}", index + 1),
                    format!("no name can match `{pattern}`"),
                    "write lower-case letters, with hyphens for `_` and spaces, and no `/`"
                        .to_owned(),
                );
            }
        }
    }
    Ok(())
}
