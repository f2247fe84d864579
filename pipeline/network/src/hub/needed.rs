use crate::hub::HubError;
use clika_base::types::file_inside;
use clika_checkpoint::{MissingWeights, WeightFiles, WeightIndex, gguf_of, weight_files};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Without it there is no model.
pub const CONFIG: &str = "config.json";

/// What a causal language model may have besides weights and its tokenizer. Each is taken if it is there.
const SMALL: [&str; 7] = [
    CONFIG,
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    // Of an adapter next to the model, which is named where the model is loaded.
    "adapter_config.json",
];

/// Each of them makes a tokenizer, all of its files together; the first two lie side by side.
const TOKENIZERS: [&[&str]; 3] = [
    &["tokenizer.json"],
    &["tokenizer.model"],
    &["vocab.json", "merges.txt"],
];

/// The small files among `names`. A tokenizer's two slow files come only where no other is there.
pub fn small(names: &[String]) -> Vec<String> {
    let is_there = |name: &&str| names.iter().any(|other| other == name);
    let [json, model, slow] = TOKENIZERS;
    let mut wanted = [&SMALL, json, model].concat();
    if ![json, model].concat().iter().any(is_there) {
        wanted.extend(slow);
    }
    wanted
        .into_iter()
        .filter(is_there)
        .map(str::to_owned)
        .collect()
}

/// The files that an index names, sorted.
pub fn shards(index: &Path) -> Result<Vec<String>, HubError> {
    let text = fs::read(index).map_err(HubError::read(index))?;
    let parsed = WeightIndex::parse(&text).map_err(|source| HubError::Index {
        path: index.to_owned(),
        source,
    })?;
    let files = parsed.files();
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
    Ok(files.into_iter().map(str::to_owned).collect())
}

/// The GGUF file of a quantization in a cached model's folder, the first part of one in parts; `None` where it is not
/// there, or not whole.
pub fn cached_gguf(folder: &Path, quantization: &str) -> Result<Option<PathBuf>, HubError> {
    let mut names = Vec::new();
    // Parts of a large file lie in folders of their own.
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).map_err(HubError::read(&inner))? {
            let path = entry.map_err(HubError::read(&inner))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let (true, Ok(name)) = (path.is_file(), path.strip_prefix(folder)) {
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    match gguf_of(&names, quantization) {
        Ok(files) => Ok(files.first().map(|file| folder.join(file))),
        Err(MissingWeights::Nothing | MissingWeights::Shard(_) | MissingWeights::Several(_)) => {
            Ok(None)
        }
    }
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
    if let Ok(WeightFiles::Gguf(_)) = weight_files(&names) {
        return Ok(None);
    }
    if !has(CONFIG) {
        return Ok(Some(CONFIG.to_owned()));
    }
    let is_whole = |files: &[&str]| files.iter().all(|file| has(file));
    if !TOKENIZERS.into_iter().any(is_whole) {
        let kinds = TOKENIZERS.map(|files| files.join(" with "));
        return Ok(Some(kinds.join(" or ")));
    }
    let files = match weight_files(&names) {
        Err(MissingWeights::Nothing) => return Ok(Some("a file with weights".to_owned())),
        Err(MissingWeights::Shard(shard)) => return Ok(Some(shard)),
        // Nothing that a download would bring; opening them says what is wrong.
        Err(MissingWeights::Several(_)) => return Ok(None),
        Ok(WeightFiles::Files(files) | WeightFiles::Gguf(files)) => files,
        Ok(WeightFiles::Index(index)) => shards(&folder.join(index))?,
    };
    Ok(files.into_iter().find(|file| !folder.join(file).is_file()))
}
