//! Text to token ids as Hugging Face's transformers gives them, and the chat template of a model.
//!
//! "As transformers" means version 5.23, the one that `tests/reference.py` records. Where this crate differs on
//! purpose is listed at [`Tokenizer::load`].

mod added;
mod byte_level;
mod chat;
mod convert;
mod encoder;
mod error;
mod gguf;
mod jinja;
mod json;
mod merges;
mod protobuf;
mod sentencepiece;
mod settings;
mod template;
mod train;

pub use encoder::Tokenizer;
pub use error::TokenizerError;
pub(crate) use gguf::files as gguf_tokenizer_files;
pub use jinja::{JinjaError, JinjaErrorKind};
pub use protobuf::ProtobufError;
pub use template::{ChatTemplate, Message, TemplateVariables};
pub use train::train_bpe;
