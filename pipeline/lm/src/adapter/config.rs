use crate::{LmError, MlpNames, Names, QueryKeyValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Which linear layers get an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Targets {
    /// Those of the paper: queries and values, or the one matrix that holds them.
    Paper,
    /// All of the attention.
    Attention,
    /// All of attention and MLP.
    All,
}

/// A low-rank adapter (LoRA).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoraConfig {
    /// Columns of one factor and rows of the other; at least 1.
    pub rank: usize,
    /// The update is multiplied by alpha over rank.
    pub alpha: f64,
    /// The probability that a number of what goes into the adapter is left out in training.
    pub dropout: f64,
    /// What gets an adapter.
    pub targets: Targets,
}

impl Targets {
    /// The last parts of the modules' names, as PEFT's `target_modules` lists them.
    pub fn modules(self, names: &Names) -> Vec<&'static str> {
        let last = |name: &'static str| match name.rsplit_once('.') {
            Some((_, last)) => last,
            None => name,
        };
        let mut modules: Vec<&str> = match (self, names.query_key_value) {
            (Self::Paper, QueryKeyValue::Separate([query, _, value])) => vec![query, value],
            (Self::Attention | Self::All, QueryKeyValue::Separate(all)) => all.into(),
            (_, QueryKeyValue::Stacked(one) | QueryKeyValue::ByHead(one)) => vec![one],
        };
        if self != Self::Paper {
            modules.push(names.output);
        }
        if self == Self::All {
            match names.mlp {
                MlpNames::Gated { gate, up, down } => modules.extend([gate, up, down]),
                MlpNames::Plain { up, down } => modules.extend([up, down]),
            }
        }
        modules.into_iter().map(last).collect()
    }
}

/// What PEFT's `adapter_config.json` says, as far as it matters here.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterConfig {
    /// The rank.
    pub rank: usize,
    /// Alpha.
    pub alpha: f64,
    /// Dropout in training.
    pub dropout: f64,
    /// `target_modules`.
    pub modules: Vec<String>,
    /// Whether the update is multiplied by alpha over the root of the rank instead (rsLoRA).
    pub by_root: bool,
}

impl AdapterConfig {
    /// What the update is multiplied by.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.by_root { rank.sqrt() } else { rank }
    }

    /// The file's text, for the base `name`.
    pub(super) fn to_json(&self, base: &str) -> String {
        let value = json!({
            "alpha_pattern": {},
            "base_model_name_or_path": base,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "layers_pattern": null,
            "layers_to_transform": null,
            "lora_alpha": self.alpha,
            "lora_dropout": self.dropout,
            "modules_to_save": null,
            "peft_type": "LORA",
            "r": self.rank,
            "rank_pattern": {},
            "target_modules": self.modules,
            "task_type": "CAUSAL_LM",
            "use_dora": false,
            "use_rslora": self.by_root,
        });
        format!("{value:#}\n")
    }

    pub(super) fn read(path: &Path, text: &str) -> Result<Self, LmError> {
        let problem = |problem: String| LmError::Adapter {
            path: path.to_owned(),
            problem,
        };
        let keys: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| problem(error.to_string()))?;
        let unsupported = |key: &str, why: &str| Err(problem(format!("`{key}` {why}")));
        if keys.get("peft_type").and_then(Value::as_str) != Some("LORA") {
            return unsupported("peft_type", "is not LORA; other adapters are not supported");
        }
        for key in ["use_dora", "fan_in_fan_out", "lora_bias", "use_qalora"] {
            if keys.get(key).and_then(Value::as_bool) == Some(true) {
                return unsupported(key, "is not supported");
            }
        }
        for key in ["rank_pattern", "alpha_pattern"] {
            if keys
                .get(key)
                .and_then(Value::as_object)
                .is_some_and(|map| !map.is_empty())
            {
                return unsupported(key, "is not supported: all modules have one rank and alpha");
            }
        }
        for key in ["modules_to_save", "trainable_token_indices"] {
            if keys.get(key).is_some_and(|value| !value.is_null()) {
                return unsupported(key, "is not supported");
            }
        }
        if keys
            .get("bias")
            .and_then(Value::as_str)
            .is_some_and(|bias| bias != "none")
        {
            return unsupported("bias", "is not `none`; trained biases are not supported");
        }
        let number = |key: &str| {
            let value = keys.get(key).and_then(Value::as_f64);
            value.ok_or_else(|| problem(format!("`{key}` is no number")))
        };
        let modules = match keys.get("target_modules") {
            Some(Value::Array(names)) => names
                .iter()
                .map(|name| name.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>(),
            Some(Value::String(name)) => Some(vec![name.clone()]),
            Some(_) | None => None,
        };
        let rank = number("r")?;
        if rank < 1.0 || rank.fract() != 0.0 {
            return Err(LmError::Rank);
        }
        Ok(Self {
            rank: rank as usize,
            alpha: number("lora_alpha")?,
            dropout: match keys.get("lora_dropout") {
                // PEFT's default.
                None => 0.0,
                Some(_) => number("lora_dropout")?,
            },
            modules: modules.ok_or_else(|| problem("`target_modules` names nothing".to_owned()))?,
            by_root: keys.get("use_rslora").and_then(Value::as_bool) == Some(true),
        })
    }
}
