use crate::{
    CheckpointError,
    architecture::{
        Architecture, Biases, Norm, PositionEncoding, QueryKeyNorm, Residual, RmsWeight,
    },
    families::{ConfigFile, activation, head_dim, inverse_root, layers, llama, rope, windows},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of a Qwen's `config.json`.
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
    /// Qwen3's only; Qwen2 always has biases for queries, keys and values.
    attention_bias: bool,
    use_sliding_window: bool,
    sliding_window: Option<usize>,
    max_window_layers: usize,
    layer_types: Option<Vec<String>>,
}

pub(super) fn qwen2() -> Value {
    json!({
        "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 32, "hidden_act": "silu",
        "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "tie_word_embeddings": false,
        "use_sliding_window": false, "sliding_window": 4096, "max_window_layers": 28, "layer_types": null,
        "attention_bias": true,
    })
}

pub(super) fn qwen3() -> Value {
    json!({
        "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 32, "head_dim": 128, "hidden_act": "silu",
        "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "tie_word_embeddings": false,
        "use_sliding_window": false, "sliding_window": 4096, "max_window_layers": 28, "layer_types": null,
        "attention_bias": false,
    })
}

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let third = config.kind() == "qwen3";
    let head_dim = match keys.head_dim {
        Some(width) => width,
        None if config.names("head_dim") => return Err(config.problem("`head_dim` is null")),
        None => head_dim(config, keys.hidden_size, keys.num_attention_heads)?,
    };
    Ok(Architecture {
        family: "qwen",
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
            weight: RmsWeight::Rounded,
        },
        positions: vec![
            PositionEncoding::Rope(rope::read(config, head_dim, &rope::PLAIN)?);
            layers
        ],
        windows: windows(config, &keys)?,
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: activation(config, "hidden_act", &keys.hidden_act)?,
        residual: Residual::BeforeNorm,
        query_key_norm: third.then_some(QueryKeyNorm::ByHead),
        embedding_scale: None,
        normalized_head: false,
        logit_scale: None,
        logit_softcap: None,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: keys.attention_bias,
            output: third && keys.attention_bias,
            mlp: false,
        },
        names: llama::NAMES,
    })
}

/// The sliding window of each layer: named by `layer_types`, or by `max_window_layers` full layers before the others.
fn windows(config: &ConfigFile, keys: &Keys) -> Result<Vec<Option<usize>>, CheckpointError> {
    let window = keys.sliding_window.filter(|_| keys.use_sliding_window);
    match &keys.layer_types {
        Some(types) => windows::of_types(config, types, keys.num_hidden_layers, window),
        None => Ok((0..keys.num_hidden_layers)
            .map(|layer| window.filter(|_| layer >= keys.max_window_layers))
            .collect()),
    }
}
