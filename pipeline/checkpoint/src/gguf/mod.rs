//! GGUF: llama.cpp's files, with configuration, tokenizer and weights in one (or in numbered parts).
//!
//! What the metadata say becomes the `config.json` of the same model, so that a family reads both in one way; the
//! tensors get Hugging Face's names and arrangement.

mod blocks;
mod config;
mod file;
mod header;
mod keys;
mod kinds;
mod names;
mod value;

pub use blocks::BlockType;
pub use file::GgufFile;
pub use header::{GgufHeader, GgufProblem, GgufTensor, read_gguf_header};
pub(crate) use names::GgufChange;
pub use value::GgufValue;
