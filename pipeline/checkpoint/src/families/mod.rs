//! Model families: a folder each, which translates `config.json` into an [`Architecture`].

mod baichuan;
mod bloom;
mod llama;
mod qwen;
mod rope;

use crate::{Architecture, CheckpointError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A family's entry in the registry.
struct Family {
    /// What `architectures` of a configuration names, or `model_type` where that is missing.
    names: &'static [&'static str],
    /// Reads the configuration.
    read: fn(&Config) -> Result<Architecture, CheckpointError>,
}

const FAMILIES: &[Family] = &[llama::FAMILY, qwen::FAMILY, bloom::FAMILY, baichuan::FAMILY];

/// A model's `config.json`.
pub(crate) struct Config {
    path: PathBuf,
    value: Value,
}

impl Config {
    /// The keys that a family knows; others are left alone.
    fn read<T: DeserializeOwned>(&self) -> Result<T, CheckpointError> {
        T::deserialize(&self.value).map_err(|error| self.problem(error.to_string()))
    }

    fn problem(&self, problem: impl Into<String>) -> CheckpointError {
        CheckpointError::Config {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    fn unsupported(&self, option: String, supported: &'static str) -> CheckpointError {
        CheckpointError::Option {
            path: self.path.clone(),
            option,
            supported,
        }
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is not there at all, not even as null.
    fn lacks(&self, key: &str) -> bool {
        self.value.get(key).is_none()
    }

    /// The class of the model, else its type: what decides the family.
    fn kind(&self) -> Option<&str> {
        let class = self
            .get("architectures")
            .and_then(|classes| classes[0].as_str());
        class.or_else(|| self.get("model_type").and_then(Value::as_str))
    }

    /// Whether the class or type begins so, without regard to case.
    fn is_of(&self, kind: &str) -> bool {
        self.kind()
            .is_some_and(|name| name.to_lowercase().starts_with(kind))
    }
}

/// Reads the architecture of the model in `folder`.
pub fn read_architecture(folder: &Path) -> Result<Architecture, CheckpointError> {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|source| CheckpointError::Read {
        path: path.clone(),
        source,
    })?;
    parse_architecture(&path, &text)
}

/// The architecture that a configuration's text describes; `path` is named in errors.
pub fn parse_architecture(path: &Path, text: &str) -> Result<Architecture, CheckpointError> {
    let value: Value = serde_json::from_str(text).map_err(|error| CheckpointError::Config {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    let config = Config {
        path: path.to_owned(),
        value,
    };
    if let Some(quantization) = config.get("quantization_config") {
        return Err(config.unsupported(
            format!("quantization_config = {quantization}"),
            "weights in f32, f16 and bf16",
        ));
    }
    let kind = config.kind();
    let family = FAMILIES
        .iter()
        .find(|family| kind.is_some_and(|kind| family.names.contains(&kind)));
    let Some(family) = family else {
        let known: Vec<_> = FAMILIES
            .iter()
            .flat_map(|family| family.names)
            .copied()
            .filter(|name| name.ends_with("LM"))
            .collect();
        return Err(CheckpointError::Architecture {
            architecture: kind.unwrap_or("(none named)").to_owned(),
            supported: known.join(", "),
        });
    };
    let architecture = (family.read)(&config)?;
    check(&config, &architecture)?;
    Ok(architecture)
}

/// What would end in a panic or in nonsense later.
fn check(config: &Config, architecture: &Architecture) -> Result<(), CheckpointError> {
    /// Far above every model, far below what would overflow when multiplied.
    const MOST: usize = 1 << 24;
    for (key, value) in [
        ("vocab_size", architecture.vocabulary),
        ("hidden_size", architecture.hidden),
        ("intermediate_size", architecture.intermediate),
        ("num_attention_heads", architecture.heads),
        ("num_key_value_heads", architecture.kv_heads),
        ("head_dim", architecture.head_dim),
    ] {
        if value == 0 || value > MOST {
            return Err(config.problem(format!("`{key}` is {value}")));
        }
    }
    if !architecture.heads.is_multiple_of(architecture.kv_heads) {
        return Err(config.problem(format!(
            "{} attention heads cannot share {} key-value heads",
            architecture.heads, architecture.kv_heads
        )));
    }
    if architecture.windows.contains(&Some(0)) {
        return Err(config.problem("`sliding_window` is 0"));
    }
    Ok(())
}

/// A number of layers of which lists can be made.
fn layers(config: &Config, layers: usize) -> Result<usize, CheckpointError> {
    /// Far above every model.
    const MOST: usize = 100_000;
    if layers == 0 || layers > MOST {
        return Err(config.problem(format!("`num_hidden_layers` is {layers}")));
    }
    Ok(layers)
}

/// The width of a head that is not named.
fn head_dim(config: &Config, hidden: usize, heads: usize) -> Result<usize, CheckpointError> {
    if heads == 0 || !hidden.is_multiple_of(heads) {
        return Err(config.problem(format!(
            "a hidden size of {hidden} cannot be split into {heads} heads"
        )));
    }
    Ok(hidden / heads)
}

/// The one activation that gated families use.
fn silu(config: &Config, activation: &str) -> Result<crate::Activation, CheckpointError> {
    match activation {
        "silu" | "swish" => Ok(crate::Activation::Silu),
        other => Err(config.unsupported(format!("hidden_act = {other}"), "silu")),
    }
}
