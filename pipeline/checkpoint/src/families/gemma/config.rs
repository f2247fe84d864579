use crate::{
    CheckpointError,
    architecture::{
        Architecture, Biases, Norm, PositionEncoding, QueryKeyNorm, Residual, RmsWeight,
    },
    families::{
        ConfigFile, activation, layers, positive,
        rope::{self, RopeClass},
        windows,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of a Gemma's `config.json`.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: usize,
    head_dim: usize,
    max_position_embeddings: usize,
    rms_norm_eps: f64,
    hidden_activation: String,
    tie_word_embeddings: bool,
    attention_bias: bool,
    query_pre_attn_scalar: f64,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    /// Gemma 3's only: every so many layers one sees everything.
    sliding_window_pattern: usize,
    final_logit_softcapping: Option<f64>,
    attn_logit_softcapping: Option<f64>,
    use_bidirectional_attention: Option<bool>,
}

pub(super) fn gemma2() -> Value {
    json!({
        "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
        "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 8192, "rms_norm_eps": 1e-6,
        "tie_word_embeddings": true, "attention_bias": false, "query_pre_attn_scalar": 256.0,
        "sliding_window": 4096, "layer_types": null, "sliding_window_pattern": 2,
        "final_logit_softcapping": 30.0, "attn_logit_softcapping": 50.0, "use_bidirectional_attention": null,
    })
}

pub(super) fn gemma3() -> Value {
    json!({
        "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
        "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 131072, "rms_norm_eps": 1e-6,
        "tie_word_embeddings": true, "attention_bias": false, "query_pre_attn_scalar": 256.0,
        "sliding_window": 4096, "layer_types": null, "sliding_window_pattern": 6,
        "final_logit_softcapping": null, "attn_logit_softcapping": null, "use_bidirectional_attention": false,
    })
}

/// Gemma 3's layers that see everything, and those with a window.
const FULL: RopeClass = RopeClass {
    theta: ("rope_theta", 1_000_000.0),
    ..rope::PLAIN
};
const SLIDING: RopeClass = RopeClass {
    theta: ("rope_local_base_freq", 10_000.0),
    ..rope::PLAIN
};

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let third = config.kind() == "gemma3_text";
    if keys.use_bidirectional_attention == Some(true) {
        return Err(config.unsupported(
            "use_bidirectional_attention = true".to_owned(),
            "false, so that a token sees those before it only",
        ));
    }
    if third && keys.attn_logit_softcapping.is_some() {
        // transformers 5.23 reads it and computes without it.
        return Err(config.unsupported(
            "attn_logit_softcapping in a Gemma 3".to_owned(),
            "null, as in all published models",
        ));
    }
    if keys.num_attention_heads == 0 || !keys.hidden_size.is_multiple_of(keys.num_attention_heads) {
        // As in transformers, although `head_dim` says how wide a head is.
        return Err(config.problem(format!(
            "a hidden size of {} cannot be split into {} heads",
            keys.hidden_size, keys.num_attention_heads
        )));
    }
    let scalar = positive(
        config,
        "query_pre_attn_scalar",
        Some(keys.query_pre_attn_scalar),
    )?;
    let windows = windows::periodic(
        config,
        keys.layer_types.as_deref(),
        layers,
        keys.sliding_window,
        // Gemma 2 has no such key.
        if third {
            keys.sliding_window_pattern
        } else {
            2
        },
    )?;
    let positions = if third {
        let [full, sliding] = rope::read_by_layer_type(config, keys.head_dim, &FULL, &SLIDING)?;
        let of_layer = |window: &Option<usize>| match window {
            Some(_) => PositionEncoding::Rope(sliding.clone()),
            None => PositionEncoding::Rope(full.clone()),
        };
        windows.iter().map(of_layer).collect()
    } else {
        vec![PositionEncoding::Rope(rope::read(config, keys.head_dim, &rope::PLAIN)?); layers]
    };
    Ok(Architecture {
        family: "gemma",
        vocabulary: keys.vocab_size,
        hidden: keys.hidden_size,
        intermediate: keys.intermediate_size,
        layers,
        heads: keys.num_attention_heads,
        kv_heads: keys.num_key_value_heads,
        head_dim: keys.head_dim,
        context_tokens: config
            .names("max_position_embeddings")
            .then_some(keys.max_position_embeddings),
        norm: Norm::Rms {
            epsilon: keys.rms_norm_eps,
            weight: RmsWeight::OnePlus,
        },
        positions,
        windows,
        score_scale: scalar.map_or(1.0, |scalar| scalar.powf(-0.5)),
        score_softcap: positive(
            config,
            "attn_logit_softcapping",
            keys.attn_logit_softcapping,
        )?,
        activation: activation(config, "hidden_activation", &keys.hidden_activation)?,
        residual: Residual::BeforeNorm,
        query_key_norm: third.then_some(QueryKeyNorm::ByHead),
        embedding_scale: Some((keys.hidden_size as f64).sqrt()),
        normalized_head: false,
        logit_scale: None,
        logit_softcap: positive(
            config,
            "final_logit_softcapping",
            keys.final_logit_softcapping,
        )?,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: keys.attention_bias,
            output: keys.attention_bias,
            mlp: false,
        },
        names: super::NAMES,
    })
}
