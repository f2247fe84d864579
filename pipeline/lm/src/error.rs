use clika_checkpoint::CheckpointError;
use miette::Diagnostic;

/// Why a model cannot be loaded or run.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LmError {
    /// Configuration or weights cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The tokenizer has tokens that the model has no embedding for.
    #[error("the tokenizer has {tokens} tokens, and the model's embedding {rows} rows")]
    #[diagnostic(help(
        "tokenizer and weights belong to different models, or tokens were added without resizing the model"
    ))]
    Vocabulary {
        /// Of the tokenizer.
        tokens: usize,
        /// Of the embedding.
        rows: usize,
    },
    /// A token id beyond the vocabulary.
    #[error("token {token} is not in the vocabulary of {vocabulary}")]
    #[diagnostic(help("tokenizer and weights belong to different models"))]
    Token {
        /// The id.
        token: u32,
        /// The rows of the embedding.
        vocabulary: usize,
    },
    /// More tokens than the model was made for.
    #[error("a prompt has {tokens} tokens, and the model's context is {context}")]
    #[diagnostic(help("use a prompt without a worked example, or a model with a longer context"))]
    Context {
        /// Of the prompt, with those to be generated.
        tokens: usize,
        /// Of the model.
        context: usize,
    },
    /// Nothing to continue.
    #[error("a prompt without tokens")]
    #[diagnostic(help("this tokenizer adds no token of its own in front; give a text"))]
    EmptyPrompt,
    /// No such device.
    #[error("no device `{asked}`")]
    #[diagnostic(help("there are {there}; `clika devices` lists them"))]
    Device {
        /// What was asked for.
        asked: String,
        /// What there is.
        there: String,
    },
    /// It does not fit.
    #[error("{device} has {free_gib:.1} GiB free, and {needed_gib:.1} GiB are needed for {what}")]
    #[diagnostic(help("{lower}"))]
    Memory {
        /// Where.
        device: String,
        /// What has to fit.
        what: String,
        /// What there is.
        free_gib: f64,
        /// What it takes.
        needed_gib: f64,
        /// What to lower.
        lower: &'static str,
    },
    /// The device gave up.
    #[error("the device failed: {problem}")]
    #[diagnostic(help("if memory ran out, lower --batch-tokens or take --dtype bf16"))]
    Compute {
        /// What it said.
        problem: String,
    },
}
