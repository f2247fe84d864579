use crate::CheckpointError;
use crate::tokenizer::jinja::JinjaError;
use crate::tokenizer::protobuf::ProtobufError;
use miette::Diagnostic;
use std::path::PathBuf;

/// Why text cannot be turned into token ids, or a conversation into text.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum TokenizerError {
    /// A folder without a tokenizer.
    #[error("no tokenizer in {}: it has neither {}", folder.display(), looked_for.join(" nor "))]
    #[diagnostic(help(
        "name the folder with the model's config.json and its tokenizer; tiktoken files cannot be read, but \
         transformers' save_pretrained converts them to tokenizer.json"
    ))]
    NoFiles {
        /// The folder.
        folder: PathBuf,
        /// The files that would do.
        looked_for: Vec<&'static str>,
    },
    /// The GGUF file that has the tokenizer cannot be read, or its keys are wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A kind of tokenizer, or a rule of one, that is not known.
    #[error("{}: `{option}` is not supported", path.display())]
    #[diagnostic(help("supported are {supported}"))]
    UnsupportedKey {
        /// The file.
        path: PathBuf,
        /// The key and its value.
        option: String,
        /// What there is.
        supported: String,
    },
    /// A text has a byte that no token stands for.
    #[error("the vocabulary has no token for the byte {byte:#04X}")]
    #[diagnostic(help(
        "a SentencePiece vocabulary has a token for each byte, `<0x00>` to `<0xFF>`; this one cannot write the text"
    ))]
    NoByte {
        /// The byte.
        byte: u8,
    },
    /// A file that is there cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check that it is a file of UTF-8 text that you may read"))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `vocab.json` and `merges.txt` of a class whose rules are not known.
    #[error(
        "{} has vocab.json and merges.txt, and {}", folder.display(),
        match class {
            Some(class) => format!("their class `{class}` is not supported"),
            None => "no tokenizer_class says how to split text".to_owned(),
        }
    )]
    #[diagnostic(help(
        "supported are GPT2Tokenizer and Qwen2Tokenizer; transformers' save_pretrained writes a tokenizer.json, \
         which clika prefers"
    ))]
    SlowClass {
        /// The folder.
        folder: PathBuf,
        /// The class that the files name.
        class: Option<String>,
    },
    /// A file is no JSON, or not the JSON that belongs there.
    #[error("{} does not have the form that transformers writes", path.display())]
    #[diagnostic(help(
        "fetch the file again; a Git LFS pointer or a cut download looks like this"
    ))]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A `tokenizer.json` that merges what its vocabulary does not have.
    #[error("{} merges `{left}` and `{right}`, but `{missing}` is not in its vocabulary", path.display())]
    #[diagnostic(help("vocabulary and merges do not belong together; fetch the file again"))]
    Merge {
        /// The file.
        path: PathBuf,
        /// The left token.
        left: String,
        /// The right token.
        right: String,
        /// The one of the three that is missing.
        missing: String,
    },
    /// A line of `merges.txt` that is not a pair.
    #[error("{} has the line `{line}`, which is not a pair of tokens", path.display())]
    #[diagnostic(help("fetch the file again; a line is two tokens with a space between them"))]
    MergeLine {
        /// The file.
        path: PathBuf,
        /// The line.
        line: String,
    },
    /// A tokenizer that the `tokenizers` library refuses.
    #[error("{} is not a usable tokenizer", path.display())]
    #[diagnostic(help("if transformers can load it, please report this"))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A `tokenizer.model` that is not a SentencePiece model, or a cut one.
    #[error("{} is not a SentencePiece model", path.display())]
    #[diagnostic(help(
        "fetch the file again; if it is a tiktoken file, use the model's tokenizer.json instead"
    ))]
    SentencePiece {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: ProtobufError,
    },
    /// A SentencePiece model that asks for what is not supported.
    #[error("{} {feature}, which is not supported", path.display())]
    #[diagnostic(help(
        "a tokenizer.json in the same folder is used instead: transformers' save_pretrained writes one"
    ))]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it does.
        feature: &'static str,
    },
    /// A token is declared with an id that it does not have.
    #[error(
        "{} declares the token `{token}` as {declared}, but it is {actual}",
        folder.display()
    )]
    #[diagnostic(help(
        "added_tokens_decoder in tokenizer_config.json, or added_tokens.json, belongs to another vocabulary"
    ))]
    AddedToken {
        /// The model's folder.
        folder: PathBuf,
        /// The token.
        token: String,
        /// The id in the file.
        declared: u32,
        /// The id that it has.
        actual: u32,
    },
    /// A text has a token that the model has no embedding of.
    #[error(
        "the model has no embedding of the token `{token}`: its id is {id}, and there are {rows} rows for the tokenizer's \
         {tokens} tokens"
    )]
    #[diagnostic(help(
        "tokens were added to the tokenizer without resizing the model, or the two belong to different models; ask \
         without this token"
    ))]
    NoRow {
        /// The token.
        token: String,
        /// Its id.
        id: u32,
        /// One more than the largest id of the tokenizer.
        tokens: usize,
        /// The rows of the embedding.
        rows: usize,
    },
    /// A special token's id in a tokenizer.json is not a token's.
    #[error("no token has the id {id}; the vocabulary ends before {vocabulary}")]
    #[diagnostic(help("check that the ids come from this model's tokenizer"))]
    NoToken {
        /// The id.
        id: u32,
        /// One more than the largest id.
        vocabulary: usize,
    },
    /// A text cannot be encoded, or ids not be decoded.
    #[error("the tokenizer fails")]
    #[diagnostic(help(
        "its files may not belong together; check whether transformers can tokenize the same text"
    ))]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Several chat templates, none of them the default one.
    #[error("{} has the chat templates {}, and none is called `default`", path.display(), names.join(", "))]
    #[diagnostic(help(
        "rename the one to use, or write it to chat_template.jinja in the same folder; another prompt format needs no chat \
         template"
    ))]
    NoDefaultTemplate {
        /// The file.
        path: PathBuf,
        /// The names.
        names: Vec<String>,
    },
    /// A chat template that is not a template, or refuses the conversation.
    #[error("the chat template in {} fails", path.display())]
    #[diagnostic(help(
        "many templates require user and assistant to alternate, and some allow no system message; another prompt format needs \
         no chat template"
    ))]
    Template {
        /// The file.
        path: PathBuf,
        /// The line, and the template's own message or what is not supported.
        source: JinjaError,
    },
    /// A variable for a chat template that it has no use for.
    #[error("the variable `{name}` for the chat template in {} {problem}", path.display())]
    #[diagnostic(help(
        "see the template for the names that it reads, such as enable_thinking, or leave the variable out"
    ))]
    TemplateVariable {
        /// The file.
        path: PathBuf,
        /// The variable.
        name: String,
        /// Why not.
        problem: &'static str,
    },
}
