//! Gemma 2, and the text models of Gemma 3.

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[
        ModelClass {
            model_type: "gemma2",
            classes: &["Gemma2ForCausalLM"],
            defaults: config::gemma2,
            overlooked: &["hidden_act"],
        },
        ModelClass {
            model_type: "gemma3_text",
            classes: &["Gemma3ForCausalLM"],
            defaults: config::gemma3,
            overlooked: &["hidden_act"],
        },
    ],
    read: config::read,
};

const NAMES: TensorNames = TensorNames {
    norms: LayerNorms {
        before_attention: Some("input_layernorm"),
        after_attention: Some("post_attention_layernorm"),
        before_mlp: Some("pre_feedforward_layernorm"),
        after_mlp: Some("post_feedforward_layernorm"),
    },
    ..super::llama::NAMES
};
