//! `tokenizer.json`, checked and then read by the `tokenizers` library.

use crate::tokenizer::convert::{as_llama, bpe};
use crate::tokenizer::settings::TokenizerSettings;
use crate::tokenizer::{TokenizerError, byte_level};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::path::Path;
use tokenizers::processors::PostProcessorWrapper;
use tokenizers::{AddedToken, Tokenizer};

/// Kinds of models for which transformers takes the file as it is, whatever class is named next to it.
const AS_WRITTEN: [&str; 5] = ["mistral", "mixtral", "qwen2", "qwen2_moe", "qwen3"];

/// What is looked at before the library sees the file.
#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(borrow)]
    post_processor: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    #[serde(flatten)]
    token: AddedToken,
}

/// The model, if it is a BPE.
#[derive(Deserialize)]
struct Bpe {
    vocab: HashMap<String, u32>,
    merges: Vec<Merge>,
    continuing_subword_prefix: Option<String>,
}

/// A merge, as it is written now and as it was written until 2024.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Merge {
    Pair(String, String),
    Spaced(String),
}

/// Reads the file, and takes the tokens that it adds into the settings where they count.
///
/// Truncation and padding that the file asks for are left out, as transformers does when it is not asked for them.
///
/// transformers takes the file as it is, but for the class `GPT2Tokenizer` (see [`byte_level::as_class`]) and the class
/// `LlamaTokenizer`: of that it keeps the vocabulary, the
/// merges and the processing afterwards, and sets the rest itself. What that changes is a text with special tokens in
/// it: files from before version 5 put a space after each of them.
pub(crate) fn read(
    path: &Path,
    text: &str,
    settings: &mut TokenizerSettings,
) -> Result<Tokenizer, TokenizerError> {
    let not_json = |source| TokenizerError::Json {
        path: path.to_owned(),
        source,
    };
    let unusable = |source| TokenizerError::Unusable {
        path: path.to_owned(),
        source,
    };
    let file: File = serde_json::from_str(text).map_err(not_json)?;
    let bpe: Option<Bpe> = if is_bpe(file.model) {
        Some(serde_json::from_str(file.model.get()).map_err(not_json)?)
    } else {
        None
    };
    if let Some(bpe) = &bpe {
        let prefix = bpe.continuing_subword_prefix.as_deref().unwrap_or("");
        check_merges(path, &bpe.vocab, &bpe.merges, prefix)?;
    }
    match bpe {
        Some(bpe) if is_rebuilt(text, settings) => {
            if !settings.has_added {
                let tokens = file.added_tokens.into_iter();
                settings
                    .added
                    .extend(tokens.map(|added| (added.id, added.token)));
                settings.named.take_attributes(&settings.added);
            }
            let processor = file
                .post_processor
                .map(|json| serde_json::from_str::<PostProcessorWrapper>(json.get()))
                .transpose()
                .map_err(not_json)?;
            rebuild(bpe, processor, settings).map_err(unusable)
        }
        Some(_) | None => {
            let mut tokenizer: Tokenizer = text.parse().map_err(unusable)?;
            tokenizer.with_truncation(None).map_err(unusable)?;
            tokenizer.with_padding(None);
            byte_level::as_class(&mut tokenizer, settings);
            Ok(tokenizer)
        }
    }
}

fn is_rebuilt(text: &str, settings: &TokenizerSettings) -> bool {
    settings.is_llama()
        && !text.contains("\"ByteLevel\"")
        && !settings
            .model_type
            .as_deref()
            .is_some_and(|model_type| AS_WRITTEN.contains(&model_type))
}

fn rebuild(
    model: Bpe,
    processor: Option<PostProcessorWrapper>,
    settings: &TokenizerSettings,
) -> tokenizers::Result<Tokenizer> {
    let merges = model.merges.into_iter().filter_map(Merge::pair).collect();
    let vocabulary = model.vocab.into_iter().collect();
    let mut tokenizer = Tokenizer::new(bpe(vocabulary, merges, true, None)?);
    as_llama(&mut tokenizer, settings)?;
    tokenizer.with_post_processor(processor);
    Ok(tokenizer)
}

/// Old files do not name the type; only a BPE has merges.
fn is_bpe(model: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Probe<'a> {
        #[serde(rename = "type")]
        kind: Option<String>,
        #[serde(borrow)]
        merges: Option<&'a RawValue>,
    }
    match serde_json::from_str::<Probe>(model.get()) {
        Ok(probe) => match probe.kind {
            Some(kind) => kind == "BPE",
            None => probe.merges.is_some(),
        },
        // The library says what is wrong with it.
        Err(_) => false,
    }
}

/// The library trusts the merges of a file, and stops the program at some that do not fit its vocabulary.
pub(crate) fn check_merges(
    path: &Path,
    vocabulary: &HashMap<String, u32>,
    merges: &[Merge],
    prefix: &str,
) -> Result<(), TokenizerError> {
    for merge in merges {
        let Some((left, right)) = merge.parts() else {
            // The library says so itself.
            continue;
        };
        let whole = right
            .get(prefix.len()..)
            .map(|right| format!("{left}{right}"));
        let missing = if !vocabulary.contains_key(left) {
            left
        } else if !vocabulary.contains_key(right) {
            right
        } else {
            match &whole {
                Some(whole) if vocabulary.contains_key(whole) => continue,
                Some(whole) => whole,
                None => right,
            }
        };
        return Err(TokenizerError::Merge {
            path: path.to_owned(),
            left: left.to_owned(),
            right: right.to_owned(),
            missing: missing.to_owned(),
        });
    }
    Ok(())
}

impl Merge {
    fn parts(&self) -> Option<(&str, &str)> {
        match self {
            Self::Pair(left, right) => Some((left, right)),
            Self::Spaced(text) => text.split_once(' '),
        }
    }

    pub(crate) fn pair(self) -> Option<(String, String)> {
        self.parts()
            .map(|(left, right)| (left.to_owned(), right.to_owned()))
    }
}
