use crate::{
    CheckpointError,
    architecture::{Architecture, Biases, Norm, Position},
    families::{Config, head_dim, layers, llama, rope, silu},
};
use serde::Deserialize;

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
    max_position_embeddings: Option<usize>,
    rms_norm_eps: f64,
    hidden_act: String,
    #[serde(default)]
    tie_word_embeddings: bool,
    /// Qwen3's only; Qwen2 always has biases for queries, keys and values.
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    use_sliding_window: bool,
    sliding_window: Option<usize>,
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<String>>,
}

/// The layers with full attention where a window is used and the file does not say from where on.
const WINDOW_LAYERS: usize = 28;

pub(super) fn read(config: &Config) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    let third = config.is_of("qwen3");
    let head_dim = match keys.head_dim {
        Some(width) => width,
        // Qwen3's default, which does not follow from the hidden size.
        None if third => 128,
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
        context_tokens: keys.max_position_embeddings,
        norm: Norm::Rms {
            epsilon: keys.rms_norm_eps,
        },
        position: Position::Rope(rope::read(config, head_dim)?),
        windows: windows(config, &keys)?,
        activation: silu(config, &keys.hidden_act)?,
        residual_after_norm: false,
        query_key_norm: third,
        normalized_head: false,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: !third || keys.attention_bias,
            output: third && keys.attention_bias,
            mlp: false,
        },
        names: llama::NAMES,
    })
}

/// The sliding window of each layer: named by `layer_types`, or by `max_window_layers` full layers before the others.
fn windows(config: &Config, keys: &Keys) -> Result<Vec<Option<usize>>, CheckpointError> {
    let window = keys.sliding_window.filter(|_| keys.use_sliding_window);
    let Some(types) = &keys.layer_types else {
        let full = keys.max_window_layers.unwrap_or(WINDOW_LAYERS);
        return Ok((0..keys.num_hidden_layers)
            .map(|layer| window.filter(|_| layer >= full))
            .collect());
    };
    if types.len() != keys.num_hidden_layers {
        return Err(config.problem(format!(
            "`layer_types` names {} of {} layers",
            types.len(),
            keys.num_hidden_layers
        )));
    }
    let of_layer = |kind: &String| match kind.as_str() {
        "full_attention" => Ok(None),
        "sliding_attention" => Ok(window),
        other => Err(config.unsupported(
            format!("layer_types = {other}"),
            "full_attention, sliding_attention",
        )),
    };
    types.iter().map(of_layer).collect()
}
