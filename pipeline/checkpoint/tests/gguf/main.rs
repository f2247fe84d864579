//! GGUF files that PyPI's `gguf` wrote, and what it, transformers and llama.cpp make of them; `reference.py` and
//! `tokenizer_reference.py` in this folder recorded that.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod models;
mod tokenizers;
mod types;
mod writer;

use std::path::{Path, PathBuf};

/// A file of the fixtures.
fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gguf/fixtures");
    fixtures.join(name)
}
