use crate::types::FilePosition;
use crate::{ProjectPath, Section, SectionSpec, TomlProblem, parse_toml, parse_toml_with};
use miette::Diagnostic;
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, io, ops::Range, path::PathBuf};

/// What is wrong with a template file, and where.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum TemplateError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "check the path and the file's permissions; where a project has no file of its own, the built-in one is read"
    ))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder holds no template.
    #[error("no language file `*.toml` in {}", path.display())]
    #[diagnostic(help(
        "write a language's file, or delete empty ones: they leave built-in languages out"
    ))]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no such prompt template.
    #[error("there is no prompt template `{name}`; there are {known}")]
    #[diagnostic(help("templates/prompts has one file for each; add your own there"))]
    UnknownPrompt {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// There is no such format.
    #[error("there is no format `{name}`; there are {known}")]
    #[diagnostic(help("templates/formats has one file for each; add your own there"))]
    UnknownFormat {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Exemplars are to be shown, and nothing says how an answered item is written.
    #[error(
        "the prompt template does not say how an answered item is written, so that --shots has no form for it"
    )]
    #[diagnostic(help(
        "add `answered` to its file in templates/prompts, such as answered = \"{{letter}}. {{choice}}\\n\", or name another with \
         --prompt"
    ))]
    NoAnswered,
    /// A file's content is wrong.
    #[error("{problem}\n   {position}")]
    Invalid {
        /// What is wrong.
        problem: String,
        /// How to mend it.
        #[help]
        hint: String,
        /// Where.
        position: FilePosition,
    },
}

/// A template file's text, for errors that point into it.
pub(crate) struct TemplateSource {
    path: PathBuf,
    text: String,
}

impl TemplateSource {
    pub(crate) fn read(file: &ProjectPath) -> Result<Self, TemplateError> {
        let path = file.shown();
        match file.text() {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(TemplateError::Unreadable { path, source }),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Reads the text as a value; `hint` says what the file looks like.
    pub(crate) fn parse<T: DeserializeOwned>(&self, hint: &str) -> Result<T, TemplateError> {
        parse_toml(&self.text)
            .map_err(|TomlProblem { problem, span }| self.error(span, problem, hint))
    }

    /// Reads the text as a value and the tables that datasets declare.
    pub(crate) fn parse_with<T: DeserializeOwned>(
        &self,
        sections: &[&'static SectionSpec],
        hint: &str,
    ) -> Result<(T, BTreeMap<&'static str, Section>), TemplateError> {
        parse_toml_with(&self.text, sections, None)
            .map_err(|TomlProblem { problem, span }| self.error(span, problem, hint))
    }

    pub(crate) fn error(
        &self,
        span: Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> TemplateError {
        TemplateError::Invalid {
            problem: problem.into(),
            hint: hint.into(),
            position: FilePosition::at(&self.path, &self.text, span.start),
        }
    }
}
