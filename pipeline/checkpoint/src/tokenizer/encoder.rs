use crate::gguf::GgufFile;
use crate::tokenizer::gguf::{GgufEncoder, GgufTokenizer};
use crate::tokenizer::settings::{TokenizerSettings, read_text};
use crate::tokenizer::{
    ChatTemplate, TokenizerError, added, byte_level, chat, convert, gguf, json,
};
use rayon::prelude::*;
use std::path::Path;

/// A model's tokenizer.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// How a text becomes ids where the library does it in another way: for a tokenizer of a GGUF file.
    encoder: Option<GgufEncoder>,
    vocabulary: usize,
    /// The rows of the model's embedding, where they are known.
    rows: Option<usize>,
    bos: Option<u32>,
    eos: Option<u32>,
    unknown: Option<u32>,
    /// Ids before and after a text that is encoded with special tokens, where the file itself has no rule for it.
    before: Vec<u32>,
    after: Vec<u32>,
    /// All ids before a text, whoever puts them there.
    opening: Vec<u32>,
    chat_template: Option<ChatTemplate>,
}

impl Tokenizer {
    /// Reads the tokenizer of a model in GGUF, whose ids are llama.cpp's, or that of a model's folder: `tokenizer.json`, else `tokenizer.model` (SentencePiece), else `vocab.json`
    /// with `merges.txt` (byte-level BPE), and next to them `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, `chat_template.jinja`, and the
    /// `model_type` of `config.json`.
    ///
    /// The ids are those of transformers' `AutoTokenizer`, except for `tokenizer.model`:
    ///
    /// - `LlamaTokenizer` begins a text with the BOS token if `tokenizer_config.json` does not say `add_bos_token`, as
    ///   the class documents and as it did until version 4. Version 5 leaves it out.
    /// - A class that transformers has not (Baichuan's is Python code next to the model, which runs SentencePiece), or
    ///   none, treats spaces as the model itself specifies. transformers 5 would never put one in front of the text.
    ///
    /// and where files contradict each other, which is an error here and a guess there. Of the Python classes that set
    /// rules of their own next to a `tokenizer.json` only `LlamaTokenizer` is followed, and `GPT2Tokenizer` where the file has
    /// its kind of words; for the others (such as `Qwen2Tokenizer`, whose rules are those of Qwen's files) the file counts.
    ///
    /// # Errors
    /// No file, an unreadable one, one that is not what its name says, or files that do not fit together.
    pub fn load(folder: &Path) -> Result<Self, TokenizerError> {
        if let Some(model) = GgufFile::open(folder)? {
            let GgufTokenizer {
                tokenizer,
                settings,
                encoder,
            } = gguf::read(&model)?;
            return Self::new(tokenizer, false, &settings, Some(encoder));
        }
        let mut settings = TokenizerSettings::read(folder)?;
        if settings.is_llama() {
            settings.named.default("bos_token", "<s>");
            settings.named.default("eos_token", "</s>");
            settings.named.default("unk_token", "<unk>");
        }
        let (inner, is_json) = read_inner(folder, &mut settings)?;
        Self::new(inner, is_json, &settings, None)
    }

    fn new(
        mut inner: tokenizers::Tokenizer,
        is_json: bool,
        settings: &TokenizerSettings,
        encoder: Option<GgufEncoder>,
    ) -> Result<Self, TokenizerError> {
        added::add_tokens(&mut inner, settings)?;
        inner.set_encode_special_tokens(settings.split_special_tokens);
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
        let before: Vec<u32> = bos.filter(|_| add_bos).into_iter().collect();
        let opening = opening(&inner, &before)?;
        let tokenizer = Self {
            inner,
            encoder,
            vocabulary,
            rows: None,
            bos,
            eos,
            unknown,
            before,
            opening,
            after: eos.filter(|_| add_eos).into_iter().collect(),
            chat_template: chat::chat_template(settings),
        };
        // The rule of a tokenizer.json names ids, which need not be any token's.
        for id in tokenizer.encode("", true)? {
            tokenizer.known(id)?;
        }
        Ok(tokenizer)
    }

    /// The token ids of a text. With `special` the tokens that the model expects around it are added (most often BOS
    /// in front). Special tokens that are written in the text become such tokens either way, as in transformers, unless
    /// `tokenizer_config.json` says `split_special_tokens`.
    ///
    /// # Errors
    /// [`TokenizerError::Failed`]: the tokenizer needs a token that its vocabulary does not have.
    /// [`TokenizerError::NoRow`]: the model has no embedding of a token, see [`Self::limit`].
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, TokenizerError> {
        if let Some(encoder) = &self.encoder {
            return self.around(&encoder.encode(&self.inner, text)?, special);
        }
        let encoding = self
            .inner
            .encode_fast(text, special)
            .map_err(TokenizerError::Failed)?;
        self.around(encoding.get_ids(), special)
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
        if self.encoder.is_some() {
            let texts = texts.par_iter();
            return texts.map(|text| self.encode(text, special)).collect();
        }
        let encodings = self
            .inner
            .encode_batch_fast(texts.iter().map(String::as_str).collect(), special)
            .map_err(TokenizerError::Failed)?;
        encodings
            .iter()
            .map(|encoding| self.around(encoding.get_ids(), special))
            .collect()
    }

    /// The text of token ids, without special tokens. An id that no token has adds nothing, as in transformers: an
    /// embedding may have more rows than there are tokens, and a model may write any of them.
    ///
    /// # Errors
    /// [`TokenizerError::Failed`]: the tokenizer's decoder refuses the tokens.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
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

    /// Whether a token was added to the vocabulary and is not white space: a mark such as `<|im_end|>`, declared special or
    /// not.
    pub fn is_added(&self, id: u32) -> bool {
        let added = self.inner.get_added_vocabulary();
        added
            .get_added_tokens_decoder()
            .get(&id)
            .is_some_and(|token| !token.content.trim().is_empty())
    }

    /// One more than the largest id. A model's embedding may have more rows, and now and then has fewer.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The ids that [`Self::encode`] with `special` puts before every text: none, one or more, whatever they are called.
    pub fn before_text(&self) -> &[u32] {
        &self.opening
    }

    /// The token that the files call the beginning of a text, if there is one. Whether it is put before a text, and what
    /// else is, says [`Self::before_text`].
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

    /// Says how many rows the model's embedding has. From now on a text with a token beyond them is an error.
    ///
    /// Tokens that are never used may be beyond them: a tokenizer may have a `[PAD]` that its model was not resized for.
    pub fn limit(&mut self, rows: usize) {
        self.rows = Some(rows);
    }

    /// Whether the model has an embedding of this id.
    ///
    /// # Errors
    /// [`TokenizerError::NoRow`]: it has not.
    pub fn has_row(&self, id: u32) -> Result<(), TokenizerError> {
        match self.rows {
            Some(rows) if id as usize >= rows => Err(TokenizerError::NoRow {
                token: self.token(id).unwrap_or_else(|| "?".to_owned()),
                id,
                tokens: self.vocabulary,
                rows,
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn around(&self, ids: &[u32], special: bool) -> Result<Vec<u32>, TokenizerError> {
        let ids = if special {
            [&self.before, ids, &self.after].concat()
        } else {
            ids.to_vec()
        };
        for &id in &ids {
            self.has_row(id)?;
        }
        Ok(ids)
    }
}

/// The ids before every text: those that the file's own rule puts before a token, after `before`.
fn opening(inner: &tokenizers::Tokenizer, before: &[u32]) -> Result<Vec<u32>, TokenizerError> {
    let token = tokenizers::Token::new(0, String::new(), (0, 0));
    let text = tokenizers::Encoding::from_tokens(vec![token], 0);
    let whole = inner
        .post_process(text, None, true)
        .map_err(TokenizerError::Failed)?;
    let is_special = whole.get_special_tokens_mask().iter().zip(whole.get_ids());
    let own = is_special.take_while(|(mask, _)| **mask == 1);
    let own = own.map(|(_, id)| *id);
    Ok(before.iter().copied().chain(own).collect())
}

/// The tokenizer itself, and whether it is of a `tokenizer.json`; what its class or its file says of named tokens is put
/// into the settings.
fn read_inner(
    folder: &Path,
    settings: &mut TokenizerSettings,
) -> Result<(tokenizers::Tokenizer, bool), TokenizerError> {
    let path = folder.join("tokenizer.json");
    if let Some(text) = read_text(&path)? {
        if settings.class.as_deref() == Some(byte_level::QWEN2) {
            byte_level::default_tokens(byte_level::QWEN2, settings);
        }
        return Ok((json::read(&path, &text, settings)?, true));
    }
    let path = folder.join("tokenizer.model");
    if path.exists() {
        let converted = convert::convert(&path, settings)?;
        if let Some(bos) = converted.bos {
            settings.named.default("bos_token", &bos);
        }
        if let Some(eos) = converted.eos {
            settings.named.default("eos_token", &eos);
        }
        settings.named.default("unk_token", &converted.unknown);
        return Ok((converted.tokenizer, false));
    }
    match byte_level::read(folder, settings)? {
        Some(tokenizer) => Ok((tokenizer, false)),
        None => Err(TokenizerError::NoFiles {
            folder: folder.to_owned(),
            looked_for: vec![
                "tokenizer.json",
                "tokenizer.model",
                "vocab.json with merges.txt",
                "a GGUF file",
            ],
        }),
    }
}
