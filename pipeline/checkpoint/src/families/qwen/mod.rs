//! Qwen2, Qwen2.5 and Qwen3.

mod config;

use super::Family;

pub(super) const FAMILY: Family = Family {
    names: &["Qwen2ForCausalLM", "Qwen3ForCausalLM", "qwen2", "qwen3"],
    read: config::read,
};
