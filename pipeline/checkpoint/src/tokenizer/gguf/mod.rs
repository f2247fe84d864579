//! The tokenizer in a GGUF file's metadata, with llama.cpp's ids.

mod encode;
mod scored;
mod words;

use super::{
    TokenizerError,
    added::Named,
    chat::ChatTemplates,
    convert,
    json::{Merge, check_merges},
    settings::TokenizerSettings,
};
use crate::gguf::{GgufFile, GgufValue};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokenizers::{
    AddedToken, SplitDelimiterBehavior, Tokenizer,
    models::bpe::{BPE, Vocab},
    pre_tokenizers::{
        PreTokenizerWrapper,
        byte_level::ByteLevel,
        sequence::Sequence,
        split::{Split, SplitPattern},
    },
    processors::template::TemplateProcessing,
};

pub(crate) use encode::GgufEncoder;
use encode::SpacedPieces;
use scored::ScoredPieces;
use words::Words;

/// A tokenizer of a GGUF file.
pub(super) struct GgufTokenizer {
    pub(super) tokenizer: Tokenizer,
    pub(super) settings: TokenizerSettings,
    pub(super) encoder: GgufEncoder,
}

/// What a token is there for, by `tokenizer.ggml.token_type`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    /// Text, a byte, or never used.
    Text,
    /// A mark, or what stands for what is unknown.
    Mark,
    /// A text that is always one token.
    UserDefined,
}

/// Tokens that end a turn, which llama.cpp takes for marks whatever the file says of them.
const ENDS: [&str; 22] = [
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "<｜end▁of▁sentence｜>",
    "[e~[",
];

/// Tokens that fill in the middle of a text, which llama.cpp takes for marks, too.
const FIM: [&str; 31] = [
    "<|fim_prefix|>",
    "<fim-prefix>",
    "<fim_prefix>",
    "<｜fim▁begin｜>",
    "<PRE>",
    "▁<PRE>",
    "<|code_prefix|>",
    "<|prefix|>",
    "<|fim_suffix|>",
    "<fim-suffix>",
    "<fim_suffix>",
    "<｜fim▁hole｜>",
    "<SUF>",
    "▁<SUF>",
    "<|code_suffix|>",
    "<|suffix|>",
    "<|fim_middle|>",
    "<fim-middle>",
    "<fim_middle>",
    "<｜fim▁end｜>",
    "<MID>",
    "▁<MID>",
    "<|code_middle|>",
    "<|middle|>",
    "<|fim_pad|>",
    "<fim-pad>",
    "<fim_pad>",
    "<PAD>",
    "<|fim_repo|>",
    "<|repo_name|>",
    "<|file_sep|>",
];

/// The metadata that a tokenizer is built from.
struct Vocabulary<'a> {
    model: &'a GgufFile,
    tokens: Vec<String>,
    kinds: Vec<TokenKind>,
}

/// The tokenizer of a model, and what its keys say of named tokens.
///
/// # Errors
/// Keys that are missing or of another type, a kind of tokenizer or a rule for words that is not known, and a vocabulary
/// that does not fit its merges.
pub(super) fn read(model: &GgufFile) -> Result<GgufTokenizer, TokenizerError> {
    let kind = model.text("tokenizer.ggml.model")?;
    let kind = kind.ok_or_else(|| model.lacks("tokenizer.ggml.model"))?;
    let vocabulary = Vocabulary::read(model)?;
    match kind {
        "gpt2" => vocabulary.byte_level(),
        "llama" => vocabulary.sentence_piece(),
        other => Err(vocabulary.unsupported(
            format!("tokenizer.ggml.model = {other}"),
            "gpt2 (byte-level BPE), llama (SentencePiece)".to_owned(),
        )),
    }
}

/// The same tokenizer as `tokenizer.json` and `tokenizer_config.json`, for programs that read no GGUF.
///
/// # Errors
/// As [`read`].
pub(crate) fn files(model: &GgufFile) -> Result<(String, String), TokenizerError> {
    let GgufTokenizer {
        mut tokenizer,
        settings,
        ..
    } = read(model)?;
    let named: BTreeMap<_, _> = settings.named.pairs().collect();
    let around = |name: &str, add: Option<bool>| named.get(name).filter(|_| add == Some(true));
    let before = around("bos_token", settings.add_bos_token).copied();
    let after = around("eos_token", settings.add_eos_token).copied();
    let unusable = |source| TokenizerError::Unusable {
        path: model.path().to_owned(),
        source,
    };
    let template = before
        .into_iter()
        .chain(["$A"])
        .chain(after)
        .collect::<Vec<_>>();
    let marks = before.into_iter().chain(after).filter_map(|token| {
        let id = tokenizer.token_to_id(token)?;
        Some((token.to_owned(), id))
    });
    let processor = TemplateProcessing::builder()
        .try_single(template)
        .map_err(|problem| unusable(problem.into()))?
        .special_tokens(marks.collect::<Vec<_>>())
        .build()
        .map_err(|problem| unusable(problem.to_string().into()))?;
    tokenizer.with_post_processor(Some(processor));
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": false,
    });
    for (name, token) in named {
        config[name] = json!(token);
    }
    if let Some(template) = model.text("tokenizer.chat_template")? {
        config["chat_template"] = json!(template);
    }
    let text = tokenizer.to_string(true).map_err(unusable)?;
    Ok((text, format!("{config:#}\n")))
}

impl<'a> Vocabulary<'a> {
    fn read(model: &'a GgufFile) -> Result<Self, TokenizerError> {
        const TOKENS: &str = "tokenizer.ggml.tokens";
        let texts = model.texts(TOKENS)?.ok_or_else(|| model.lacks(TOKENS))?;
        let tokens: Vec<String> = texts
            .into_iter()
            .enumerate()
            // As llama.cpp calls a token without text.
            .map(|(id, text)| match text {
                "" => format!("[EMPTY_{id}]"),
                text => text.to_owned(),
            })
            .collect();
        let mut seen = HashSet::new();
        if let Some(twice) = tokens.iter().find(|token| !seen.insert(token.as_str())) {
            return Err(model
                .problem(format!("it has the token `{twice}` twice"))
                .into());
        }
        let codes = model.items(
            "tokenizer.ggml.token_type",
            "whole numbers from 0 on",
            GgufValue::count,
        )?;
        let codes = codes.unwrap_or_else(|| vec![1; tokens.len()]);
        if codes.len() != tokens.len() {
            return Err(model
                .problem(format!(
                    "`tokenizer.ggml.token_type` has {} items for {} tokens",
                    codes.len(),
                    tokens.len()
                ))
                .into());
        }
        let kinds = tokens.iter().zip(&codes).map(|(token, code)| match code {
            2 | 3 => TokenKind::Mark,
            _ if ENDS.contains(&token.as_str()) || FIM.contains(&token.as_str()) => TokenKind::Mark,
            4 => TokenKind::UserDefined,
            _ => TokenKind::Text,
        });
        Ok(Self {
            kinds: kinds.collect(),
            tokens,
            model,
        })
    }

    fn byte_level(self) -> Result<GgufTokenizer, TokenizerError> {
        let name = self.model.text("tokenizer.ggml.pre")?;
        let name = name.filter(|name| !name.is_empty()).unwrap_or("default");
        let words = Words::named(name).ok_or_else(|| {
            self.unsupported(format!("tokenizer.ggml.pre = {name}"), Words::names())
        })?;
        const MERGES: &str = "tokenizer.ggml.merges";
        let merges = self
            .model
            .texts(MERGES)?
            .ok_or_else(|| self.model.lacks(MERGES))?;
        let mut pairs = Vec::new();
        for merge in merges {
            // A token may begin with a space.
            let cut = merge.char_indices().skip(1).find(|(_, c)| *c == ' ');
            let Some((left, right)) = cut.map(|(place, _)| (&merge[..place], &merge[place + 1..]))
            else {
                return Err(self
                    .model
                    .problem(format!("`{MERGES}` has `{merge}`, which is not two tokens"))
                    .into());
            };
            pairs.push(Merge::Pair(left.to_owned(), right.to_owned()));
        }
        let ids: HashMap<String, u32> = self.ids();
        check_merges(self.model.path(), &ids, &pairs, "")?;
        let settings = self.settings(words.add_bos)?;
        let pairs = pairs.into_iter().filter_map(Merge::pair).collect();
        let build = || {
            let model = BPE::builder()
                .vocab_and_merges(ids.into_iter().collect::<Vocab>(), pairs)
                .ignore_merges(words.whole_words)
                .build()?;
            let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
            for cut in words.cuts {
                let pattern = SplitPattern::Regex((*cut).to_owned());
                steps.push(Split::new(pattern, SplitDelimiterBehavior::Isolated, false)?.into());
            }
            steps.push(ByteLevel::new(false, true, false).into());
            let mut tokenizer = Tokenizer::new(model);
            tokenizer.with_pre_tokenizer(Some(Sequence::new(steps)));
            tokenizer.with_decoder(Some(ByteLevel::default()));
            self.add_marks(tokenizer)
        };
        Ok(GgufTokenizer {
            tokenizer: build().map_err(|source| self.unusable(source))?,
            settings,
            encoder: GgufEncoder::new(self.marks(), None),
        })
    }

    fn sentence_piece(self) -> Result<GgufTokenizer, TokenizerError> {
        const SCORES: &str = "tokenizer.ggml.scores";
        let scores = self
            .model
            .items(SCORES, "finite numbers", GgufValue::number)?;
        let scores = scores.unwrap_or_else(|| vec![0.0; self.tokens.len()]);
        if scores.len() != self.tokens.len() {
            return Err(self
                .model
                .problem(format!(
                    "`{SCORES}` has {} items for {} tokens",
                    scores.len(),
                    self.tokens.len()
                ))
                .into());
        }
        let has_prefix = self
            .model
            .flag("tokenizer.ggml.add_space_prefix")?
            .unwrap_or(true);
        let mut settings = self.settings(true)?;
        // What a file that is written of it says to other programs.
        settings.add_prefix_space = Some(has_prefix);
        let scored = (0..).zip(&self.tokens).zip(&scores);
        let pieces = scored.map(|((id, token), score)| (token.as_str(), id, *score as f32));
        let pieces = ScoredPieces::new(pieces);
        let build = || {
            let merges = self.merges_by_score(&scores);
            let model = convert::bpe(self.ids().into_iter().collect(), merges, true, None)?;
            let mut tokenizer = Tokenizer::new(model);
            convert::spaces_as_signs(&mut tokenizer, has_prefix)?;
            self.add_marks(tokenizer)
        };
        Ok(GgufTokenizer {
            tokenizer: build().map_err(|source| self.unusable(source))?,
            settings,
            encoder: GgufEncoder::new(self.marks(), Some(SpacedPieces { pieces, has_prefix })),
        })
    }

    /// The nearest list of merges, for programs that know no scores.
    fn merges_by_score(&self, scores: &[f64]) -> Vec<(String, String)> {
        let ids: HashSet<&str> = self.tokens.iter().map(String::as_str).collect();
        let mut merges = Vec::new();
        for (token, score) in self.tokens.iter().zip(scores) {
            for (cut, _) in token.char_indices().skip(1) {
                let (left, right) = token.split_at(cut);
                if ids.contains(left) && ids.contains(right) {
                    merges.push((*score, left.to_owned(), right.to_owned()));
                }
            }
        }
        merges.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
        merges
            .into_iter()
            .map(|(_, left, right)| (left, right))
            .collect()
    }

    fn ids(&self) -> HashMap<String, u32> {
        self.tokens.iter().cloned().zip(0..).collect()
    }

    /// The tokens that are cut out of a text.
    fn marks(&self) -> Vec<(String, u32)> {
        let tokens = self.tokens.iter().zip(0..).zip(&self.kinds);
        let marks = tokens.filter(|(_, kind)| **kind != TokenKind::Text);
        marks.map(|((token, id), _)| (token.clone(), id)).collect()
    }

    fn add_marks(&self, mut tokenizer: Tokenizer) -> tokenizers::Result<Tokenizer> {
        let marks = self
            .tokens
            .iter()
            .zip(&self.kinds)
            .filter_map(|(token, kind)| match kind {
                TokenKind::Text => None,
                TokenKind::Mark => Some(AddedToken::from(token.clone(), true).normalized(false)),
                TokenKind::UserDefined => {
                    Some(AddedToken::from(token.clone(), false).normalized(false))
                }
            });
        tokenizer.add_tokens(marks)?;
        Ok(tokenizer)
    }

    /// What the keys say; `add_bos` is the default of the tokenizer's kind.
    fn settings(&self, add_bos: bool) -> Result<TokenizerSettings, TokenizerError> {
        let model = self.model;
        let flag = |name: &str| model.flag(&format!("tokenizer.ggml.{name}"));
        let mut named = Named::none();
        for (key, name) in [
            ("bos", Some("bos_token")),
            ("eos", Some("eos_token")),
            ("unknown", Some("unk_token")),
            ("padding", Some("pad_token")),
            ("eot", None),
            ("eom", None),
        ] {
            let Some(id) = model.token_id(key)? else {
                continue;
            };
            let Some(token) = self.tokens.get(id) else {
                return Err(model
                    .problem(format!(
                        "`tokenizer.ggml.{key}_token_id` is {id}, and the vocabulary has {} tokens",
                        self.tokens.len()
                    ))
                    .into());
            };
            if let Some(name) = name {
                named.default(name, token);
            }
        }
        let add = [
            ("bos", flag("add_bos_token")?.unwrap_or(add_bos)),
            ("eos", flag("add_eos_token")?.unwrap_or(false)),
        ];
        for (name, added) in add {
            if added && model.token_id(name)?.is_none() {
                // llama.cpp would put its default, token 11, there, whatever it is.
                return Err(model
                    .problem(format!(
                        "a text is to have the {name} token, and `tokenizer.ggml.{name}_token_id` is missing"
                    ))
                    .into());
            }
        }
        let [(_, add_bos), (_, add_eos)] = add;
        let template = model.text("tokenizer.chat_template")?;
        let chat = template.map(|template| {
            let path = model.path().to_owned();
            (path, ChatTemplates::One(template.to_owned()))
        });
        Ok(TokenizerSettings {
            folder: model.path().to_owned(),
            class: None,
            model_type: None,
            named,
            added: BTreeMap::new(),
            has_added: true,
            extra: Vec::new(),
            add_bos_token: Some(add_bos),
            add_eos_token: Some(add_eos),
            add_prefix_space: None,
            legacy: None,
            split_special_tokens: false,
            chat,
        })
    }

    fn unsupported(&self, option: String, supported: String) -> TokenizerError {
        TokenizerError::UnsupportedKey {
            path: self.model.path().to_owned(),
            option,
            supported,
        }
    }

    fn unusable(&self, source: tokenizers::Error) -> TokenizerError {
        TokenizerError::Unusable {
            path: self.model.path().to_owned(),
            source,
        }
    }
}
