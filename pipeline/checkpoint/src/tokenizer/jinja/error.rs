/// Why a template cannot be read, or refuses a conversation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct JinjaError {
    /// The line of the template, from 1.
    pub line: usize,
    /// What kind of error it is.
    pub kind: JinjaErrorKind,
    /// What is wrong, in Python's or the template's words where they say it.
    pub message: String,
}

/// The kinds of [`JinjaError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JinjaErrorKind {
    /// The template is not Jinja.
    Syntax,
    /// Jinja has it, and this crate has not.
    Unsupported,
    /// The template calls `raise_exception`.
    Raised,
    /// Jinja2 would fail too.
    Failed,
}

impl JinjaError {
    pub(super) fn syntax(line: usize, message: impl Into<String>) -> Self {
        Self::new(JinjaErrorKind::Syntax, message).at(line)
    }

    pub(super) fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(
            JinjaErrorKind::Unsupported,
            format!("clika does not support {what}, which Jinja2 has"),
        )
    }

    pub(super) fn raised(message: impl Into<String>) -> Self {
        Self::new(JinjaErrorKind::Raised, message)
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(JinjaErrorKind::Failed, message)
    }

    /// The same with its line, unless it has one.
    pub(super) fn at(mut self, line: usize) -> Self {
        if self.line == 0 {
            self.line = line;
        }
        self
    }

    fn new(kind: JinjaErrorKind, message: impl Into<String>) -> Self {
        Self {
            line: 0,
            kind,
            message: message.into(),
        }
    }
}
