use crate::HubError;
use clika_core::file_inside;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Without it there is no model.
pub const CONFIG: &str = "config.json";

/// What a causal language model may have besides weights. Each is taken if it is there.
const SMALL: [&str; 8] = [
    CONFIG,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
];

/// Either of them makes a tokenizer.
const TOKENIZERS: [&str; 2] = ["tokenizer.json", "tokenizer.model"];

/// Where a model's weights are.
#[derive(Debug, PartialEq, Eq)]
pub enum Weights {
    /// In these files.
    Files(Vec<String>),
    /// In the files that this index names.
    Index(&'static str),
}

/// The small files among `names`.
pub fn small(names: &[String]) -> Vec<String> {
    let is_there = |name: &&str| names.iter().any(|other| other == name);
    SMALL
        .into_iter()
        .filter(is_there)
        .map(str::to_owned)
        .collect()
}

/// The weights among `names`, in the order in which transformers looks for them, or `None`.
///
/// A repository may hold the same weights several times; one copy is enough.
pub fn weights(names: &[String]) -> Option<Weights> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let matching = |fits: &dyn Fn(&str) -> bool| {
        let files: Vec<_> = names
            .iter()
            .filter(|name| !name.contains('/') && fits(name))
            .cloned()
            .collect();
        (!files.is_empty()).then_some(Weights::Files(files))
    };
    for (single, index) in [
        ("model.safetensors", "model.safetensors.index.json"),
        ("pytorch_model.bin", "pytorch_model.bin.index.json"),
    ] {
        if has(single) {
            return Some(Weights::Files(vec![single.to_owned()]));
        }
        if has(index) {
            return Some(Weights::Index(index));
        }
        // A LoRA adapter's weights are not the model's.
        let others = if single.ends_with(".bin") {
            matching(&|name| name.starts_with("pytorch_model") && name.ends_with(".bin"))
        } else {
            matching(&|name| name.ends_with(".safetensors") && !name.starts_with("adapter_"))
        };
        if others.is_some() {
            return others;
        }
    }
    None
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The files that an index names, sorted.
pub fn shards(index: &Path) -> Result<Vec<String>, HubError> {
    let text = fs::read(index).map_err(HubError::read(index))?;
    let Index { weight_map } = serde_json::from_slice(&text).map_err(|source| HubError::Index {
        path: index.to_owned(),
        source,
    })?;
    let files: BTreeSet<_> = weight_map.into_values().collect();
    if files.is_empty() {
        return Err(HubError::EmptyIndex {
            path: index.to_owned(),
        });
    }
    for file in &files {
        file_inside(Path::new(""), file).map_err(|source| HubError::Outside {
            list: index.display().to_string(),
            source,
        })?;
    }
    Ok(files.into_iter().collect())
}

/// What a cached model's folder lacks, or `None`.
///
/// The files that a model may do without are not asked for: nothing in the cache says whether the
/// revision has them. Weights are downloaded last, so that a download of ours that broke off shows.
pub fn missing(folder: &Path) -> Result<Option<String>, HubError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(HubError::read(folder))? {
        let entry = entry.map_err(HubError::read(folder))?;
        // A link whose blob is gone is as good as no file, and no name of ours is beyond UTF-8.
        if let (true, Ok(name)) = (entry.path().is_file(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if !has(CONFIG) {
        return Ok(Some(CONFIG.to_owned()));
    }
    if !TOKENIZERS.into_iter().any(has) {
        return Ok(Some(TOKENIZERS.join(" or ")));
    }
    let files = match weights(&names) {
        None => return Ok(Some("a file with weights".to_owned())),
        Some(Weights::Files(files)) => files,
        Some(Weights::Index(index)) => shards(&folder.join(index))?,
    };
    Ok(files.into_iter().find(|file| !folder.join(file).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn takes_one_copy_of_the_weights() {
        let files = |list: &[&str]| Some(Weights::Files(names(list)));
        for (there, wanted) in [
            (
                &["model.safetensors", "pytorch_model.bin"][..],
                files(&["model.safetensors"]),
            ),
            (
                &["consolidated.safetensors", "model.safetensors.index.json"],
                Some(Weights::Index("model.safetensors.index.json")),
            ),
            (
                &["b.safetensors", "onnx/a.safetensors", "pytorch_model.bin"],
                files(&["b.safetensors"]),
            ),
            (
                &["adapter_model.safetensors", "pytorch_model.bin"],
                files(&["pytorch_model.bin"]),
            ),
            (
                &["pytorch_model.bin.index.json", "pytorch_model-1.bin"],
                Some(Weights::Index("pytorch_model.bin.index.json")),
            ),
            (
                &["pytorch_model-1.bin", "training_args.bin"],
                files(&["pytorch_model-1.bin"]),
            ),
            (&["model.gguf", "tf_model.h5"], None),
        ] {
            assert_eq!(weights(&names(there)), wanted, "{there:?}");
        }
    }
}
