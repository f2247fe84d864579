use crate::{
    CheckpointError,
    architecture::{Architecture, Biases, Norm, PositionEncoding, Residual, RmsWeight},
    families::{ConfigFile, activation, head_dim, inverse_root, layers, rope, windows},
};
use serde::Deserialize;
use serde_json::{Value, json};

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
    max_position_embeddings: usize,
    rms_norm_eps: f64,
    hidden_act: String,
    tie_word_embeddings: bool,
    attention_bias: bool,
    mlp_bias: bool,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
}

pub(super) fn llama() -> Value {
    json!({
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": null, "head_dim": null, "hidden_act": "silu",
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "tie_word_embeddings": false,
        "attention_bias": false, "mlp_bias": false,
    })
}

pub(super) fn mistral() -> Value {
    json!({
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": null, "hidden_act": "silu",
        "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "tie_word_embeddings": false,
        "sliding_window": 4096,
        // The class has no biases.
        "attention_bias": false, "mlp_bias": false,
    })
}

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let head_dim = match keys.head_dim {
        Some(width) => width,
        None => head_dim(config, keys.hidden_size, keys.num_attention_heads)?,
    };
    let kv_heads = match keys.num_key_value_heads {
        Some(heads) => heads,
        None if config.kind() == "mistral" => {
            return Err(config.problem("`num_key_value_heads` is null"));
        }
        None => keys.num_attention_heads,
    };
    let types = keys.layer_types.as_deref();
    Ok(Architecture {
        family: "llama",
        vocabulary: keys.vocab_size,
        hidden: keys.hidden_size,
        intermediate: keys.intermediate_size,
        layers,
        heads: keys.num_attention_heads,
        kv_heads,
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
        windows: windows::alike(config, types, layers, keys.sliding_window)?,
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: activation(config, "hidden_act", &keys.hidden_act)?,
        residual: Residual::BeforeNorm,
        query_key_norm: None,
        embedding_scale: None,
        normalized_head: false,
        logit_scale: None,
        logit_softcap: None,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: keys.attention_bias,
            output: keys.attention_bias,
            mlp: keys.mlp_bias,
        },
        names: super::NAMES,
    })
}
