use clika_api::ApiError;
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
    /// The service cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
}
