use clika_network::services::ApiError;
use miette::Diagnostic;

/// Why nothing can be translated.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum TranslateError {
    /// There is no key, and something has to be asked for.
    #[error("{engine} needs a key to translate into `{language}`")]
    #[diagnostic(help(
        "set the environment variable {variable}, or choose another engine: [translation] in the \
         experiment file, or --engine"
    ))]
    MissingKey {
        /// The engine.
        engine: &'static str,
        /// The language.
        language: String,
        /// The variable.
        variable: &'static str,
    },
    /// The server does not translate between two languages.
    #[error(
        "{server} does not translate from `{from}` into `{to}`: it does not offer `{language}`, but {offered}"
    )]
    #[diagnostic(help(
        "add the language to the server, or choose another engine: [translation] in the experiment file, or --engine"
    ))]
    NotOffered {
        /// The server.
        server: String,
        /// The language to translate from.
        from: String,
        /// The language to translate into.
        to: String,
        /// The one of them that it lacks.
        language: String,
        /// The codes that it offers.
        offered: String,
    },
    /// The model makes up too few names that can be used.
    #[error(
        "of the {wanted} names that are needed, the model made up {found} that can be used; the last refused one: {example}"
    )]
    #[diagnostic(help(
        "use a stronger model (--llm-model), ask for fewer places, or coin names from syllables (--names syllabic)"
    ))]
    NoNames {
        /// Names so far.
        found: usize,
        /// Names that are needed.
        wanted: usize,
        /// What was wrong with one.
        example: String,
    },
    /// The model does not translate some names in a way that can be used.
    #[error("{left} names have no usable translation into `{language}`, such as {example}")]
    #[diagnostic(help(
        "use a stronger model (--llm-model), or coin names from syllables (--names syllabic)"
    ))]
    NoTranslations {
        /// The language.
        language: String,
        /// Names without a translation.
        left: usize,
        /// One of them, and what was wrong.
        example: String,
    },
    /// The service cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
}
