use super::fields::{Entries, Fields};
use crate::LmError;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The fields of PEFT's `adapter_config.json` that change results.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterConfig {
    /// `r`, the rank of all modules without a pattern.
    pub rank: usize,
    /// `lora_alpha` of all modules without a pattern.
    pub alpha: f64,
    /// Dropout in training.
    pub dropout: f64,
    /// `use_rslora`: whether the update is multiplied by alpha over the root of the rank.
    pub rslora: bool,
    /// `target_modules`; `None` for PEFT's defaults for the model's family.
    pub targets: Option<ModuleSelection>,
    /// `exclude_modules`.
    pub excluded: Option<ModuleSelection>,
    /// `layers_to_transform`; empty for all.
    pub layers: Vec<usize>,
    /// `layers_pattern`.
    pub(super) layers_pattern: Vec<String>,
    pub(super) rank_pattern: Vec<(String, usize)>,
    pub(super) alpha_pattern: Vec<(String, f64)>,
    /// `use_dora`.
    pub(super) dora: bool,
    /// `lora_bias`.
    pub(super) lora_bias: bool,
    pub(super) bias: TrainedBias,
    /// `modules_to_save`.
    pub(super) modules_to_save: Vec<String>,
    /// `ensure_weight_tying`: whether a tied head gets what the embedding gets.
    pub(super) ensure_weight_tying: bool,
    /// `trainable_token_indices`
    pub(super) trainable_tokens: Vec<TrainedTokens>,
}

/// The module, `None` for the embedding, and its rows.
type TrainedTokens = (Option<String>, Vec<usize>);

/// The modules that `target_modules` or `exclude_modules` name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ModuleSelection {
    /// A regular expression that the whole name has to match, or `all-linear`.
    Pattern(String),
    /// Whole names, or their last parts.
    List(Vec<String>),
}

/// `bias`: which biases of the base the adapter brings with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TrainedBias {
    None,
    All,
    LoraOnly,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tokens {
    OfEmbedding(Vec<usize>),
    ByModule(Entries<Vec<usize>>),
}

/// Initializations that change no weight of the base when PEFT loads the adapter.
const INITS_THAT_KEEP_THE_BASE: [&str; 4] = ["gaussian", "eva", "orthogonal", "mica"];

impl AdapterConfig {
    /// The configuration of a plain adapter: one that only adds low-rank updates to linear layers.
    pub(super) fn plain(rank: usize, alpha: f64, dropout: f64, modules: Vec<String>) -> Self {
        Self {
            rank,
            alpha,
            dropout,
            rslora: false,
            targets: Some(ModuleSelection::List(modules)),
            excluded: None,
            layers: Vec::new(),
            layers_pattern: Vec::new(),
            rank_pattern: Vec::new(),
            alpha_pattern: Vec::new(),
            dora: false,
            lora_bias: false,
            bias: TrainedBias::None,
            modules_to_save: Vec::new(),
            ensure_weight_tying: false,
            trainable_tokens: Vec::new(),
        }
    }

    pub(super) fn read(path: &Path, text: &str) -> Result<Self, LmError> {
        let fields = Fields::parse(path, text)?;
        check_init(&fields)?;
        let positive = |name: &str, rank: usize| match rank {
            0 => Err(fields.refused(name, "is 0", "an adapter needs a rank of at least 1")),
            rank => Ok(rank),
        };
        // A missing field has PEFT's default.
        let rank = fields.read("r")?.unwrap_or(8);
        let rank_pattern = entries::<usize>(&fields, "rank_pattern")?;
        for (_, rank) in &rank_pattern {
            positive("rank_pattern", *rank)?;
        }
        let config = Self {
            rank: positive("r", rank)?,
            alpha: fields.read("lora_alpha")?.unwrap_or(8.0),
            dropout: fields.read("lora_dropout")?.unwrap_or(0.0),
            rslora: fields.read("use_rslora")?.unwrap_or(false),
            targets: fields.read("target_modules")?,
            excluded: fields.read("exclude_modules")?,
            layers: one_or_more(&fields, "layers_to_transform")?,
            layers_pattern: layers_pattern(&fields)?,
            rank_pattern,
            alpha_pattern: entries(&fields, "alpha_pattern")?,
            dora: fields.read("use_dora")?.unwrap_or(false),
            lora_bias: fields.read("lora_bias")?.unwrap_or(false),
            bias: fields.read("bias")?.unwrap_or(TrainedBias::None),
            modules_to_save: fields.read("modules_to_save")?.unwrap_or(Vec::new()),
            ensure_weight_tying: fields.read("ensure_weight_tying")?.unwrap_or(false),
            trainable_tokens: tokens(&fields)?,
        };
        config.check(&fields)?;
        Ok(config)
    }

    /// Refuses what PEFT refuses to build.
    fn check(&self, fields: &Fields) -> Result<(), LmError> {
        let refused = |field, how: &str| {
            let problem = format!("is set {how}, which PEFT does not allow");
            Err(fields.refused(field, problem, "compare the file with one that PEFT wrote"))
        };
        if let Some(ModuleSelection::Pattern(_)) = self.targets {
            let together = "together with a string as `target_modules`";
            if !self.layers.is_empty() {
                return refused("layers_to_transform", together);
            }
            if !self.layers_pattern.is_empty() {
                return refused("layers_pattern", together);
            }
        }
        if !self.layers_pattern.is_empty() && self.layers.is_empty() {
            return refused("layers_pattern", "without `layers_to_transform`");
        }
        if self.dora && self.lora_bias {
            return refused("lora_bias", "together with `use_dora`");
        }
        Ok(())
    }

    /// What the update of a module of this rank and alpha is multiplied by.
    pub(super) fn scale(&self, rank: usize, alpha: f64) -> f32 {
        let rank = rank as f64;
        (alpha / if self.rslora { rank.sqrt() } else { rank }) as f32
    }

    /// The first field that makes the adapter more than plain: training supports only updates of one rank and scale.
    pub(super) fn beyond_plain(&self) -> Option<&'static str> {
        let beyond = [
            (!self.rank_pattern.is_empty(), "rank_pattern"),
            (!self.alpha_pattern.is_empty(), "alpha_pattern"),
            (self.dora, "use_dora"),
            (self.lora_bias, "lora_bias"),
            (self.bias != TrainedBias::None, "bias"),
            (!self.modules_to_save.is_empty(), "modules_to_save"),
            (!self.trainable_tokens.is_empty(), "trainable_token_indices"),
        ];
        let found = beyond.into_iter().find(|(is, _)| *is);
        found.map(|(_, field)| field)
    }

    /// The text of a plain adapter's file, for the base model `base`.
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
            "target_modules": self.targets.as_ref().map(ModuleSelection::to_json),
            "task_type": "CAUSAL_LM",
            "use_dora": false,
            "use_rslora": self.rslora,
        });
        let mut keys: Map<String, Value> = match value {
            Value::Object(keys) => keys,
            _ => unreachable!("it is an object"),
        };
        if let Some(excluded) = &self.excluded {
            keys.insert("exclude_modules".to_owned(), excluded.to_json());
        }
        if !self.layers.is_empty() {
            keys.insert("layers_to_transform".to_owned(), json!(self.layers));
        }
        if !self.layers_pattern.is_empty() {
            keys.insert("layers_pattern".to_owned(), json!(self.layers_pattern));
        }
        format!("{:#}\n", Value::Object(keys))
    }
}

impl ModuleSelection {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Pattern(pattern) => json!(pattern),
            Self::List(names) => json!(names),
        }
    }
}

/// Refuses initializations that also change the weights of the base.
fn check_init(fields: &Fields) -> Result<(), LmError> {
    let way = match fields.read::<Value>("init_lora_weights")? {
        None | Some(Value::Null | Value::Bool(_)) => return Ok(()),
        Some(Value::String(way))
            if INITS_THAT_KEEP_THE_BASE.contains(&way.to_lowercase().as_str()) =>
        {
            return Ok(());
        }
        Some(way) => way,
    };
    Err(fields.refused(
        "init_lora_weights",
        format!("is {way}: the adapter belongs to a base whose weights were changed with it"),
        "save it converted with PEFT: keep the untrained adapter, and give its folder to \
         save_pretrained(path_initial_model_for_weight_conversion=...); or merge it with PEFT and evaluate the merged \
         model",
    ))
}

fn entries<T: for<'a> Deserialize<'a>>(
    fields: &Fields,
    name: &str,
) -> Result<Vec<(String, T)>, LmError> {
    let entries = fields.read::<Entries<T>>(name)?;
    Ok(entries.map_or(Vec::new(), |entries| entries.0))
}

fn one_or_more<T: for<'a> Deserialize<'a>>(fields: &Fields, name: &str) -> Result<Vec<T>, LmError> {
    Ok(match fields.read(name)? {
        None => Vec::new(),
        Some(OneOrMore::One(one)) => vec![one],
        Some(OneOrMore::More(more)) => more,
    })
}

/// An empty string stands for any pattern, as in PEFT.
fn layers_pattern(fields: &Fields) -> Result<Vec<String>, LmError> {
    let mut patterns = one_or_more::<String>(fields, "layers_pattern")?;
    if patterns == [""] {
        patterns.clear();
    }
    Ok(patterns)
}

fn tokens(fields: &Fields) -> Result<Vec<TrainedTokens>, LmError> {
    let named = match fields.read("trainable_token_indices")? {
        None => Vec::new(),
        Some(Tokens::OfEmbedding(rows)) => vec![(None, rows)],
        Some(Tokens::ByModule(Entries(modules))) => {
            let named = modules.into_iter().map(|(name, rows)| (Some(name), rows));
            named.collect()
        }
    };
    for (_, rows) in &named {
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = rows.iter().find(|row| !seen.insert(**row)) {
            return Err(fields.refused(
                "trainable_token_indices",
                format!("names token {twice} twice"),
                "which of its rows counts is not defined",
            ));
        }
    }
    Ok(named)
}
