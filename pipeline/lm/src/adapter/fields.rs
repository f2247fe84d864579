//! Which fields of PEFT's `adapter_config.json` are supported.
//!
//! PEFT drops an unknown field with a warning, and a loader that does not know a field computes something else than PEFT
//! without a word. So each field has its line here, and a field without one is refused.

use crate::LmError;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::{fmt, marker::PhantomData, path::Path};

/// How a field of `adapter_config.json` is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldSupport {
    /// It does the same as in PEFT.
    Supported,
    /// It changes no result, and is not read.
    Ignored,
    /// It is not supported: only these values are accepted, which switch it off.
    OnlyOff(&'static [&'static str]),
}

/// A field of `adapter_config.json`.
#[derive(Clone, Copy, Debug)]
pub struct AdapterField {
    /// Its name.
    pub name: &'static str,
    /// How it is supported.
    pub support: FieldSupport,
    /// Why, or what to do where it is refused.
    pub note: &'static str,
}

const NO_OTHER_BASE: &str = "use the base that the adapter was trained on, or merge the adapter with PEFT and evaluate the merged model";
const MERGE: &str = "merge the adapter with PEFT (merge_and_unload) and evaluate the merged model";

/// The fields of PEFT 0.21.2, and two that the first versions wrote.
pub const FIELDS: &[AdapterField] = &[
    supported("peft_type", "LORA; other kinds are refused"),
    supported("r", "the rank"),
    supported(
        "lora_alpha",
        "the update is multiplied by alpha over the rank",
    ),
    supported("use_rslora", "alpha over the root of the rank"),
    supported(
        "rank_pattern",
        "ranks of single modules; the first pattern that matches decides",
    ),
    supported(
        "alpha_pattern",
        "alphas of single modules; the first pattern that matches decides",
    ),
    supported(
        "target_modules",
        "names, a regular expression or all-linear",
    ),
    supported("exclude_modules", "names or a regular expression"),
    supported(
        "layers_to_transform",
        "with a list of target_modules only, as in PEFT",
    ),
    supported("layers_pattern", "what stands before the number of a layer"),
    supported(
        "use_dora",
        "magnitudes of rows (of columns in an embedding)",
    ),
    supported("lora_bias", "a bias of lora_B"),
    supported("bias", "trained biases of the base"),
    supported("modules_to_save", "modules that are replaced as a whole"),
    supported(
        "trainable_token_indices",
        "rows of embedding or head that are replaced",
    ),
    supported(
        "ensure_weight_tying",
        "a tied head gets what the embedding gets",
    ),
    supported("lora_dropout", "in training only"),
    supported(
        "init_lora_weights",
        "values that leave the base as it is; others are refused",
    ),
    ignored(
        "fan_in_fan_out",
        "these models have no layer that stores its weight transposed",
    ),
    ignored("auto_mapping", "class names"),
    ignored("base_model_name_or_path", "the name of the base"),
    ignored("revision", "of the base"),
    ignored("task_type", "what for"),
    ignored("inference_mode", "whether PEFT freezes it"),
    ignored("peft_version", "who wrote it"),
    ignored("runtime_config", "PEFT does not read it from a file"),
    ignored("megatron_core", "read with megatron_config only"),
    ignored("qalora_group_size", "read with use_qalora only"),
    ignored("loftq_config", "read with init_lora_weights = loftq only"),
    ignored("eva_config", "first values, which training has replaced"),
    ignored("corda_config", "read with init_lora_weights = corda only"),
    ignored(
        "lora_ga_config",
        "read with init_lora_weights = lora_ga only",
    ),
    only_off(
        "alora_invocation_tokens",
        NULL,
        "it works from the invocation tokens on; evaluate it with PEFT",
    ),
    only_off("layer_replication", NULL, NO_OTHER_BASE),
    only_off("target_parameters", NULL, MERGE),
    only_off("megatron_config", NULL, MERGE),
    only_off(
        "use_qalora",
        FALSE,
        "it belongs to a quantized base; evaluate it with PEFT",
    ),
    only_off("velora_config", NULL, MERGE),
    only_off(
        "monteclora_config",
        NULL,
        "it samples; evaluate it with PEFT",
    ),
    only_off("use_bdlora", NULL, MERGE),
    only_off(
        "arrow_config",
        NULL,
        "it mixes several adapters; evaluate it with PEFT",
    ),
    only_off("kasa_config", NULL, MERGE),
    // Of PEFT before 0.3.
    only_off("enable_lora", NULL, MERGE),
    only_off("merge_weights", FALSE, MERGE),
];

const NULL: &[&str] = &["null", "[]"];
const FALSE: &[&str] = &["false", "null"];

const fn supported(name: &'static str, note: &'static str) -> AdapterField {
    let support = FieldSupport::Supported;
    AdapterField {
        name,
        support,
        note,
    }
}

const fn ignored(name: &'static str, note: &'static str) -> AdapterField {
    let support = FieldSupport::Ignored;
    AdapterField {
        name,
        support,
        note,
    }
}

const fn only_off(
    name: &'static str,
    values: &'static [&'static str],
    note: &'static str,
) -> AdapterField {
    let support = FieldSupport::OnlyOff(values);
    AdapterField {
        name,
        support,
        note,
    }
}

/// The fields of a file, each of which has its line in [`FIELDS`] and is not refused by it.
pub(super) struct Fields<'a> {
    path: &'a Path,
    entries: Entries<Box<RawValue>>,
}

impl<'a> Fields<'a> {
    pub(super) fn parse(path: &'a Path, text: &str) -> Result<Self, LmError> {
        let mut fields = Self {
            path,
            entries: Entries(Vec::new()),
        };
        fields.entries = serde_json::from_str(text).map_err(|error| fields.damaged(&error))?;
        // Another kind of adapter has other fields: what it is, is the better message.
        let kind: Option<String> = fields.read("peft_type")?;
        if kind.as_deref() != Some("LORA") {
            let kind = kind.as_deref().unwrap_or("missing");
            let help = format!("clika reads adapters of the type LORA; {MERGE}");
            return Err(fields.refused("peft_type", format!("is {kind}"), help));
        }
        for (name, value) in &fields.entries.0 {
            let value = serde_json::from_str(value.get());
            fields.check(name, &value.map_err(|error| fields.damaged(&error))?)?;
        }
        Ok(fields)
    }

    fn check(&self, name: &str, value: &Value) -> Result<(), LmError> {
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            return Err(self.refused(
                name,
                "is not known",
                "it may change what the adapter computes: merge the adapter with the program that wrote it and evaluate \
                 the merged model; if it changes nothing, delete it",
            ));
        };
        let FieldSupport::OnlyOff(values) = field.support else {
            return Ok(());
        };
        if values.contains(&value.to_string().as_str()) {
            return Ok(());
        }
        Err(self.refused(
            name,
            format!("is {value}, which is not supported"),
            field.note,
        ))
    }

    /// A field's value; none where it is missing or null.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, LmError> {
        let Some((_, value)) = self.entries.0.iter().find(|(key, _)| key == name) else {
            return Ok(None);
        };
        serde_json::from_str(value.get()).map_err(|error| {
            let problem = format!("is {}, which cannot be read: {error}", value.get());
            self.refused(name, problem, "compare the file with one that PEFT wrote")
        })
    }

    fn damaged(&self, error: &serde_json::Error) -> LmError {
        LmError::Adapter {
            path: self.path.to_owned(),
            problem: error.to_string(),
        }
    }

    pub(super) fn refused(
        &self,
        field: &str,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> LmError {
        LmError::AdapterField {
            path: self.path.to_owned(),
            field: field.to_owned(),
            problem: problem.into(),
            help: help.into(),
        }
    }
}

/// A JSON object in the order of the file, which is what decides between two patterns that match.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entries<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Entries<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Vec<(String, T)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, T>()? {
            if entries.iter().any(|(other, _)| *other == key) {
                let problem = format!("`{key}` occurs twice");
                return Err(serde::de::Error::custom(problem));
            }
            entries.push((key, value));
        }
        Ok(Entries(entries))
    }
}
