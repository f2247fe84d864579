//! GPT-NeoX (Pythia, Polyglot, RedPajama-INCITE).

mod config;

use super::{Family, ModelClass};
use crate::architecture::{LayerNorms, MlpNames, QueryKeyValue, TensorNames};

pub(super) const FAMILY: Family = Family {
    kinds: &[ModelClass {
        model_type: "gpt_neox",
        classes: &["GPTNeoXForCausalLM"],
        defaults: config::gpt_neox,
        overlooked: &[],
    }],
    read: config::read,
};

const NAMES: TensorNames = TensorNames {
    prefix: "gpt_neox.",
    embedding: "embed_in",
    embedding_norm: None,
    layer: "layers",
    norms: LayerNorms::before("input_layernorm", "post_attention_layernorm"),
    query_key_value: QueryKeyValue::ByHead("attention.query_key_value"),
    output: "attention.dense",
    mlp: MlpNames::Plain {
        up: "mlp.dense_h_to_4h",
        down: "mlp.dense_4h_to_h",
    },
    norm: "final_layer_norm",
    // As transformers 5 calls the module, and so PEFT.
    head: "lm_head",
    stored_head: "embed_out",
    ignored: &[
        "attention.masked_bias",
        "attention.bias",
        "rotary_emb.inv_freq",
    ],
};
