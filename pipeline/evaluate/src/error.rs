use clika_base::files::ArtifactError;
use clika_base::templates::TemplateError;
use clika_base::types::LanguageCode;
use clika_checkpoint::tokenizer::TokenizerError;
use clika_datasets::DatasetError;
use clika_datasets::Task;
use clika_lm::{CheckpointError, Dtype, LmError};
use clika_network::services::{ApiError, CallError};
use miette::Diagnostic;
use std::path::PathBuf;

/// Why a model cannot be scored.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum EvaluateError {
    /// The dataset is not there.
    #[error("no dataset in {}", folder.display())]
    #[diagnostic(help("`clika datasets {dataset}` builds it"))]
    NoDataset {
        /// Where it was looked for.
        folder: PathBuf,
        /// The dataset's name.
        dataset: &'static str,
    },
    /// A dataset has not the language that was asked for.
    #[error("{} has no language `{language}`", folder.display())]
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
    #[error("the endpoint supports none of the ways in which clika can ask")]
    #[diagnostic(help(
        "choose one way with --api and --constraint, and the error will say why the endpoint refuses it"
    ))]
    NoMode,
    /// The letters were to be read of a model that thinks first.
    #[error(
        "the model begins with `{thought}`: it thinks before it answers, and its first token is not a letter"
    )]
    #[diagnostic(help(
        "--constraint free with --max-tokens 4096 reads the answer after the thought; with vLLM, --fields \
         '{{\"chat_template_kwargs\": {{\"enable_thinking\": false}}}}' turns thinking off in models that allow it"
    ))]
    Thinks {
        /// How the thought begins.
        thought: String,
    },
    /// The endpoint lets two models answer under one name.
    #[error(
        "the endpoint answered as `{first}` and then as `{other}`: the answers are not all from one model"
    )]
    #[diagnostic(help(
        "name the exact model instead of an alias or a router's name; older answers are kept, and --cache names another folder"
    ))]
    SeveralModels {
        /// The model of the first answers.
        first: String,
        /// The model of a later one.
        other: String,
    },
    /// No answer comes within the tokens.
    #[error("the model was still thinking after {max_tokens} tokens, in every item of the pilot")]
    #[diagnostic(help("allow it more with --max-tokens, such as 4096"))]
    ThoughtCut {
        /// Tokens of an answer.
        max_tokens: u32,
    },
    /// The endpoint refuses a field without which something else would be measured.
    #[error("the endpoint refuses the field `{name}`")]
    #[diagnostic(help("{}", without(name)))]
    RefusedField {
        /// The field.
        name: String,
        /// How it refuses it.
        source: ApiError,
    },
    /// A way of asking that makes no sense.
    #[error("`{constraint}` needs {needs}")]
    #[diagnostic(help(
        "without --constraint, clika finds the best way that the endpoint supports"
    ))]
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
        "`eos_token_id` must be a token's id or a list of ids; fetch the file again"
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
    /// The model's template has no place for an answer after the prompt.
    #[error(
        "the model's `chat_template` does not put the answer after the prompt that asks for it"
    )]
    #[diagnostic(help("--format names a format of templates/formats instead"))]
    NoAssistantTurn,
    /// Nothing ends an answer.
    #[error("nothing ends an answer in format `{format}`: the tokenizer names no end of sequence")]
    #[diagnostic(help(
        "add `eos_token` to tokenizer_config.json; without it the model would never stop"
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
    #[error(
        "the tokenizer gives the options `{first}` and `{second}` of item {item} the same tokens"
    )]
    #[diagnostic(help(
        "no score can tell them apart; try another --answer: letters, texts or free"
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
    #[error("{service} gives NaN for item {item}")]
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
        "{model} gives NaN or infinity for item {item} of {task} in {language}, computed in {}",
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
    #[diagnostic(help("the answers so far are kept: run the command again to continue"))]
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
                source: source @ CallError::NotFinite { .. },
            } => Self::NoNumbers {
                service,
                item: item.to_owned(),
                source,
            },
            other => other.into(),
        }
    }
}

/// How a model is asked that does not take a field.
fn without(name: &str) -> String {
    match name {
        "temperature" => "the model only samples: --fields '{\"temperature\": null}' lets it, and its answers then vary from run to \
                          run"
            .to_owned(),
        "max_tokens" => {
            "--fields '{\"max_tokens\": null, \"max_completion_tokens\": 4096}' names the limit in another way".to_owned()
        }
        "logprobs" | "top_logprobs" | "response_format" | "guided_choice" | "structured_outputs"
        | "logit_bias" => {
            "without --constraint, clika finds the best way that the endpoint supports".to_owned()
        }
        name => format!("--fields '{{\"{name}\": null}}' leaves it out"),
    }
}
