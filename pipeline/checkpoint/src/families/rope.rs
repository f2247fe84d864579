//! `rope_parameters` as files have it now, or `rope_scaling` with `rope_theta` as they had it before; read as
//! transformers 5 does, which tells a key that is null from one that is missing.

use super::ConfigFile;
use crate::{
    CheckpointError,
    rope::{Rope, RopeScaling, yarn_attention_factor},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The keys that hold the parameters, and the model's context.
#[derive(Deserialize)]
struct Keys {
    rope_scaling: Option<Map<String, Value>>,
    rope_parameters: Option<Map<String, Value>>,
    max_position_embeddings: f32,
}

/// What transformers takes where a configuration names no `rope_theta`.
const DEFAULT_THETA: f32 = 10_000.0;

/// Reads how positions are rotated.
pub(super) fn read(config: &ConfigFile, head_dim: usize) -> Result<Rope, CheckpointError> {
    let keys: Keys = config.read()?;
    // The old key counts where both are there, unless it is empty.
    let given = match (keys.rope_scaling, keys.rope_parameters) {
        (Some(scaling), _) if !scaling.is_empty() => scaling,
        (Some(_) | None, Some(parameters)) => parameters,
        (Some(_) | None, None) => Map::new(),
    };
    let given = Parameters { config, given };
    given.check()?;
    if !head_dim.is_multiple_of(2) {
        return Err(config.problem(format!("a head of odd width {head_dim} cannot be rotated")));
    }
    let theta = match given.number("rope_theta")? {
        GivenNumber::Missing if config.names("rope_theta") => {
            given.positive("rope_theta", given.beside("rope_theta")?)?
        }
        GivenNumber::Missing => DEFAULT_THETA,
        named => given.positive("rope_theta", named)?,
    };
    let most = keys.max_position_embeddings;
    let scaling = match given.kind()? {
        "default" => RopeScaling::None,
        "linear" => RopeScaling::Linear {
            factor: given.need("factor")?,
        },
        "dynamic" if head_dim == 2 => {
            return Err(config.problem("a head of width 2 has no dynamic RoPE"));
        }
        "dynamic" => RopeScaling::Dynamic {
            factor: given.need("factor")?,
            // The context of the pretraining is not looked at, whether or not it is named.
            context: given.positive("max_position_embeddings", GivenNumber::Of(most))?,
        },
        "llama3" => RopeScaling::Llama3 {
            factor: given.need("factor")?,
            low_freq_factor: given.need("low_freq_factor")?,
            high_freq_factor: given.need("high_freq_factor")?,
            context: given.original_context(most)?,
        },
        "yarn" if theta == 1.0 => {
            return Err(config.problem("a `rope_theta` of 1 has no YaRN"));
        }
        "yarn" => given.yarn(most)?,
        "longrope" => given.longrope(head_dim)?,
        other => {
            return Err(config.unsupported(
                format!("rope_type = {other}"),
                "default, linear, dynamic, llama3, yarn, longrope",
            ));
        }
    };
    Ok(Rope {
        head_dim,
        theta,
        scaling,
    })
}

/// The keys of `rope_scaling` or `rope_parameters`.
struct Parameters<'a> {
    config: &'a ConfigFile,
    given: Map<String, Value>,
}

/// What stands for a number.
#[derive(Clone, Copy)]
enum GivenNumber {
    Missing,
    Null,
    Of(f32),
}

impl GivenNumber {
    fn of(value: Option<&Value>) -> Option<Self> {
        match value {
            None => Some(Self::Missing),
            Some(Value::Null) => Some(Self::Null),
            Some(value) => value.as_f64().map(|value| Self::Of(value as f32)),
        }
    }

    /// The number, where there is one that is not 0: Python takes 0 for nothing.
    fn unless_zero(self) -> Option<f32> {
        match self {
            Self::Of(value) if value != 0.0 => Some(value),
            Self::Of(_) | Self::Missing | Self::Null => None,
        }
    }
}

impl Parameters<'_> {
    /// What would be left out.
    fn check(&self) -> Result<(), CheckpointError> {
        if let Some((key, _)) = self.given.iter().find(|(_, value)| value.is_object()) {
            return Err(self.config.unsupported(
                format!("RoPE parameters of `{key}`"),
                "the same for all layers",
            ));
        }
        for rotated in [
            self.number("partial_rotary_factor")?,
            self.beside("partial_rotary_factor")?,
        ] {
            if let GivenNumber::Of(part) = rotated
                && part != 1.0
            {
                return Err(self.config.unsupported(
                    format!("partial_rotary_factor = {part}"),
                    "1.0, which rotates all dimensions",
                ));
            }
        }
        Ok(())
    }

    /// The type, which `type` named before `rope_type` did.
    fn kind(&self) -> Result<&str, CheckpointError> {
        match self.given.get("rope_type").or(self.given.get("type")) {
            None => Ok("default"),
            Some(Value::String(kind)) => Ok(kind),
            Some(other) => Err(self.config.problem(format!("`rope_type` is {other}"))),
        }
    }

    fn number(&self, key: &str) -> Result<GivenNumber, CheckpointError> {
        self.read(key, self.given.get(key))
    }

    /// A key of the configuration itself.
    fn beside(&self, key: &str) -> Result<GivenNumber, CheckpointError> {
        self.read(key, self.config.given(key))
    }

    fn read(&self, key: &str, value: Option<&Value>) -> Result<GivenNumber, CheckpointError> {
        GivenNumber::of(value).ok_or_else(|| {
            self.config
                .problem(format!("RoPE's `{key}` is not a number"))
        })
    }

    fn need(&self, key: &str) -> Result<f32, CheckpointError> {
        self.positive(key, self.number(key)?)
    }

    fn positive(&self, key: &str, number: GivenNumber) -> Result<f32, CheckpointError> {
        match number {
            GivenNumber::Of(value) if value.is_finite() && value > 0.0 => Ok(value),
            GivenNumber::Of(_) | GivenNumber::Missing | GivenNumber::Null => Err(self
                .config
                .problem(format!("its RoPE scaling has no positive `{key}`"))),
        }
    }

    /// The context of the pretraining: next to the parameters, else among them, else `most`.
    fn original_context(&self, most: f32) -> Result<f32, CheckpointError> {
        const KEY: &str = "original_max_position_embeddings";
        let context = match (self.beside(KEY)?, self.number(KEY)?) {
            (GivenNumber::Missing, GivenNumber::Missing) => GivenNumber::Of(most),
            (GivenNumber::Missing, among) => among,
            (beside, _) => beside,
        };
        self.positive(KEY, context)
    }

    /// As clika writes it for a model from GGUF; longrope proper changes its factors with the length of the text.
    fn longrope(&self, head_dim: usize) -> Result<RopeScaling, CheckpointError> {
        let [short, long] = ["short_factor", "long_factor"].map(|key| self.given.get(key));
        let attention_factor = self.number("attention_factor")?;
        if short != long || !matches!(attention_factor, GivenNumber::Of(1.0)) {
            return Err(self.config.unsupported(
                "rope_type = longrope".to_owned(),
                "the same `short_factor` and `long_factor`, with an `attention_factor` of 1",
            ));
        }
        let positive = |value: &Value| {
            let number = value.as_f64().filter(|number| *number > 0.0);
            number.map(|number| number as f32)
        };
        let list = short.and_then(Value::as_array);
        let factors: Option<Vec<f32>> = list.and_then(|list| list.iter().map(positive).collect());
        match factors {
            Some(factors) if factors.len() == head_dim / 2 => Ok(RopeScaling::Factors { factors }),
            Some(_) | None => Err(self.config.problem(format!(
                "`short_factor` is not a list of {} positive numbers",
                head_dim / 2
            ))),
        }
    }

    fn yarn(&self, most: f32) -> Result<RopeScaling, CheckpointError> {
        let context = self.original_context(most)?;
        let factor = match self.number("factor")? {
            // As DeepSeek V3 has it.
            GivenNumber::Null => most / context,
            named => self.positive("factor", named)?,
        };
        let optional = |key: &str| Ok::<_, CheckpointError>(self.number(key)?.unless_zero());
        let attention_factor = match self.number("attention_factor")? {
            GivenNumber::Of(value) if value.is_finite() => value,
            GivenNumber::Of(_) => {
                return Err(self.config.problem("`attention_factor` is infinite"));
            }
            GivenNumber::Missing | GivenNumber::Null => {
                yarn_attention_factor(factor, optional("mscale")?, optional("mscale_all_dim")?)
            }
        };
        let truncate = match self.given.get("truncate") {
            None => true,
            Some(Value::Null) => false,
            Some(Value::Bool(truncate)) => *truncate,
            Some(other) => return Err(self.config.problem(format!("`truncate` is {other}"))),
        };
        Ok(RopeScaling::Yarn {
            factor,
            attention_factor,
            beta_fast: optional("beta_fast")?.unwrap_or(32.0),
            beta_slow: optional("beta_slow")?.unwrap_or(1.0),
            truncate,
            context,
        })
    }
}
