//! The files next to a tokenizer: tokenizer_config.json, special_tokens_map.json, added_tokens.json, and of
//! config.json what kind of model it is.

use crate::tokenizer::TokenizerError;
use crate::tokenizer::added::{Entry, Named, NamedTokens};
use crate::tokenizer::chat::ChatTemplates;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tokenizers::AddedToken;

/// What a tokenizer's files say, put together as transformers does it.
pub(crate) struct TokenizerSettings {
    pub folder: PathBuf,
    /// The Python class, without `Fast`.
    pub class: Option<String>,
    /// `model_type` of config.json.
    pub model_type: Option<String>,
    /// bos_token and so on, in transformers' order.
    pub named: Named,
    /// Tokens with their ids.
    pub added: BTreeMap<u32, AddedToken>,
    /// Whether tokenizer_config.json has the added tokens, so that no other file's count.
    pub has_added: bool,
    /// Special tokens without a name.
    pub extra: Vec<AddedToken>,
    pub add_bos_token: Option<bool>,
    pub add_eos_token: Option<bool>,
    pub add_prefix_space: Option<bool>,
    pub legacy: Option<bool>,
    /// Whether special tokens that are written in a text are text.
    pub split_special_tokens: bool,
    /// The templates, and the file they are from.
    pub chat: Option<(PathBuf, ChatTemplates)>,
}

/// tokenizer_config.json, without the special tokens.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    tokenizer_class: Option<String>,
    add_bos_token: Option<bool>,
    add_eos_token: Option<bool>,
    add_prefix_space: Option<bool>,
    legacy: Option<bool>,
    #[serde(default)]
    split_special_tokens: bool,
    added_tokens_decoder: Option<BTreeMap<u32, Entry>>,
    chat_template: Option<ChatTemplates>,
}

/// config.json; everything else in it is the model's.
#[derive(Default, Deserialize)]
struct ModelConfig {
    model_type: Option<String>,
    tokenizer_class: Option<String>,
}

impl TokenizerSettings {
    /// Reads what is there; no file has to be.
    pub fn read(folder: &Path) -> Result<Self, TokenizerError> {
        let path = folder.join("tokenizer_config.json");
        let config: TokenizerConfig = read_json(&path)?.unwrap_or(TokenizerConfig::default());
        let mut tokens: NamedTokens = read_json(&path)?.unwrap_or(NamedTokens::default());
        let model: ModelConfig =
            read_json(&folder.join("config.json"))?.unwrap_or(ModelConfig::default());
        let class = config.tokenizer_class.or(model.tokenizer_class);

        let has_added = config.added_tokens_decoder.is_some();
        let mut added: BTreeMap<u32, AddedToken> = config
            .added_tokens_decoder
            .into_iter()
            .flatten()
            .map(|(id, entry)| (id, entry.token(false)))
            .collect();
        if !has_added && let Some(map) = read_json(&folder.join("special_tokens_map.json"))? {
            tokens.overlay(map);
        }
        let mut named = tokens.named();
        let extra = tokens.extra();
        if !has_added
            && let Some(ids) =
                read_json::<BTreeMap<String, u32>>(&folder.join("added_tokens.json"))?
        {
            let special: HashSet<&str> = named
                .present()
                .chain(&extra)
                .map(|token| token.content.as_str())
                .collect();
            for (text, id) in ids {
                let is_special = special.contains(text.as_str());
                added.insert(id, AddedToken::from(text, is_special));
            }
        }
        named.take_attributes(&added);

        let jinja = folder.join("chat_template.jinja");
        let chat = match read_text(&jinja)? {
            Some(text) => Some((jinja, ChatTemplates::One(text))),
            None => config.chat_template.map(|templates| (path, templates)),
        };
        Ok(Self {
            folder: folder.to_owned(),
            class: class.map(|class| class.strip_suffix("Fast").unwrap_or(&class).to_owned()),
            model_type: model.model_type,
            named,
            added,
            has_added,
            extra,
            add_bos_token: config.add_bos_token,
            add_eos_token: config.add_eos_token,
            add_prefix_space: config.add_prefix_space,
            legacy: config.legacy,
            split_special_tokens: config.split_special_tokens,
            chat,
        })
    }

    /// Whether the class is LLaMA's, under its present name or its first one.
    pub fn is_llama(&self) -> bool {
        matches!(
            self.class.as_deref(),
            Some("LlamaTokenizer" | "LLaMATokenizer")
        )
    }
}

/// A text file, `None` if there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, TokenizerError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TokenizerError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, TokenizerError> {
    let Some(text) = read_text(path)? else {
        return Ok(None);
    };
    match serde_json::from_str(&text) {
        Ok(value) => Ok(Some(value)),
        Err(source) => Err(TokenizerError::Json {
            path: path.to_owned(),
            source,
        }),
    }
}
