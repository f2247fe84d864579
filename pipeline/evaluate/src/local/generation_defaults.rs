//! What `generation_config.json` says about how answers are written.

use super::LocalModel;
use crate::EvaluateError;
use clika_base::types::Progress;
use clika_checkpoint::settings_file;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What a model's folder, or its GGUF file, says for generation.
pub(super) struct GenerationDefaults {
    /// Tokens that end an answer.
    pub(super) ends: BTreeSet<u32>,
    /// Texts that end it.
    pub(super) stop: Vec<String>,
    /// Settings by which transformers writes other texts, and that are not followed here.
    pub(super) ignored: Vec<String>,
}

/// The settings that change what transformers writes without drawing by chance, and the number at which each changes
/// nothing. Those that only act together with one of these (`length_penalty` with `num_beams`) are left out.
const CHANGING: [(&str, Option<f64>); 20] = [
    ("bad_words_ids", None),
    ("begin_suppress_tokens", None),
    ("dola_layers", None),
    ("encoder_no_repeat_ngram_size", Some(0.0)),
    ("encoder_repetition_penalty", Some(1.0)),
    ("exponential_decay_length_penalty", None),
    ("forced_bos_token_id", None),
    ("forced_eos_token_id", None),
    ("guidance_scale", Some(1.0)),
    ("min_length", Some(0.0)),
    ("min_new_tokens", Some(0.0)),
    ("no_repeat_ngram_size", Some(0.0)),
    ("num_beam_groups", Some(1.0)),
    ("num_beams", Some(1.0)),
    ("penalty_alpha", Some(0.0)),
    ("repetition_penalty", Some(1.0)),
    ("sequence_bias", None),
    ("suppress_tokens", None),
    ("token_healing", None),
    ("watermarking_config", None),
];

/// `generation_config.json`, or what stands in for it in `config.json`.
#[derive(Deserialize)]
struct File {
    eos_token_id: Option<Ids>,
    stop_strings: Option<Texts>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(i64),
    Several(Vec<i64>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Ids {
    /// The ids that a token can have; -1 stands for none.
    fn tokens(self) -> BTreeSet<u32> {
        let ids = match self {
            Self::One(id) => vec![id],
            Self::Several(ids) => ids,
        };
        ids.into_iter().flat_map(u32::try_from).collect()
    }
}

impl Texts {
    /// An empty text would end every answer before it begins.
    fn list(self) -> Vec<String> {
        let mut texts = match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        };
        texts.retain(|text| !text.is_empty());
        texts
    }
}

impl GenerationDefaults {
    /// Reads what a folder says, as transformers looks for it: in `generation_config.json`, or without that file in
    /// `config.json`; a GGUF file says it in its metadata.
    pub(super) fn read(folder: &Path) -> Result<Self, EvaluateError> {
        for name in ["generation_config.json", "config.json"] {
            let Some(text) = settings_file(folder, name)? else {
                continue;
            };
            let file: File = serde_json::from_slice(&text)
                .map_err(|source| unreadable(folder.join(name), source))?;
            return Ok(Self::of(file));
        }
        Ok(Self {
            ends: BTreeSet::new(),
            stop: Vec::new(),
            ignored: Vec::new(),
        })
    }

    fn of(file: File) -> Self {
        let is_changing = |(name, neutral): &&(&str, Option<f64>)| {
            let value = file.others.get(*name);
            value.is_some_and(|value| changes(value, *neutral))
        };
        let ignored = CHANGING.iter().filter(is_changing);
        Self {
            ends: file.eos_token_id.map_or_else(BTreeSet::new, Ids::tokens),
            stop: file.stop_strings.map_or_else(Vec::new, Texts::list),
            ignored: ignored.map(|(name, _)| (*name).to_owned()).collect(),
        }
    }
}

impl LocalModel {
    /// The settings of its `generation_config.json` by which transformers writes other answers.
    pub fn generation_ignored(&self) -> &[String] {
        &self.generation.ignored
    }

    /// Says what of its `generation_config.json` is not followed where answers are written.
    pub fn note_generation_ignored(&self, progress: &dyn Progress) {
        let ignored = self.generation_ignored();
        if !ignored.is_empty() {
            progress.note(&format!(
                "the model's generation_config.json sets {}, which clika does not follow: it always takes the \
                 likeliest token, so transformers writes other answers",
                ignored.join(", ")
            ));
        }
    }
}

/// Whether a setting does something.
fn changes(value: &Value, neutral: Option<f64>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => neutral.is_none() || number.as_f64() != neutral,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn unreadable(path: PathBuf, source: serde_json::Error) -> EvaluateError {
    EvaluateError::GenerationConfig { path, source }
}
