use crate::{
    CheckpointError,
    architecture::{Architecture, Biases, Norm, PositionEncoding, Residual},
    families::{
        ConfigFile, activation, head_dim, inverse_root, layers,
        rope::{self, RopeClass},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of a GPT-NeoX's `config.json`.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    tie_word_embeddings: bool,
    attention_bias: bool,
    use_parallel_residual: bool,
}

pub(super) fn gpt_neox() -> Value {
    json!({
        "vocab_size": 50432, "hidden_size": 6144, "intermediate_size": 24576, "num_hidden_layers": 44,
        "num_attention_heads": 64, "hidden_act": "gelu", "max_position_embeddings": 2048,
        "layer_norm_eps": 1e-5, "tie_word_embeddings": false, "attention_bias": true,
        "use_parallel_residual": true,
    })
}

const ROPE: RopeClass = RopeClass {
    theta: ("rotary_emb_base", 10_000.0),
    rotated: Some(("rotary_pct", 0.25)),
    ..rope::PLAIN
};

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let heads = keys.num_attention_heads;
    let head_dim = head_dim(config, keys.hidden_size, heads)?;
    Ok(Architecture {
        family: "gpt_neox",
        vocabulary: keys.vocab_size,
        hidden: keys.hidden_size,
        intermediate: keys.intermediate_size,
        layers,
        heads,
        kv_heads: heads,
        head_dim,
        context_tokens: config
            .names("max_position_embeddings")
            .then_some(keys.max_position_embeddings),
        norm: Norm::Layer {
            epsilon: keys.layer_norm_eps,
            bias: true,
        },
        positions: vec![PositionEncoding::Rope(rope::read(config, head_dim, &ROPE)?); layers],
        windows: vec![None; layers],
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: activation(config, "hidden_act", &keys.hidden_act)?,
        residual: if keys.use_parallel_residual {
            Residual::Parallel
        } else {
            Residual::BeforeNorm
        },
        query_key_norm: None,
        embedding_scale: None,
        normalized_head: false,
        logit_scale: None,
        logit_softcap: None,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: keys.attention_bias,
            output: keys.attention_bias,
            mlp: true,
        },
        names: super::NAMES,
    })
}
