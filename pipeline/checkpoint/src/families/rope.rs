//! `rope_parameters` as files have it now, or `rope_scaling` with `rope_theta` as they had it before; read as
//! transformers 5 does, which tells a key that is null from one that is missing.

use super::ConfigFile;
use crate::{
    CheckpointError,
    rope::{Rope, RopePairs, RopeScaling, yarn_attention_factor},
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

/// What a class has of its own.
pub(super) struct RopeClass {
    /// The key next to the parameters that names the base, and transformers' value where neither does.
    pub(super) theta: (&'static str, f32),
    /// The key that names the rotated part of a head, and transformers' value; `None` where all of it is.
    pub(super) rotated: Option<(&'static str, f64)>,
    pub(super) pairs: RopePairs,
}

/// Llama's and most others'.
pub(super) const PLAIN: RopeClass = RopeClass {
    theta: ("rope_theta", 10_000.0),
    rotated: None,
    pairs: RopePairs::Halves,
};

/// Reads how positions are rotated, in all layers alike.
pub(super) fn read(
    config: &ConfigFile,
    head_dim: usize,
    class: &RopeClass,
) -> Result<Rope, CheckpointError> {
    let keys: Keys = config.read()?;
    // The old key counts where both are there, unless it is empty.
    let given = match (keys.rope_scaling, keys.rope_parameters) {
        (Some(scaling), _) if !scaling.is_empty() => scaling,
        (Some(_) | None, Some(parameters)) => parameters,
        (Some(_) | None, None) => Map::new(),
    };
    Parameters { config, given }.rope(keys.max_position_embeddings, head_dim, class)
}

/// Reads how positions are rotated in layers that see everything, and in those with a window (Gemma 3).
pub(super) fn read_by_layer_type(
    config: &ConfigFile,
    head_dim: usize,
    full: &RopeClass,
    sliding: &RopeClass,
) -> Result<[Rope; 2], CheckpointError> {
    let keys: Keys = config.read()?;
    let mut given = keys.rope_parameters.unwrap_or_default();
    let mut of_type = |name: &str| match given.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(parameters)) => Ok(parameters),
        Some(other) => Err(config.problem(format!("RoPE's `{name}` is {other}"))),
    };
    let (mut of_full, of_sliding) = (of_type("full_attention")?, of_type("sliding_attention")?);
    if let Some(key) = given.keys().next() {
        return Err(config.unsupported(
            format!("rope_parameters with `{key}`"),
            "parameters of full_attention and of sliding_attention",
        ));
    }
    // The old key holds for the layers that see everything.
    of_full.extend(keys.rope_scaling.unwrap_or_default());
    let most = keys.max_position_embeddings;
    let rope = |given, class| Parameters { config, given }.rope(most, head_dim, class);
    Ok([rope(of_full, full)?, rope(of_sliding, sliding)?])
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
    /// The rotation; `most` is the model's context.
    fn rope(&self, most: f32, head_dim: usize, class: &RopeClass) -> Result<Rope, CheckpointError> {
        let config = self.config;
        self.check(class)?;
        let width = self.rotated_width(head_dim, class)?;
        if !width.is_multiple_of(2) {
            return Err(config.problem(format!("a head of odd width {width} cannot be rotated")));
        }
        let (key, default) = class.theta;
        let theta = match self.number("rope_theta")? {
            GivenNumber::Missing if config.names(key) => self.positive(key, self.beside(key)?)?,
            GivenNumber::Missing => default,
            named => self.positive("rope_theta", named)?,
        };
        let scaling = match self.kind()? {
            "default" => RopeScaling::None,
            "linear" => RopeScaling::Linear {
                factor: self.need("factor")?,
            },
            "dynamic" if width == 2 => {
                return Err(config.problem("a head of width 2 has no dynamic RoPE"));
            }
            "dynamic" => RopeScaling::Dynamic {
                factor: self.need("factor")?,
                // The context of the pretraining is not looked at, whether or not it is named.
                context: self.positive("max_position_embeddings", GivenNumber::Of(most))?,
            },
            "llama3" => RopeScaling::Llama3 {
                factor: self.need("factor")?,
                low_freq_factor: self.need("low_freq_factor")?,
                high_freq_factor: self.need("high_freq_factor")?,
                context: self.original_context(most)?,
            },
            "yarn" if theta == 1.0 => {
                return Err(config.problem("a `rope_theta` of 1 has no YaRN"));
            }
            "yarn" => self.yarn(most)?,
            "longrope" => self.longrope(width)?,
            other => {
                return Err(config.unsupported(
                    format!("rope_type = {other}"),
                    "default, linear, dynamic, llama3, yarn, longrope",
                ));
            }
        };
        Ok(Rope {
            width,
            pairs: class.pairs,
            theta,
            scaling,
        })
    }

    /// How many numbers of a head are rotated.
    fn rotated_width(&self, head_dim: usize, class: &RopeClass) -> Result<usize, CheckpointError> {
        const KEY: &str = "partial_rotary_factor";
        let Some((key, default)) = class.rotated else {
            return Ok(head_dim);
        };
        let part = match (self.given.get(KEY), self.config.given(key)) {
            (None, None) => Some(default),
            (Some(value), _) | (None, Some(value)) => value.as_f64(),
        };
        // As Python rounds: towards 0.
        let width = part.map_or(0.0, |part| (head_dim as f64 * part).trunc());
        if width < 2.0 || width > head_dim as f64 {
            return Err(self.config.problem(format!(
                "`{key}` does not say which part of a head of width {head_dim} is rotated"
            )));
        }
        Ok(width as usize)
    }

    /// What would be left out.
    fn check(&self, class: &RopeClass) -> Result<(), CheckpointError> {
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
                && class.rotated.is_none()
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
    fn longrope(&self, width: usize) -> Result<RopeScaling, CheckpointError> {
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
            Some(factors) if factors.len() == width / 2 => Ok(RopeScaling::Factors { factors }),
            Some(_) | None => Err(self.config.problem(format!(
                "`short_factor` is not a list of {} positive numbers",
                width / 2
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
