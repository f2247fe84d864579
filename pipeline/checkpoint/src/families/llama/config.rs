use crate::{
    CheckpointError,
    architecture::{Architecture, Biases, Norm, Position},
    families::{Config, head_dim, layers, rope, silu},
};
use serde::Deserialize;

/// The keys of a Llama's or Mistral's `config.json`.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: Option<usize>,
    rms_norm_eps: f64,
    hidden_act: String,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    sliding_window: Option<usize>,
}

/// Mistral's window where the file does not mention one; null means none.
const MISTRAL_WINDOW: usize = 4096;

pub(super) fn read(config: &Config) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let head_dim = match keys.head_dim {
        Some(width) => width,
        None => head_dim(config, keys.hidden_size, keys.num_attention_heads)?,
    };
    let mistral = config.is_of("mistral");
    let window = match keys.sliding_window {
        None if mistral && config.lacks("sliding_window") => Some(MISTRAL_WINDOW),
        window => window.filter(|_| mistral),
    };
    Ok(Architecture {
        family: "llama",
        vocabulary: keys.vocab_size,
        hidden: keys.hidden_size,
        intermediate: keys.intermediate_size,
        layers,
        heads: keys.num_attention_heads,
        kv_heads: keys.num_key_value_heads.unwrap_or(keys.num_attention_heads),
        head_dim,
        context_tokens: keys.max_position_embeddings,
        norm: Norm::Rms {
            epsilon: keys.rms_norm_eps,
        },
        position: Position::Rope(rope::read(config, head_dim)?),
        windows: vec![window; layers],
        activation: silu(config, &keys.hidden_act)?,
        residual_after_norm: false,
        query_key_norm: false,
        normalized_head: false,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: keys.attention_bias,
            output: keys.attention_bias,
            mlp: keys.mlp_bias,
        },
        names: super::NAMES,
    })
}
