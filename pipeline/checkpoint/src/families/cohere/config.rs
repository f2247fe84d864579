use crate::{
    CheckpointError,
    architecture::{Architecture, Biases, Norm, PositionEncoding, Residual},
    families::{
        ConfigFile, activation, head_dim, inverse_root, layers,
        rope::{self, RopeClass},
        windows,
    },
    rope::RopePairs,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of a Cohere's `config.json`.
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
    layer_norm_eps: f64,
    hidden_act: String,
    tie_word_embeddings: bool,
    attention_bias: bool,
    logit_scale: f64,
    /// Cohere's only.
    use_qk_norm: Option<bool>,
    /// Cohere 2's only, as are the next two.
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    sliding_window_pattern: usize,
}

pub(super) fn cohere() -> Value {
    json!({
        "vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40,
        "num_attention_heads": 64, "num_key_value_heads": null, "hidden_act": "silu",
        "max_position_embeddings": 8192, "layer_norm_eps": 1e-5, "tie_word_embeddings": true,
        "attention_bias": false, "logit_scale": 0.0625, "use_qk_norm": false, "sliding_window_pattern": 1,
    })
}

pub(super) fn cohere2() -> Value {
    json!({
        "vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40,
        "num_attention_heads": 64, "num_key_value_heads": null, "hidden_act": "silu",
        "max_position_embeddings": 8192, "layer_norm_eps": 1e-5, "tie_word_embeddings": true,
        "attention_bias": false, "logit_scale": 0.0625, "sliding_window": 4096, "layer_types": null,
        "sliding_window_pattern": 4,
    })
}

const COHERE: RopeClass = RopeClass {
    theta: ("rope_theta", 500_000.0),
    pairs: RopePairs::Neighbours,
    ..rope::PLAIN
};
const COHERE2: RopeClass = RopeClass {
    pairs: RopePairs::Neighbours,
    ..rope::PLAIN
};

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let second = config.kind() == "cohere2";
    if keys.use_qk_norm == Some(true) {
        return Err(config.unsupported(
            "use_qk_norm = true (Command R+)".to_owned(),
            "false, as in Aya and Command R",
        ));
    }
    let head_dim = match keys.head_dim {
        Some(width) => width,
        None => head_dim(config, keys.hidden_size, keys.num_attention_heads)?,
    };
    let rope = rope::read(config, head_dim, if second { &COHERE2 } else { &COHERE })?;
    let windows = match second {
        true => windows::periodic(
            config,
            keys.layer_types.as_deref(),
            layers,
            keys.sliding_window,
            keys.sliding_window_pattern,
        )?,
        false => vec![None; layers],
    };
    let of_layer = |window: &Option<usize>| match window {
        // Cohere 2 rotates in layers with a window only.
        None if second => PositionEncoding::None,
        Some(_) | None => PositionEncoding::Rope(rope.clone()),
    };
    if !keys.logit_scale.is_finite() || keys.logit_scale == 0.0 {
        return Err(config.problem(format!("`logit_scale` is {}", keys.logit_scale)));
    }
    Ok(Architecture {
        family: "cohere",
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
        norm: Norm::Layer {
            epsilon: keys.layer_norm_eps,
            bias: false,
        },
        positions: windows.iter().map(of_layer).collect(),
        windows,
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: activation(config, "hidden_act", &keys.hidden_act)?,
        residual: Residual::Parallel,
        query_key_norm: None,
        embedding_scale: None,
        normalized_head: false,
        logit_scale: Some(keys.logit_scale),
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
