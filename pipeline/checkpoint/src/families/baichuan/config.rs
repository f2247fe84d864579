use crate::{
    CheckpointError,
    architecture::{Architecture, Biases, Norm, PositionEncoding, Residual, RmsWeight},
    families::{ConfigFile, activation, head_dim, inverse_root, layers, rope},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The keys of a Baichuan2's `config.json`.
#[derive(Deserialize)]
struct Keys {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    /// Only the 7B model, which rotates positions, has it.
    max_position_embeddings: Option<usize>,
    /// The 13B model's context.
    model_max_length: Option<usize>,
    rms_norm_eps: f64,
    hidden_act: String,
    tie_word_embeddings: bool,
}

/// transformers has no such class: what the model's own code leaves out is not guessed, but for an embedding that is no
/// output matrix, as in both published models.
pub(super) fn baichuan() -> Value {
    json!({ "tie_word_embeddings": false })
}

/// The vocabulary of Baichuan 1, whose output matrix is plain.
const FIRST_VOCABULARY: usize = 64_000;

pub(super) fn read(config: &ConfigFile) -> Result<Architecture, CheckpointError> {
    let keys: Keys = config.read()?;
    let layers = layers(config, keys.num_hidden_layers)?;
    if keys.vocab_size == FIRST_VOCABULARY {
        return Err(config.unsupported(
            format!("vocab_size = {FIRST_VOCABULARY} (Baichuan 1)"),
            "Baichuan2, whose vocabulary is 125696",
        ));
    }
    let head_dim = head_dim(config, keys.hidden_size, keys.num_attention_heads)?;
    // Both models name the same class; the key is what tells them apart.
    let position = match keys.max_position_embeddings {
        Some(_) => PositionEncoding::Rope(rope::read(config, head_dim, &rope::PLAIN)?),
        None => PositionEncoding::Alibi,
    };
    Ok(Architecture {
        family: "baichuan",
        vocabulary: keys.vocab_size,
        hidden: keys.hidden_size,
        intermediate: keys.intermediate_size,
        layers,
        heads: keys.num_attention_heads,
        kv_heads: keys.num_attention_heads,
        head_dim,
        context_tokens: keys.max_position_embeddings.or(keys.model_max_length),
        norm: Norm::Rms {
            epsilon: keys.rms_norm_eps,
            weight: RmsWeight::Rounded,
        },
        positions: vec![position; layers],
        windows: vec![None; layers],
        score_scale: inverse_root(head_dim),
        score_softcap: None,
        activation: activation(config, "hidden_act", &keys.hidden_act)?,
        residual: Residual::BeforeNorm,
        query_key_norm: None,
        embedding_scale: None,
        normalized_head: true,
        logit_scale: None,
        logit_softcap: None,
        tied: keys.tie_word_embeddings,
        biases: Biases::default(),
        names: super::NAMES,
    })
}
