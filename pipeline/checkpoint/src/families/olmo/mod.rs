//! OLMo 2.

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[ModelClass {
        model_type: "olmo2",
        classes: &["Olmo2ForCausalLM"],
        defaults: config::olmo2,
        overlooked: &[],
    }],
    read: config::read,
};

const NAMES: TensorNames = TensorNames {
    norms: LayerNorms {
        before_attention: None,
        after_attention: Some("post_attention_layernorm"),
        before_mlp: None,
        after_mlp: Some("post_feedforward_layernorm"),
    },
    ..super::llama::NAMES
};
