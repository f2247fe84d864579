//! Tokenizers and chat templates.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod chat;
mod ids;
mod model;
