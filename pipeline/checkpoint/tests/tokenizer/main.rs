//! Tokenizers and chat templates.

mod bad_input;
mod chat;
mod ids;
mod model;
