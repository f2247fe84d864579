//! Llama 1 to 3 and what shares its architecture (Vicuna, Alpaca, BayLing, LeoLM, Chinese-LLaMA, TinyLlama), and Mistral.

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, MlpNames, QueryKeyValue, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[
        ModelClass {
            model_type: "llama",
            classes: &["LlamaForCausalLM", "LLaMAForCausalLM"],
            defaults: config::llama,
            overlooked: &["sliding_window"],
        },
        ModelClass {
            model_type: "mistral",
            classes: &["MistralForCausalLM"],
            defaults: config::mistral,
            overlooked: &["attention_bias", "mlp_bias"],
        },
    ],
    read: config::read,
};

/// Qwen's tensors have the same names.
pub(super) const NAMES: TensorNames = TensorNames {
    prefix: "model.",
    embedding: "embed_tokens",
    embedding_norm: None,
    layer: "layers",
    norms: LayerNorms::before("input_layernorm", "post_attention_layernorm"),
    query_key_value: QueryKeyValue::Separate([
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
    ]),
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
