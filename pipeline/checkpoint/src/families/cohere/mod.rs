//! Cohere (Command R, Aya 23, Aya Expanse) and Cohere 2 (Command R7B, Command A).

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[
        ModelClass {
            model_type: "cohere",
            classes: &["CohereForCausalLM"],
            defaults: config::cohere,
            overlooked: &["sliding_window", "layer_types"],
        },
        ModelClass {
            model_type: "cohere2",
            classes: &["Cohere2ForCausalLM"],
            defaults: config::cohere2,
            overlooked: &["head_dim", "use_qk_norm"],
        },
    ],
    read: config::read,
};

/// Attention and MLP read the same normed states.
const NAMES: TensorNames = TensorNames {
    norms: LayerNorms {
        before_attention: Some("input_layernorm"),
        after_attention: None,
        before_mlp: None,
        after_mlp: None,
    },
    ..super::llama::NAMES
};
