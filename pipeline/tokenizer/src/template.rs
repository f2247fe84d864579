use crate::TokenizerError;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind, context};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use std::io;
use std::path::PathBuf;

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
    source: String,
    environment: Environment<'static>,
}

impl Message {
    /// What a template sees, in the order in which Python programs write it.
    fn dictionary(&self) -> Value {
        Value::from_pairs([("role", &self.role), ("content", &self.content)])
    }
}

impl ChatTemplate {
    pub(crate) fn new(
        path: PathBuf,
        source: &str,
        tokens: Vec<(&'static str, String)>,
    ) -> Result<Self, TokenizerError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        match syntax {
            Ok(syntax) => environment.set_syntax(syntax),
            Err(source) => return Err(TokenizerError::Template { path, source }),
        }
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment.add_filter("tojson", tojson);
        for (name, token) in tokens {
            environment.add_global(name, token);
        }
        Ok(Self {
            path,
            source: without_generation_marks(source),
            environment,
        })
    }

    /// The prompt for a conversation. With `add_generation_prompt` it ends where the assistant's turn begins.
    ///
    /// It is the text that transformers' `apply_chat_template(..., tokenize=False)` gives: the special tokens are in
    /// it, so [`crate::Tokenizer::encode`] must not add them again. A template that asks for today's date
    /// (`strftime_now`) gives another text tomorrow.
    ///
    /// # Errors
    /// What the template raises itself (`raise_exception`), or what is wrong with it.
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<String, TokenizerError> {
        self.environment
            .template_from_named_str("chat_template", &self.source)
            .and_then(|template| {
                template.render(context! {
                    messages => messages.iter().map(Message::dictionary).collect::<Vec<_>>(),
                    add_generation_prompt,
                    tools => (),
                    documents => (),
                })
            })
            .map_err(|source| TokenizerError::Template {
                path: self.path.clone(),
                source,
            })
    }
}

fn raise_exception(message: String) -> Result<String, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

fn strftime_now(format: &str) -> Result<String, Error> {
    jiff::fmt::strtime::format(format, &jiff::Zoned::now())
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// `json.dumps(value, ensure_ascii=False, indent=indent)`.
fn tojson(value: &Value, indent: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get("indent")?,
    };
    if options.get::<Option<bool>>("ensure_ascii")? == Some(true) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "tojson with ensure_ascii=true is not supported",
        ));
    }
    options.assert_all_used()?;
    let mut json = Vec::new();
    let written = match indent {
        Some(width) => {
            let spaces = " ".repeat(width);
            let formatter = PrettyFormatter::with_indent(spaces.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(
                &mut json, formatter,
            ))
        }
        None => value.serialize(&mut serde_json::Serializer::with_formatter(
            &mut json, Spaced,
        )),
    };
    written
        .map_err(|error| error.to_string())
        .and_then(|()| String::from_utf8(json).map_err(|error| error.to_string()))
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error))
}

/// The spaces that Python's `json` writes.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// `{% generation %}` tells a trainer which tokens are the assistant's. It changes no text, and minijinja has no tags
/// of one's own, so it becomes a block that is always entered.
fn without_generation_marks(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let Some(end) = tag.find("%}") else {
            rest = tag;
            break;
        };
        let (tag, after) = tag.split_at(end);
        let inner = &tag[2..];
        text.push_str("{%");
        match inner.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == '+') {
            "generation" => text.push_str(&inner.replacen("generation", "if true", 1)),
            "endgeneration" => text.push_str(&inner.replacen("endgeneration", "endif", 1)),
            _ => text.push_str(inner),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}
