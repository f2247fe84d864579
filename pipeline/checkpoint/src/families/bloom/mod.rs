//! BLOOM and BLOOMZ.

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, MlpNames, QueryKeyValue, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[ModelClass {
        model_type: "bloom",
        classes: &["BloomForCausalLM", "BloomModel"],
        defaults: config::bloom,
        overlooked: &[],
    }],
    read: config::read,
};

const NAMES: TensorNames = TensorNames {
    prefix: "transformer.",
    embedding: "word_embeddings",
    embedding_norm: Some("word_embeddings_layernorm"),
    layer: "h",
    norms: LayerNorms::before("input_layernorm", "post_attention_layernorm"),
    query_key_value: QueryKeyValue::ByHead("self_attention.query_key_value"),
    output: "self_attention.dense",
    mlp: MlpNames::Plain {
        up: "mlp.dense_h_to_4h",
        down: "mlp.dense_4h_to_h",
    },
    norm: "ln_f",
    head: "lm_head",
    stored_head: "lm_head",
    ignored: &["self_attention.masked_bias", "self_attention.bias"],
};
