//! Qwen2, Qwen2.5 and Qwen3.

mod config;

use super::{Family, ModelClass};

pub(super) const FAMILY: Family = Family {
    kinds: &[
        ModelClass {
            model_type: "qwen2",
            classes: &["Qwen2ForCausalLM"],
            defaults: config::qwen2,
            overlooked: &["attention_bias"],
        },
        ModelClass {
            model_type: "qwen3",
            classes: &["Qwen3ForCausalLM"],
            defaults: config::qwen3,
            overlooked: &[],
        },
    ],
    read: config::read,
};
