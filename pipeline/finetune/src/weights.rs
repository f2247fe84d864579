//! What a training leaves: an adapter as PEFT has it, or a checkpoint that any program loads.

use crate::{FinetuneError, TOOL};
use clika_base::files::{ArtifactError, FolderDraft, Manifest, sha256_file};
use clika_checkpoint::settings_file;
use clika_evaluate::EvaluateError;
use clika_lm::{Adapter, Decoder, Dtype};
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

/// The file that says where a generation ends.
const GENERATION: &str = "generation_config.json";

/// Files next to the weights that make a folder a model.
const BESIDE: [&str; 10] = [
    "added_tokens.json",
    "chat_template.jinja",
    GENERATION,
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// Writes an adapter; `base` is what PEFT loads it on.
pub(crate) fn write_adapter(
    adapter: &Adapter,
    base: &str,
    place: &Path,
) -> Result<(), FinetuneError> {
    let draft = FolderDraft::begin(place)?;
    adapter.write(draft.path(), base)?;
    draft.publish_as(manifest("finetune adapter", base))?;
    Ok(())
}

/// Writes a model with all that it takes to load it, from `folder`, the base's, what training does not change.
///
/// `ends` are all tokens that end an answer, if the base's files do not name each of them: the model was taught to stop
/// there, and other programs stop where `generation_config.json` says.
pub(crate) fn write_model(
    decoder: &Decoder,
    (folder, base): (&Path, &str),
    ends: Option<&BTreeSet<u32>>,
    place: &Path,
) -> Result<(), FinetuneError> {
    let draft = FolderDraft::begin(place)?;
    decoder.write(draft.path())?;
    draft.write("config.json", &config(folder, decoder.dtype())?)?;
    for name in BESIDE {
        if name == GENERATION && ends.is_some() {
            continue;
        }
        if let Some(content) = settings(folder, name)? {
            draft.write(name, &content)?;
        }
    }
    if let Some(ends) = ends {
        draft.write(GENERATION, &generation(folder, ends)?)?;
    }
    draft.publish_as(manifest("finetune model", base))?;
    Ok(())
}

/// The base's `config.json` with the type of the weights that were written.
fn config(folder: &Path, dtype: Dtype) -> Result<Vec<u8>, FinetuneError> {
    const NAME: &str = "config.json";
    let path = folder.join(NAME);
    let missing = || ArtifactError::read(&path)(io::ErrorKind::NotFound.into());
    let bytes = settings(folder, NAME)?.ok_or_else(missing)?;
    let mut config: Value =
        serde_json::from_slice(&bytes).map_err(|error| ArtifactError::read(&path)(error.into()))?;
    let name = match dtype {
        Dtype::F32 => "float32",
        Dtype::F16 => "float16",
        Dtype::Bf16 => "bfloat16",
    };
    // transformers 4 writes the one key, 5 the other, and both read both.
    let known = ["dtype", "torch_dtype"];
    let key = known.into_iter().find(|key| config.get(key).is_some());
    config[key.unwrap_or("torch_dtype")] = json!(name);
    let text = serde_json::to_string_pretty(&config).expect("it was JSON before");
    Ok((text + "\n").into_bytes())
}

/// The base's `generation_config.json`, or a new one, with these ends.
fn generation(folder: &Path, ends: &BTreeSet<u32>) -> Result<Vec<u8>, FinetuneError> {
    let mut config: Map<String, Value> = match settings(folder, GENERATION)? {
        None => Map::new(),
        Some(content) => serde_json::from_slice(&content)
            .map_err(|error| ArtifactError::read(&folder.join(GENERATION))(error.into()))?,
    };
    let ends = match ends.iter().collect::<Vec<_>>().as_slice() {
        [only] => json!(only),
        several => json!(several),
    };
    config.insert("eos_token_id".to_owned(), ends);
    let text = serde_json::to_string_pretty(&config).expect("it was JSON before");
    Ok((text + "\n").into_bytes())
}

/// A small file of the base's, or what its GGUF file says in that file's form.
fn settings(base: &Path, name: &str) -> Result<Option<Vec<u8>>, FinetuneError> {
    settings_file(base, name).map_err(|error| EvaluateError::from(error).into())
}

fn manifest(stage: &str, base: &str) -> Manifest {
    Manifest::new(TOOL, stage, json!({ "base": base }), BTreeMap::new())
}

/// Whether a folder holds what was written there whole.
pub(crate) fn is_there(place: &Path) -> Result<bool, FinetuneError> {
    Ok(Manifest::finished(place)?.is_some())
}

/// SHA-256 of the files of an adapter that decide what it does.
pub(crate) fn adapter_digests(folder: &Path) -> Result<BTreeMap<String, String>, FinetuneError> {
    let mut digests = BTreeMap::new();
    for path in Adapter::files(folder) {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let name = name.map_or(String::new(), Cow::into_owned);
        digests.insert(name, sha256_file(&path)?);
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_trained_model_names_the_ends_that_it_learned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(GENERATION);
        let written = |ends: &[u32]| -> Value {
            let ends = ends.iter().copied().collect();
            serde_json::from_slice(&generation(folder.path(), &ends).unwrap()).unwrap()
        };
        assert_eq!(written(&[7]), json!({ "eos_token_id": 7 }));
        fs::write(&path, r#"{"eos_token_id": 2, "top_k": 20}"#).unwrap();
        assert_eq!(
            written(&[9, 2]),
            json!({ "eos_token_id": [2, 9], "top_k": 20 })
        );
        fs::write(&path, "{").unwrap();
        assert!(generation(folder.path(), &BTreeSet::from([2])).is_err());
    }
}
