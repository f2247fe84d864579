use clika_base::files::ArtifactError;
use clika_base::templates::TemplateError;
use clika_base::types::{LanguageCode, Task};
use clika_checkpoint::tokenizer::TokenizerError;
use clika_datasets::DatasetError;
use clika_lm::{CheckpointError, Dtype, LmError};
use clika_network::services::{ApiError, CallError};
use miette::Diagnostic;
use std::path::PathBuf;

/// Why a model cannot be scored.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum EvaluateError {
    /// The dataset is not there.
    #[error("no dataset in {}", folder.display())]
    #[diagnostic(help("`clika datasets {task}` builds it"))]
    NoDataset {
        /// Where it was looked for.
        folder: PathBuf,
        /// The task.
        task: Task,
    },
    /// A dataset has not the language that was asked for.
    #[error("{}: it has no language `{language}`", folder.display())]
    #[diagnostic(help("it has {known}"))]
    NoLanguage {
        /// The dataset's folder.
        folder: PathBuf,
        /// The language.
        language: String,
        /// Those that there are.
        known: String,
    },
    /// A dataset is not as it was built.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Dataset(#[from] DatasetError),
    /// No way of asking works.
    #[error("the endpoint answers in none of the ways that clika asks")]
    #[diagnostic(help(
        "--api and --constraint choose one way, and then the error says what the endpoint has against it"
    ))]
    NoMode,
    /// The letters were to be read of a model that thinks first.
    #[error(
        "the model begins with `{thought}`: it thinks before it answers, and its first token is no letter"
    )]
    #[diagnostic(help(
        "--constraint free with --max-tokens 4096 reads the answer after the thought; vLLM takes --fields \
         '{{\"chat_template_kwargs\": {{\"enable_thinking\": false}}}}' for models that can do without"
    ))]
    Thinks {
        /// How the thought begins.
        thought: String,
    },
    /// The endpoint lets two models answer under one name.
    #[error(
        "the endpoint answered as `{first}` and then as `{other}`: these are not one model's answers"
    )]
    #[diagnostic(help(
        "name the exact model instead of an alias or a router's name; older answers are kept, and --cache names another file"
    ))]
    SeveralModels {
        /// The model of the first answers.
        first: String,
        /// The model of a later one.
        other: String,
    },
    /// No answer comes within the tokens.
    #[error("the model was still thinking after {max_tokens} tokens, in every item of the pilot")]
    #[diagnostic(help("give it more with --max-tokens: 4096, say"))]
    ThoughtCut {
        /// Tokens of an answer.
        max_tokens: u32,
    },
    /// The endpoint wants other fields than those that all others take.
    #[error(transparent)]
    #[diagnostic(help(
        "OpenAI's reasoning models take --fields '{{\"max_tokens\": null, \"temperature\": null, \"max_completion_tokens\": 4096}}'"
    ))]
    OtherFields(ApiError),
    /// A way of asking that makes no sense.
    #[error("`{constraint}` needs {needs}")]
    #[diagnostic(help("without --constraint the best one that the endpoint has is found"))]
    Impossible {
        /// The constraint.
        constraint: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// The model has no chat template.
    #[error("the model has no `chat_template`")]
    #[diagnostic(help("--format names a format of templates/formats instead"))]
    NoChatTemplate,
    /// A model's file that names the ends of an answer is damaged.
    #[error("{} does not say what ends an answer", path.display())]
    #[diagnostic(help(
        "`eos_token_id` is the id of a token or a list of such; fetch the file again"
    ))]
    GenerationConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Variables for a template that is not used.
    #[error(
        "template variables are for the model's own chat template, and format `{format}` has none"
    )]
    #[diagnostic(help("add --format own, or leave --template-var out"))]
    NoTemplateVariables {
        /// The format.
        format: String,
    },
    /// The model's template has no place for an answer behind the prompt.
    #[error(
        "the model's `chat_template` does not write an answer behind the prompt that asks for it"
    )]
    #[diagnostic(help("--format names a format of templates/formats instead"))]
    NoAssistantTurn,
    /// Nothing ends an answer.
    #[error("nothing ends an answer in format `{format}`: the tokenizer names no end of sequence")]
    #[diagnostic(help(
        "add `eos_token` to tokenizer_config.json; a model that never sees an end does not stop"
    ))]
    NoEnd {
        /// The format.
        format: String,
    },
    /// A format's special token is not in the tokenizer.
    #[error("format `{format}` needs the token `{token}`, which the tokenizer lacks")]
    #[diagnostic(help(
        "--format names another format of templates/formats; `none` gives the prompt as it is"
    ))]
    NoToken {
        /// The token.
        token: String,
        /// The format.
        format: String,
    },
    /// Two options are the same tokens to the model.
    #[error("the tokenizer writes the options `{first}` and `{second}` of item {item} alike")]
    #[diagnostic(help(
        "it cannot tell them apart, so no score could; --answer letters, texts or free asks in another way"
    ))]
    OptionsAlike {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// The item.
        item: String,
    },
    /// A letter is not in the vocabulary.
    #[error("the tokenizer does not know the option letter `{letter}`")]
    #[diagnostic(help(
        "the probability of an unknown token says nothing about an option; --answer texts scores the options' texts"
    ))]
    UnknownLetter {
        /// The letter.
        letter: String,
    },
    /// A model at an endpoint gives NaN or infinity.
    #[error("{service} gives NaN to item {item}")]
    NoNumbers {
        /// The model and its endpoint.
        service: String,
        /// The item.
        item: String,
        /// What the endpoint gave.
        #[source]
        #[diagnostic_source]
        source: CallError,
    },
    /// The model gives NaN or infinity.
    #[error(
        "{model} gives NaN or infinity to item {item} of {task} in {language}, computed in {}",
        dtype.name()
    )]
    #[diagnostic(help("{}", dtype.beyond_range()))]
    NotFinite {
        /// The item.
        item: String,
        /// Its task.
        task: Task,
        /// Its language.
        language: LanguageCode,
        /// The model.
        model: String,
        /// What the model is computed in.
        dtype: Dtype,
    },
    /// The user stopped the run.
    #[error("stopped")]
    #[diagnostic(help("the answers so far are kept: run the command again to go on"))]
    Stopped,
    /// The model's folder cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The model cannot be run.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lm(#[from] LmError),
    /// The tokenizer cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The endpoint cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
    /// A prompt template is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    /// A manifest cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
}

impl EvaluateError {
    /// The error with the item that was asked about, where it is the item's.
    pub(crate) fn about(error: ApiError, item: &str) -> Self {
        match error {
            ApiError::Call {
                service,
                source: source @ CallError::NotFinite,
            } => Self::NoNumbers {
                service,
                item: item.to_owned(),
                source,
            },
            other => other.into(),
        }
    }
}
