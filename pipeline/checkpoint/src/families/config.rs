//! `config.json` with transformers' defaults for the keys that it lacks.

use super::FAMILIES;
use crate::{Architecture, CheckpointError};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// A class of models in transformers: how config.json names it, and which defaults hold for keys that are missing.
pub(super) struct ModelClass {
    /// What `model_type` says.
    pub(super) model_type: &'static str,
    /// What `architectures` may say.
    pub(super) classes: &'static [&'static str],
    /// The keys that the class reads, with the values of transformers' configuration class where there is one;
    /// `tests/defaults.py` compares them. A key without default is not here, and has to be in the file.
    pub(super) defaults: fn() -> Value,
    /// Keys that the class does not look at, although others of its family do.
    pub(super) overlooked: &'static [&'static str],
}

/// A model's `config.json`.
pub(crate) struct ConfigFile {
    path: PathBuf,
    kind: &'static ModelClass,
    /// What the file says.
    given: Map<String, Value>,
    /// The same with the defaults.
    filled: Value,
}

/// Keys of any class that change what is computed, and what is supported instead.
const REFUSED: [(&str, &str); 2] = [
    ("quantization_config", "weights in f64, f32, f16 and bf16"),
    ("per_layer_config", "the same configuration for all layers"),
];

/// How a family reads its configuration.
type ReadFamily = fn(&ConfigFile) -> Result<Architecture, CheckpointError>;

impl ConfigFile {
    /// The configuration of a file's text, and what reads it.
    pub(super) fn parse(path: &Path, text: &str) -> Result<(Self, ReadFamily), CheckpointError> {
        let problem = |problem: String| CheckpointError::Config {
            path: path.to_owned(),
            problem,
        };
        let given: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| problem(error.to_string()))?;
        for (key, supported) in REFUSED {
            if let Some(value) = given.get(key).filter(|value| !value.is_null()) {
                return Err(CheckpointError::Option {
                    path: path.to_owned(),
                    option: format!("{key} = {value}"),
                    supported,
                });
            }
        }
        let (kind, read) = kind(&given, problem)?;
        let mut filled = given.clone();
        filled.retain(|key, _| !kind.overlooked.contains(&key.as_str()));
        if let Value::Object(defaults) = (kind.defaults)() {
            for (key, value) in defaults {
                filled.entry(key).or_insert(value);
            }
        }
        let config = Self {
            path: path.to_owned(),
            kind,
            given,
            filled: Value::Object(filled),
        };
        Ok((config, read))
    }

    /// `model_type` of the class.
    pub(super) fn kind(&self) -> &'static str {
        self.kind.model_type
    }

    /// The keys that a family knows; others are left alone. What is of another type is an error, as is a null where the
    /// class takes none.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, CheckpointError> {
        T::deserialize(&self.filled).map_err(|error| self.problem(error.to_string()))
    }

    /// What the file itself says.
    pub(super) fn given(&self, key: &str) -> Option<&Value> {
        self.given.get(key)
    }

    /// Whether the file itself has the key.
    pub(super) fn names(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> CheckpointError {
        CheckpointError::Config {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    pub(super) fn unsupported(&self, option: String, supported: &'static str) -> CheckpointError {
        CheckpointError::Option {
            path: self.path.clone(),
            option,
            supported,
        }
    }
}

/// The class that `model_type` names, as transformers has it, and `architectures` too; either may be missing.
fn kind(
    given: &Map<String, Value>,
    problem: impl Fn(String) -> CheckpointError,
) -> Result<(&'static ModelClass, ReadFamily), CheckpointError> {
    let class = match given.get("architectures") {
        None | Some(Value::Null) => None,
        Some(Value::Array(classes)) => classes.first(),
        Some(other) => return Err(problem(format!("`architectures` is {other}"))),
    };
    let text = |key: &str, value: Option<&Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(problem(format!("`{key}` is {other}"))),
    };
    let class = text("architectures", class)?;
    let model_type = text("model_type", given.get("model_type"))?;
    let unknown = |name: &str| match given.get("text_config") {
        // The text's layers have other names and keys than in a model of text alone.
        Some(_) => problem(format!(
            "{name} is a model of more than text, whose part for text is not read: take a model of text alone, such as \
             Gemma 3's 270M or 1B"
        )),
        None => CheckpointError::Architecture {
            architecture: name.to_owned(),
            supported: supported(),
        },
    };
    let find = |fits: &dyn Fn(&ModelClass) -> bool| {
        FAMILIES.iter().find_map(|family| {
            let kind = family.kinds.iter().find(|kind| fits(kind))?;
            Some((kind, family.read))
        })
    };
    let by_class = class
        .as_deref()
        .map(|class| find(&|kind| kind.classes.contains(&class)).ok_or_else(|| unknown(class)))
        .transpose()?;
    let by_type = model_type
        .as_deref()
        .map(|name| find(&|kind| kind.model_type == name).ok_or_else(|| unknown(name)))
        .transpose()?;
    match (by_class, by_type) {
        (Some((by_class, _)), Some((by_type, _))) if by_class.model_type != by_type.model_type => {
            Err(problem(format!(
                "`model_type` is {}, and `architectures` names a model of type {}",
                by_type.model_type, by_class.model_type
            )))
        }
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(unknown("(none named)")),
    }
}

/// The classes that there are, for messages.
fn supported() -> String {
    let kinds = FAMILIES.iter().flat_map(|family| family.kinds);
    let classes = kinds.flat_map(|kind| kind.classes).copied();
    let models: Vec<_> = classes.filter(|name| name.ends_with("LM")).collect();
    models.join(", ")
}
