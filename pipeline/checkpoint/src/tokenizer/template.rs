use crate::tokenizer::TokenizerError;
use crate::tokenizer::jinja::{JinjaError, JinjaTemplate, JinjaVariables};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Values for variables of a chat template, by their names.
pub type TemplateVariables = BTreeMap<String, Value>;

/// What `apply_chat_template` sets itself.
const RESERVED: [&str; 4] = ["messages", "tools", "documents", "add_generation_prompt"];

/// A turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// The text.
    pub content: String,
}

/// A model's chat template: Jinja, with what transformers' `apply_chat_template` adds to it.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    path: PathBuf,
    /// A template that cannot be read fails when it is used: many models are asked without.
    template: Result<Arc<JinjaTemplate>, Problem>,
    /// The special tokens that it may name.
    tokens: BTreeMap<String, String>,
}

/// Why there is no template to use.
#[derive(Debug, Clone)]
enum Problem {
    /// It cannot be read.
    Jinja(JinjaError),
    /// Of several, by these names, none is the one to use.
    NoDefault(Vec<String>),
}

impl ChatTemplate {
    /// A template from a file, and the special tokens by their names (`bos_token`).
    pub fn new(
        path: PathBuf,
        source: &str,
        tokens: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self::of(path, Ok(source), tokens)
    }

    /// [`Self::new`], or the names of templates of which none is the default one.
    pub(crate) fn of(
        path: PathBuf,
        source: Result<&str, Vec<String>>,
        tokens: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let template = source.map_err(Problem::NoDefault).and_then(|source| {
            let parsed = JinjaTemplate::parse(source);
            parsed.map(Arc::new).map_err(Problem::Jinja)
        });
        Self {
            path,
            template,
            tokens: tokens.into_iter().collect(),
        }
    }

    /// The prompt for a conversation. With `add_generation_prompt` it ends where the assistant's turn begins.
    ///
    /// It is the text that transformers' `apply_chat_template(..., tokenize=False, **variables)` gives: the special
    /// tokens are in it, so [`crate::tokenizer::Tokenizer::encode`] must not add them again. A template that asks for today's date
    /// (`strftime_now`) gives another text tomorrow.
    ///
    /// # Errors
    /// What the template raises itself (`raise_exception`), what is wrong with it, and what is not supported.
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
        variables: &TemplateVariables,
    ) -> Result<String, TokenizerError> {
        let mut all = JinjaVariables::default();
        for (name, token) in &self.tokens {
            all.set(name, &Value::from(token.as_str()));
        }
        for (name, value) in variables {
            all.set(name, value);
        }
        // In the order in which Python programs write a message.
        let pairs = messages.iter().map(|message| {
            let Message { role, content } = message;
            vec![("role", role.as_str()), ("content", content.as_str())]
        });
        all.set_list("messages", pairs)
            .map_err(|source| self.failed(source))?;
        all.set("add_generation_prompt", &Value::from(add_generation_prompt));
        all.set("tools", &Value::Null);
        all.set("documents", &Value::Null);
        self.template()?
            .render(&all, &strftime_now)
            .map_err(|source| self.failed(source))
    }

    /// Refuses variables that would change nothing or break the conversation.
    ///
    /// # Errors
    /// A name that the template never reads or that is the conversation's, and a value that is an object.
    pub fn check_variables(&self, variables: &TemplateVariables) -> Result<(), TokenizerError> {
        let template = self.template()?;
        for (name, value) in variables {
            let problem = if RESERVED.contains(&name.as_str()) {
                "is set by the conversation itself"
            } else if !template.reads(name) {
                "is not used by it"
            } else if has_object(value) {
                "is an object; a variable is a text, a number, true, false, null, or a list of such"
            } else {
                continue;
            };
            return Err(TokenizerError::TemplateVariable {
                path: self.path.clone(),
                name: name.clone(),
                problem,
            });
        }
        Ok(())
    }

    fn template(&self) -> Result<&JinjaTemplate, TokenizerError> {
        match &self.template {
            Ok(template) => Ok(template),
            Err(Problem::Jinja(source)) => Err(self.failed(source.clone())),
            Err(Problem::NoDefault(names)) => Err(TokenizerError::NoDefaultTemplate {
                path: self.path.clone(),
                names: names.clone(),
            }),
        }
    }

    fn failed(&self, source: JinjaError) -> TokenizerError {
        TokenizerError::Template {
            path: self.path.clone(),
            source,
        }
    }
}

/// Whether an object is in a value: nothing says in which order its keys stood.
fn has_object(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(values) => values.iter().any(has_object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn strftime_now(format: &str) -> Result<String, String> {
    jiff::fmt::strtime::format(format, &jiff::Zoned::now()).map_err(|error| error.to_string())
}
