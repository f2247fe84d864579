//! `rope_theta` with `rope_scaling`, or `rope_parameters` as newer files have it.

use super::Config;
use crate::{
    CheckpointError,
    rope::{Rope, Scaling, yarn_attention_factor},
};
use serde::Deserialize;

/// The keys of `rope_scaling` and `rope_parameters`.
#[derive(Debug, Default, Deserialize)]
struct Parameters {
    rope_type: Option<String>,
    /// The older name of `rope_type`; files may have both.
    r#type: Option<String>,
    rope_theta: Option<f32>,
    factor: Option<f32>,
    low_freq_factor: Option<f32>,
    high_freq_factor: Option<f32>,
    original_max_position_embeddings: Option<f32>,
    attention_factor: Option<f32>,
    beta_fast: Option<f32>,
    beta_slow: Option<f32>,
    mscale: Option<f32>,
    mscale_all_dim: Option<f32>,
    truncate: Option<bool>,
    partial_rotary_factor: Option<f32>,
}

#[derive(Deserialize)]
struct Keys {
    rope_theta: Option<f32>,
    partial_rotary_factor: Option<f32>,
    max_position_embeddings: Option<f32>,
    original_max_position_embeddings: Option<f32>,
    rope_scaling: Option<Parameters>,
    rope_parameters: Option<Parameters>,
}

/// What `transformers` takes where a configuration names no `rope_theta`.
const DEFAULT_THETA: f32 = 10_000.0;

/// Reads how positions are rotated.
pub(super) fn read(config: &Config, head_dim: usize) -> Result<Rope, CheckpointError> {
    let keys: Keys = config.read()?;
    let given = match (keys.rope_parameters, keys.rope_scaling) {
        (Some(parameters), _) | (None, Some(parameters)) => parameters,
        (None, None) => Parameters::default(),
    };
    for rotated in [given.partial_rotary_factor, keys.partial_rotary_factor] {
        if rotated.is_some_and(|part| part != 1.0) {
            return Err(config.unsupported(
                format!("partial_rotary_factor = {rotated:?}"),
                "1.0, which rotates all dimensions",
            ));
        }
    }
    if !head_dim.is_multiple_of(2) {
        return Err(config.problem(format!("a head of odd width {head_dim} cannot be rotated")));
    }
    let need = |value: Option<f32>, key: &str| {
        value
            .filter(|value| value.is_finite() && *value > 0.0)
            .ok_or_else(|| config.problem(format!("its RoPE scaling has no positive `{key}`")))
    };
    let context = || {
        let context = given
            .original_max_position_embeddings
            .or(keys.original_max_position_embeddings)
            .or(keys.max_position_embeddings);
        need(context, "max_position_embeddings")
    };
    let factor = || need(given.factor, "factor");
    let scaling = match given.rope_type.as_deref().or(given.r#type.as_deref()) {
        None | Some("default") => Scaling::None,
        Some("linear") => Scaling::Linear { factor: factor()? },
        Some("dynamic") => Scaling::Dynamic {
            factor: factor()?,
            context: context()?,
        },
        Some("llama3") => Scaling::Llama3 {
            factor: factor()?,
            low_freq_factor: need(given.low_freq_factor, "low_freq_factor")?,
            high_freq_factor: need(given.high_freq_factor, "high_freq_factor")?,
            context: context()?,
        },
        Some("yarn") => Scaling::Yarn {
            factor: factor()?,
            attention_factor: given.attention_factor.unwrap_or_else(|| {
                yarn_attention_factor(
                    given.factor.unwrap_or(1.0),
                    given.mscale,
                    given.mscale_all_dim,
                )
            }),
            beta_fast: given.beta_fast.unwrap_or(32.0),
            beta_slow: given.beta_slow.unwrap_or(1.0),
            truncate: given.truncate.unwrap_or(true),
            context: context()?,
        },
        Some(other) => {
            return Err(config.unsupported(
                format!("rope_type = {other}"),
                "default, linear, dynamic, llama3, yarn",
            ));
        }
    };
    let theta = given
        .rope_theta
        .or(keys.rope_theta)
        .unwrap_or(DEFAULT_THETA);
    Ok(Rope {
        head_dim,
        theta: need(Some(theta), "rope_theta")?,
        scaling,
    })
}
