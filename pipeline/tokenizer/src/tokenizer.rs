use crate::settings::{Settings, read_text};
use crate::{ChatTemplate, TokenizerError, added, chat, convert, json};
use std::path::Path;

/// A model's tokenizer.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    vocabulary: usize,
    bos: Option<u32>,
    eos: Option<u32>,
    unknown: Option<u32>,
    /// Ids before and after a text that is encoded with special tokens, where the file itself has no rule for it.
    before: Vec<u32>,
    after: Vec<u32>,
    chat_template: Option<ChatTemplate>,
}

impl Tokenizer {
    /// Reads the tokenizer of a model's folder: `tokenizer.json`, else `tokenizer.model` (SentencePiece), and beside
    /// them `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, `chat_template.jinja`, and the
    /// `model_type` of `config.json`.
    ///
    /// The ids are those of transformers' `AutoTokenizer`, except for `tokenizer.model`:
    ///
    /// - `LlamaTokenizer` begins a text with the BOS token if `tokenizer_config.json` does not say `add_bos_token`, as
    ///   the class documents and as it did until version 4. Version 5 leaves it out.
    /// - A class that transformers has not (Baichuan's is Python code beside the model, which runs SentencePiece), or
    ///   none, treats spaces as the model itself specifies. transformers 5 would never put one in front of the text.
    ///
    /// and where files contradict each other, which is an error here and a guess there. Of the Python classes that set
    /// rules of their own beside a `tokenizer.json` only `LlamaTokenizer` is followed; for the others (such as
    /// `Qwen2Tokenizer`, whose rules are those of Qwen's files) the file counts.
    ///
    /// # Errors
    /// No file, an unreadable one, one that is not what its name says, or files that do not fit together.
    pub fn load(folder: &Path) -> Result<Self, TokenizerError> {
        let mut settings = Settings::read(folder)?;
        if settings.is_llama() {
            settings.named.default("bos_token", "<s>");
            settings.named.default("eos_token", "</s>");
            settings.named.default("unk_token", "<unk>");
        }
        let path = folder.join("tokenizer.json");
        let (inner, is_json) = if let Some(text) = read_text(&path)? {
            if settings.class.as_deref() == Some("Qwen2Tokenizer") {
                settings.named.default("eos_token", "<|endoftext|>");
                settings.named.default("unk_token", "<|endoftext|>");
                settings.named.default("pad_token", "<|endoftext|>");
            }
            (json::read(&path, &text, &mut settings)?, true)
        } else {
            let path = folder.join("tokenizer.model");
            if !path.exists() {
                return Err(TokenizerError::NoFiles {
                    folder: folder.to_owned(),
                    looked_for: vec!["tokenizer.json", "tokenizer.model"],
                });
            }
            let converted = convert::convert(&path, &settings)?;
            if let Some(bos) = converted.bos {
                settings.named.default("bos_token", &bos);
            }
            if let Some(eos) = converted.eos {
                settings.named.default("eos_token", &eos);
            }
            settings.named.default("unk_token", &converted.unknown);
            (converted.tokenizer, false)
        };
        Self::new(inner, is_json, &settings)
    }

    fn new(
        mut inner: tokenizers::Tokenizer,
        is_json: bool,
        settings: &Settings,
    ) -> Result<Self, TokenizerError> {
        added::add_tokens(&mut inner, settings)?;
        let id = |wanted: &str| {
            settings
                .named
                .pairs()
                .find(|(name, _)| *name == wanted)
                .and_then(|(_, content)| inner.token_to_id(content))
        };
        let (bos, eos, unknown) = (id("bos_token"), id("eos_token"), id("unk_token"));
        // A tokenizer.json says itself what stands around a text, and transformers believes it.
        let add_bos = !is_json && settings.add_bos_token.unwrap_or(settings.is_llama());
        let add_eos = !is_json && settings.add_eos_token.unwrap_or(false);
        let vocabulary = inner
            .get_vocab(true)
            .into_values()
            .max()
            .map_or(0, |largest| largest as usize + 1);
        let tokenizer = Self {
            inner,
            vocabulary,
            bos,
            eos,
            unknown,
            before: bos.filter(|_| add_bos).into_iter().collect(),
            after: eos.filter(|_| add_eos).into_iter().collect(),
            chat_template: chat::chat_template(settings)?,
        };
        // The rule of a tokenizer.json names ids, which need not be any token's.
        for id in tokenizer.encode("", true)? {
            tokenizer.known(id)?;
        }
        Ok(tokenizer)
    }

    /// The token ids of a text. With `special` the tokens that the model expects around it are added (most often BOS
    /// in front). Special tokens that are written in the text become such tokens either way, as in transformers.
    ///
    /// # Errors
    /// [`TokenizerError::Failed`]: the tokenizer needs a token that its vocabulary does not have.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .inner
            .encode_fast(text, special)
            .map_err(TokenizerError::Failed)?;
        Ok(self.around(encoding.get_ids(), special))
    }

    /// [`Self::encode`] of several texts, on all cores; in their order.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_batch(
        &self,
        texts: &[String],
        special: bool,
    ) -> Result<Vec<Vec<u32>>, TokenizerError> {
        let encodings = self
            .inner
            .encode_batch_fast(texts.iter().map(String::as_str).collect(), special)
            .map_err(TokenizerError::Failed)?;
        Ok(encodings
            .iter()
            .map(|encoding| self.around(encoding.get_ids(), special))
            .collect())
    }

    /// The text of token ids, without special tokens.
    ///
    /// # Errors
    /// [`TokenizerError::NoToken`] for an id that no token has.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        for &id in ids {
            self.known(id)?;
        }
        self.inner.decode(ids, true).map_err(TokenizerError::Failed)
    }

    /// The token of an id, as the vocabulary has it: in the tokenizer's own alphabet (`▁the`, `Ġthe`).
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The id of a token, in the alphabet of [`Self::token`].
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// One more than the largest id. A model's embedding has at least as many rows.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The token that begins a text, if the model has one.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that ends a text, if the model has one.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// The token that stands for what the vocabulary lacks, if the model has one.
    pub fn unknown(&self) -> Option<u32> {
        self.unknown
    }

    /// The model's own format of a conversation, if it has one.
    pub fn chat_template(&self) -> Option<&ChatTemplate> {
        self.chat_template.as_ref()
    }

    fn known(&self, id: u32) -> Result<(), TokenizerError> {
        match self.inner.id_to_token(id) {
            Some(_) => Ok(()),
            None => Err(TokenizerError::NoToken {
                id,
                vocabulary: self.vocabulary,
            }),
        }
    }

    fn around(&self, ids: &[u32], special: bool) -> Vec<u32> {
        if special {
            [&self.before, ids, &self.after].concat()
        } else {
            ids.to_vec()
        }
    }
}
