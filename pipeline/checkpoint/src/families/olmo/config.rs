use crate::{
    CheckpointError,
    architecture::{
        Architecture, Biases, Norm, PositionEncoding, QueryKeyNorm, Residual, RmsWeight,
    },
    families::{ConfigFile, activation, head_dim, inverse_root, layers, rope},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of an OLMo 2's `config.json`.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: usize,
    rms_norm_eps: f64,
    hidden_act: String,
    tie_word_embeddings: bool,
    attention_bias: bool,
}

pub(super) fn olmo2() -> Value {
    json!({
        "vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": null, "hidden_act": "silu",
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "tie_word_embeddings": false,
        "attention_bias": false,
    })
}

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let head_dim = match keys.head_dim {
        Some(width) => width,
        None => head_dim(config, keys.hidden_size, keys.num_attention_heads)?,
    };
    Ok(Architecture {
        family: "olmo",
        vocabulary: keys.vocab_size,
        hidden: keys.hidden_size,
        intermediate: keys.intermediate_size,
        layers,
        heads: keys.num_attention_heads,
        kv_heads: keys.num_key_value_heads.unwrap_or(keys.num_attention_heads),
        head_dim,
        context_tokens: config
            .names("max_position_embeddings")
            .then_some(keys.max_position_embeddings),
        norm: Norm::Rms {
            epsilon: keys.rms_norm_eps,
            weight: RmsWeight::Wide,
        },
        positions: vec![
            PositionEncoding::Rope(rope::read(config, head_dim, &rope::PLAIN)?);
            layers
        ],
        windows: vec![None; layers],
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: activation(config, "hidden_act", &keys.hidden_act)?,
        residual: Residual::BeforeNorm,
        query_key_norm: Some(QueryKeyNorm::WholeWidth),
        embedding_scale: None,
        normalized_head: false,
        logit_scale: None,
        logit_softcap: None,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: keys.attention_bias,
            output: keys.attention_bias,
            mlp: false,
        },
        names: super::NAMES,
    })
}
