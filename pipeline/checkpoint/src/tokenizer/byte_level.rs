//! `vocab.json` and `merges.txt`: a byte-level BPE, with the rules of its Python class.

use crate::tokenizer::TokenizerError;
use crate::tokenizer::json::{Merge, check_merges};
use crate::tokenizer::settings::{TokenizerSettings, read_text};
use std::collections::HashMap;
use std::path::Path;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{SplitDelimiterBehavior, Tokenizer};

/// The class of GPT-2 and of what took its rules.
const GPT2: &str = "GPT2Tokenizer";
/// The class of Qwen2, 2.5 and 3.
pub(crate) const QWEN2: &str = "Qwen2Tokenizer";

/// What Qwen2 calls a word: as GPT-2's rule, but every digit is alone, and line breaks end a word.
const QWEN2_WORDS: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*",
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
);

/// The end of a text, by which both classes also call what is unknown.
const END: &str = "<|endoftext|>";

/// Reads the two files, `None` unless both are there.
///
/// transformers 5.23 has more classes for them, none of which is a decoder's that clika knows.
pub(crate) fn read(
    folder: &Path,
    settings: &mut TokenizerSettings,
) -> Result<Option<Tokenizer>, TokenizerError> {
    let [vocab_path, merges_path] = ["vocab.json", "merges.txt"].map(|name| folder.join(name));
    let (Some(vocabulary), Some(merges)) = (read_text(&vocab_path)?, read_text(&merges_path)?)
    else {
        return Ok(None);
    };
    let class = class(folder, settings)?;
    let vocabulary: HashMap<String, u32> =
        serde_json::from_str(&vocabulary).map_err(|source| TokenizerError::Json {
            path: vocab_path.clone(),
            source,
        })?;
    let mut pairs = Vec::new();
    for line in merges.lines().filter(|line| !line.starts_with("#version")) {
        match line.split_once(' ') {
            Some((left, right)) if !right.contains(' ') => {
                pairs.push(Merge::Pair(left.to_owned(), right.to_owned()));
            }
            Some(_) | None => {
                return Err(TokenizerError::MergeLine {
                    path: merges_path,
                    line: line.to_owned(),
                });
            }
        }
    }
    check_merges(&merges_path, &vocabulary, &pairs, "")?;
    default_tokens(class, settings);
    build(class, vocabulary, pairs, settings)
        .map(Some)
        .map_err(|source| TokenizerError::Unusable {
            path: vocab_path,
            source,
        })
}

fn class(folder: &Path, settings: &TokenizerSettings) -> Result<&'static str, TokenizerError> {
    known_class(settings).ok_or_else(|| TokenizerError::SlowClass {
        folder: folder.to_owned(),
        class: settings.class.clone(),
    })
}

/// The class that transformers takes: for `qwen2` models Qwen2's, whatever the files say, which several got wrong.
fn known_class(settings: &TokenizerSettings) -> Option<&'static str> {
    match (settings.model_type.as_deref(), settings.class.as_deref()) {
        (Some("qwen2"), _) | (Some("qwen3"), None) => Some(QWEN2),
        // These are read by another library's rules.
        (Some("mistral"), _) => None,
        (_, Some(QWEN2)) => Some(QWEN2),
        (_, Some(GPT2)) => Some(GPT2),
        (_, _) => None,
    }
}

/// The tokens that the class names where the files do not.
pub(crate) fn default_tokens(class: &'static str, settings: &mut TokenizerSettings) {
    let names: &[&str] = if class == QWEN2 {
        &["eos_token", "unk_token", "pad_token"]
    } else {
        &["bos_token", "eos_token", "unk_token"]
    };
    for name in names {
        settings.named.default(name, END);
    }
}

/// Sets what transformers' `GPT2Tokenizer` sets next to a tokenizer.json of its kind: how a text is cut, and whether it
/// begins with a space, which only tokenizer_config.json says.
pub(crate) fn as_class(tokenizer: &mut Tokenizer, settings: &TokenizerSettings) {
    if known_class(settings) == Some(GPT2)
        && let Some(PreTokenizerWrapper::ByteLevel(_)) = tokenizer.get_pre_tokenizer()
    {
        let space = settings.add_prefix_space == Some(true);
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(space, true, true)));
    }
}

fn build(
    class: &'static str,
    vocabulary: HashMap<String, u32>,
    merges: Vec<Merge>,
    settings: &TokenizerSettings,
) -> tokenizers::Result<Tokenizer> {
    let merges = merges.into_iter().filter_map(Merge::pair).collect();
    let vocabulary: Vocab = vocabulary.into_iter().collect();
    let model = BPE::builder()
        .vocab_and_merges(vocabulary, merges)
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    let space = settings.add_prefix_space == Some(true);
    if class == QWEN2 {
        let words = SplitPattern::Regex(QWEN2_WORDS.to_owned());
        let words = Split::new(words, SplitDelimiterBehavior::Isolated, false)?;
        let steps: [PreTokenizerWrapper; 2] =
            [words.into(), ByteLevel::new(space, true, false).into()];
        tokenizer.with_normalizer(Some(NFC))?;
        tokenizer.with_pre_tokenizer(Some(Sequence::new(steps.into())));
    } else {
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(space, true, true)));
    }
    tokenizer.with_decoder(Some(ByteLevel::default()));
    Ok(tokenizer)
}
