//! Tokens that are declared next to the vocabulary.

use crate::tokenizer::TokenizerError;
use crate::tokenizer::settings::TokenizerSettings;
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, HashSet};
use tokenizers::{AddedToken, Tokenizer};

/// The names that transformers knows, in its order: new tokens get their ids in this order.
pub(crate) const NAMES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// A token as tokenizer_config.json and special_tokens_map.json write it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Text(String),
    Full {
        content: String,
        #[serde(default)]
        single_word: bool,
        #[serde(default)]
        lstrip: bool,
        #[serde(default)]
        rstrip: bool,
        normalized: Option<bool>,
        special: Option<bool>,
    },
}

impl Entry {
    /// The token; `special` is meant where the entry does not say it.
    pub fn token(self, is_special: bool) -> AddedToken {
        match self {
            Self::Text(content) => AddedToken::from(content, is_special),
            Self::Full {
                content,
                single_word,
                lstrip,
                rstrip,
                normalized,
                special,
            } => {
                let token = AddedToken::from(content, special.unwrap_or(is_special));
                let normalized = normalized.unwrap_or(token.normalized);
                token
                    .single_word(single_word)
                    .lstrip(lstrip)
                    .rstrip(rstrip)
                    .normalized(normalized)
            }
        }
    }
}

/// The special tokens of a file. `Some(None)` is a `null`, which is not the same as nothing: it removes a default.
#[derive(Default, Deserialize)]
pub(crate) struct NamedTokens {
    #[serde(default, deserialize_with = "present")]
    bos_token: Option<Option<Entry>>,
    #[serde(default, deserialize_with = "present")]
    eos_token: Option<Option<Entry>>,
    #[serde(default, deserialize_with = "present")]
    unk_token: Option<Option<Entry>>,
    #[serde(default, deserialize_with = "present")]
    sep_token: Option<Option<Entry>>,
    #[serde(default, deserialize_with = "present")]
    pad_token: Option<Option<Entry>>,
    #[serde(default, deserialize_with = "present")]
    cls_token: Option<Option<Entry>>,
    #[serde(default, deserialize_with = "present")]
    mask_token: Option<Option<Entry>>,
    additional_special_tokens: Option<Entries>,
    extra_special_tokens: Option<Entries>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entries {
    List(Vec<Entry>),
    ByName(BTreeMap<String, Entry>),
}

impl Entries {
    fn into_list(self) -> Vec<Entry> {
        match self {
            Self::List(list) => list,
            Self::ByName(map) => map.into_values().collect(),
        }
    }
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Entry>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl NamedTokens {
    /// What `other` says counts instead.
    pub fn overlay(&mut self, other: Self) {
        let overlay = |mine: &mut Option<Option<Entry>>, other: Option<Option<Entry>>| {
            if other.is_some() {
                *mine = other;
            }
        };
        overlay(&mut self.bos_token, other.bos_token);
        overlay(&mut self.eos_token, other.eos_token);
        overlay(&mut self.unk_token, other.unk_token);
        overlay(&mut self.sep_token, other.sep_token);
        overlay(&mut self.pad_token, other.pad_token);
        overlay(&mut self.cls_token, other.cls_token);
        overlay(&mut self.mask_token, other.mask_token);
        if other.additional_special_tokens.is_some() {
            self.additional_special_tokens = other.additional_special_tokens;
        }
        if other.extra_special_tokens.is_some() {
            self.extra_special_tokens = other.extra_special_tokens;
        }
    }

    /// The tokens with a name, taken out.
    pub fn named(&mut self) -> Named {
        let entries = [
            self.bos_token.take(),
            self.eos_token.take(),
            self.unk_token.take(),
            self.sep_token.take(),
            self.pad_token.take(),
            self.cls_token.take(),
            self.mask_token.take(),
        ];
        Named(entries.map(|entry| entry.map(|entry| entry.map(|entry| entry.token(true)))))
    }

    /// The special tokens without a name of [`NAMES`]. To transformers `extra_special_tokens` is another name of
    /// `additional_special_tokens` where it is a list, and has tokens of its own where it is a map.
    pub fn extra(self) -> Vec<AddedToken> {
        let additional = self.additional_special_tokens;
        let (extra, additional) = match self.extra_special_tokens {
            Some(Entries::List(list)) if !list.is_empty() => (Some(Entries::List(list)), None),
            extra => (extra, additional),
        };
        let entries = [extra, additional].into_iter().flatten();
        entries
            .flat_map(Entries::into_list)
            .map(|entry| entry.token(true))
            .collect()
    }
}

/// The tokens of [`NAMES`]: `None` if nothing is said, `Some(None)` if there is to be none.
pub(crate) struct Named([Option<Option<AddedToken>>; NAMES.len()]);

impl Named {
    /// Nothing is said.
    pub const fn none() -> Self {
        Self([const { None }; NAMES.len()])
    }

    /// Says what counts where the files say nothing.
    pub fn default(&mut self, name: &str, content: &str) {
        for (known, token) in NAMES.iter().zip(&mut self.0) {
            if *known == name && token.is_none() {
                *token = Some(Some(AddedToken::from(content, true)));
            }
        }
    }

    /// Name and content of those that there are.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        NAMES.iter().zip(&self.0).filter_map(|(name, token)| {
            token
                .as_ref()
                .and_then(|token| token.as_ref())
                .map(|token| (*name, token.content.as_str()))
        })
    }

    /// Those that there are.
    pub fn present(&self) -> impl Iterator<Item = &AddedToken> {
        self.0.iter().flatten().flatten()
    }

    /// A token that is declared with an id too is meant as it is declared there.
    pub fn take_attributes(&mut self, added: &BTreeMap<u32, AddedToken>) {
        for token in self.0.iter_mut().flatten().flatten() {
            for declared in added.values() {
                if declared.content == token.content {
                    *token = declared.clone();
                }
            }
        }
    }
}

/// Gives the tokenizer the tokens of the settings, as transformers does when it loads one.
pub(crate) fn add_tokens(
    tokenizer: &mut Tokenizer,
    settings: &TokenizerSettings,
) -> Result<(), TokenizerError> {
    let known = tokenizer.get_added_tokens_decoder();
    let mut texts: HashSet<&str> = known.values().map(|token| token.content.as_str()).collect();
    let mut new = Vec::new();
    for token in settings.added.values() {
        if !known.values().any(|known| known == token) {
            new.push(token.clone());
            texts.insert(&token.content);
        }
    }
    for token in settings.named.present().chain(&settings.extra) {
        if texts.insert(&token.content) {
            new.push(token.clone());
        }
    }
    let named: HashSet<&str> = settings.named.pairs().map(|(_, content)| content).collect();
    for token in &mut new {
        token.special |= named.contains(token.content.as_str());
    }
    tokenizer
        .add_tokens(new)
        .map_err(|source| TokenizerError::Unusable {
            path: settings.folder.clone(),
            source,
        })?;
    for (&declared, token) in &settings.added {
        // A token that is still unknown is empty, which the library leaves out, as it does in transformers.
        if let Some(actual) = tokenizer.token_to_id(&token.content)
            && actual != declared
        {
            return Err(TokenizerError::AddedToken {
                folder: settings.folder.clone(),
                token: token.content.clone(),
                declared,
                actual,
            });
        }
    }
    Ok(())
}
