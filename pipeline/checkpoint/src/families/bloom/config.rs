use crate::{
    CheckpointError,
    architecture::{Activation, Architecture, Biases, Norm, Position},
    families::{Config, head_dim, layers},
};
use serde::Deserialize;

/// The keys of a BLOOM's `config.json`; the published ones spell some of them in two ways.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: Option<usize>,
    n_embed: Option<usize>,
    n_layer: Option<usize>,
    num_hidden_layers: Option<usize>,
    n_head: Option<usize>,
    num_attention_heads: Option<usize>,
    layer_norm_epsilon: f64,
    #[serde(default)]
    apply_residual_connection_post_layernorm: bool,
    /// BLOOM's embedding is the output matrix unless the file says otherwise.
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
}

const fn yes() -> bool {
    true
}

pub(super) fn read(config: &Config) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let either = |first: Option<usize>, second: Option<usize>, name: &str| {
        let value = first.or(second);
        value.ok_or_else(|| config.problem(format!("missing field `{name}`")))
    };
    let hidden = either(keys.hidden_size, keys.n_embed, "hidden_size")?;
    let layers = layers(
        config,
        either(keys.n_layer, keys.num_hidden_layers, "n_layer")?,
    )?;
    let heads = either(keys.n_head, keys.num_attention_heads, "n_head")?;
    Ok(Architecture {
        family: "bloom",
        vocabulary: keys.vocab_size,
        hidden,
        intermediate: hidden.saturating_mul(4),
        layers,
        heads,
        kv_heads: heads,
        head_dim: head_dim(config, hidden, heads)?,
        // ALiBi has no bound; the sequences of its pretraining (2,048) are named in no key that all files have.
        context_tokens: None,
        norm: Norm::Layer {
            epsilon: keys.layer_norm_epsilon,
        },
        position: Position::Alibi,
        windows: vec![None; layers],
        activation: Activation::GeluTanh,
        residual_after_norm: keys.apply_residual_connection_post_layernorm,
        query_key_norm: false,
        normalized_head: false,
        tied: keys.tie_word_embeddings,
        biases: Biases {
            query_key_value: true,
            output: true,
            mlp: true,
        },
        names: super::NAMES,
    })
}
