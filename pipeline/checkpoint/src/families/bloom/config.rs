use crate::{
    CheckpointError,
    architecture::{Activation, Architecture, Biases, Norm, PositionEncoding, Residual},
    families::{ConfigFile, head_dim, inverse_root, layers},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of a BLOOM's `config.json`; the published ones spell some of them in two ways.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    /// Counts before `hidden_size`.
    n_embed: Option<usize>,
    n_layer: usize,
    /// Counts before `n_layer`.
    num_hidden_layers: Option<usize>,
    n_head: usize,
    /// Counts before `n_head`.
    num_attention_heads: Option<usize>,
    layer_norm_epsilon: f64,
    apply_residual_connection_post_layernorm: bool,
    slow_but_exact: bool,
    pretraining_tp: usize,
    tie_word_embeddings: bool,
}

pub(super) fn bloom() -> Value {
    json!({
        "vocab_size": 250880, "hidden_size": 64, "n_layer": 2, "n_head": 8, "layer_norm_epsilon": 1e-5,
        "apply_residual_connection_post_layernorm": false, "slow_but_exact": false, "pretraining_tp": 1,
        "tie_word_embeddings": true,
    })
}

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    if keys.slow_but_exact && keys.pretraining_tp > 1 {
        // transformers leaves out the biases of the matrices that it cuts into slices.
        return Err(config.unsupported(
            format!(
                "slow_but_exact with pretraining_tp = {}",
                keys.pretraining_tp
            ),
            "slow_but_exact = false",
        ));
    }
    let hidden = keys.n_embed.unwrap_or(keys.hidden_size);
    let layers = layers(config, keys.num_hidden_layers.unwrap_or(keys.n_layer))?;
    let heads = keys.num_attention_heads.unwrap_or(keys.n_head);
    let head_dim = head_dim(config, hidden, heads)?;
    Ok(Architecture {
        family: "bloom",
        vocabulary: keys.vocab_size,
        hidden,
        intermediate: hidden.saturating_mul(4),
        layers,
        heads,
        kv_heads: heads,
        head_dim,
        // ALiBi has no bound; the sequences of its pretraining (2,048) are named in no key that all files have.
        context_tokens: None,
        norm: Norm::Layer {
            epsilon: keys.layer_norm_epsilon,
            bias: true,
        },
        positions: vec![PositionEncoding::Alibi; layers],
        windows: vec![None; layers],
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: Activation::GeluTanh,
        residual: if keys.apply_residual_connection_post_layernorm {
            Residual::AfterNorm
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
            query_key_value: true,
            output: true,
            mlp: true,
        },
        names: super::NAMES,
    })
}
