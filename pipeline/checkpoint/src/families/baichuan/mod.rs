//! Baichuan2, 7B (rotated positions) and 13B (ALiBi).

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, MlpNames, QueryKeyValue, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[ModelClass {
        model_type: "baichuan",
        classes: &["BaichuanForCausalLM"],
        defaults: config::baichuan,
        overlooked: &[],
    }],
    read: config::read,
};

const NAMES: TensorNames = TensorNames {
    prefix: "model.",
    embedding: "embed_tokens",
    embedding_norm: None,
    layer: "layers",
    norms: LayerNorms::before("input_layernorm", "post_attention_layernorm"),
    query_key_value: QueryKeyValue::Stacked("self_attn.W_pack"),
    output: "self_attn.o_proj",
    mlp: MlpNames::Gated {
        gate: "mlp.gate_proj",
        up: "mlp.up_proj",
        down: "mlp.down_proj",
    },
    norm: "norm",
    head: "lm_head",
    stored_head: "lm_head",
    ignored: &["rotary_emb.inv_freq"],
};
