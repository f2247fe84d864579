//! Llama 1 to 3 and what shares its architecture (Vicuna, Alpaca, BayLing, LeoLM, Chinese-LLaMA, TinyLlama), and Mistral.

mod config;

use super::Family;
use crate::architecture::{MlpNames, Names, QueryKeyValue};

pub(super) const FAMILY: Family = Family {
    names: &[
        "LlamaForCausalLM",
        "LLaMAForCausalLM",
        "MistralForCausalLM",
        "llama",
        "mistral",
    ],
    read: config::read,
};

/// Qwen's tensors have the same names.
pub(super) const NAMES: Names = Names {
    prefix: "model.",
    embedding: "embed_tokens",
    embedding_norm: None,
    layer: "layers",
    attention_norm: "input_layernorm",
    query_key_value: QueryKeyValue::Separate([
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
    ]),
    output: "self_attn.o_proj",
    mlp_norm: "post_attention_layernorm",
    mlp: MlpNames::Gated {
        gate: "mlp.gate_proj",
        up: "mlp.up_proj",
        down: "mlp.down_proj",
    },
    norm: "norm",
    head: "lm_head",
    ignored: &["rotary_emb.inv_freq"],
};
