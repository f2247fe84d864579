//! A SentencePiece model as a tokenizer of the `tokenizers` library.

use crate::tokenizer::sentencepiece::{Algorithm, PieceKind, SentencePieceModel};
use crate::tokenizer::settings::TokenizerSettings;
use crate::tokenizer::{TokenizerError, merges, sentencepiece};
use std::path::Path;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as Decoders;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::normalizers::prepend::Prepend;
use tokenizers::normalizers::replace::{Replace, ReplacePattern};
use tokenizers::normalizers::utils::Sequence as Normalizers;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::{AddedToken, Tokenizer};

/// SentencePiece's sign for a space.
const SPACE: &str = "\u{2581}";

/// A model as it was read, and the tokenizer that it became.
pub(crate) struct ConvertedTokenizer {
    pub tokenizer: Tokenizer,
    pub bos: Option<String>,
    pub eos: Option<String>,
    pub unknown: String,
}

/// Reads and converts `tokenizer.model`.
pub(crate) fn convert(
    path: &Path,
    settings: &TokenizerSettings,
) -> Result<ConvertedTokenizer, TokenizerError> {
    let bytes = std::fs::read(path).map_err(|source| TokenizerError::Read {
        path: path.to_owned(),
        source,
    })?;
    let model = sentencepiece::read(&bytes).map_err(|source| TokenizerError::SentencePiece {
        path: path.to_owned(),
        source,
    })?;
    if let Some(feature) = unsupported(&model) {
        return Err(TokenizerError::Unsupported {
            path: path.to_owned(),
            feature,
        });
    }
    from_model(&model, settings).map_err(|source| TokenizerError::Unusable {
        path: path.to_owned(),
        source,
    })
}

/// What transformers' `LlamaTokenizer` puts around a model: spaces become a sign, and the text gets one in front.
pub(crate) fn as_llama(
    tokenizer: &mut Tokenizer,
    settings: &TokenizerSettings,
) -> tokenizers::Result<()> {
    let scheme = match (settings.add_prefix_space, settings.legacy) {
        (Some(false), _) => PrependScheme::Never,
        (_, Some(true)) => PrependScheme::Always,
        (_, _) => PrependScheme::First,
    };
    tokenizer.with_pre_tokenizer(Some(Metaspace::new('\u{2581}', scheme, false)));
    decode_spaces(tokenizer, scheme != PrependScheme::Never)
}

/// A BPE of vocabulary and merges, as SentencePiece means it.
pub(crate) fn bpe(
    vocabulary: Vocab,
    merges: Vec<(String, String)>,
    byte_fallback: bool,
    unknown: Option<String>,
) -> tokenizers::Result<BPE> {
    let builder = BPE::builder()
        .vocab_and_merges(vocabulary, merges)
        .fuse_unk(true)
        .byte_fallback(byte_fallback);
    match unknown {
        Some(unknown) => builder.unk_token(unknown).build(),
        None => builder.build(),
    }
}

fn unsupported(model: &SentencePieceModel) -> Option<&'static str> {
    match model.algorithm {
        Algorithm::Word => return Some("cuts text into words"),
        Algorithm::Char => return Some("cuts text into characters"),
        Algorithm::Unigram | Algorithm::Bpe => {}
    }
    if model.has_charsmap {
        Some("replaces characters before it encodes them (precompiled_charsmap)")
    } else if model.whitespace_as_suffix {
        Some("puts spaces after words (treat_whitespace_as_suffix)")
    } else {
        None
    }
}

fn from_model(
    model: &SentencePieceModel,
    settings: &TokenizerSettings,
) -> tokenizers::Result<ConvertedTokenizer> {
    let unknown = model.pieces[model.unknown].text.clone();
    let wrapped: ModelWrapper = match model.algorithm {
        Algorithm::Unigram => Unigram::from(
            model
                .pieces
                .iter()
                .map(|piece| (piece.text.clone(), f64::from(piece.score)))
                .collect(),
            Some(model.unknown),
            model.byte_fallback,
        )?
        .into(),
        Algorithm::Bpe | Algorithm::Word | Algorithm::Char => bpe(
            (0..)
                .zip(&model.pieces)
                .map(|(id, piece)| (piece.text.clone(), id))
                .collect(),
            merges::merges(&model.pieces),
            model.byte_fallback,
            Some(unknown.clone()),
        )?
        .into(),
    };
    let mut tokenizer = Tokenizer::new(wrapped);
    if settings.is_llama() {
        as_llama(&mut tokenizer, settings)?;
    } else {
        as_specified(&mut tokenizer, model)?;
    }
    tokenizer.add_tokens(model.pieces.iter().filter_map(|piece| match piece.kind {
        PieceKind::Control => Some(AddedToken::from(piece.text.clone(), true)),
        PieceKind::UserDefined => {
            Some(AddedToken::from(piece.text.clone(), false).normalized(false))
        }
        PieceKind::Normal | PieceKind::Unknown | PieceKind::Byte | PieceKind::Unused => None,
    }))?;
    Ok(ConvertedTokenizer {
        tokenizer,
        bos: model.bos.clone(),
        eos: model.eos.clone(),
        unknown,
    })
}

/// What the model itself says about spaces.
///
/// A text that has control or user-defined symbols in it is cut at them first, and each part is treated as a text of
/// its own; SentencePiece would look at the beginning and the end of the whole text only.
fn as_specified(tokenizer: &mut Tokenizer, model: &SentencePieceModel) -> tokenizers::Result<()> {
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if model.remove_extra_whitespaces {
        // At the end SentencePiece does not tell a space from its sign.
        let ends = ReplacePattern::Regex(format!("^ +|[ {SPACE}]+$"));
        let runs = ReplacePattern::Regex(" {2,}".to_owned());
        steps.push(Replace::new(ends, "")?.into());
        steps.push(Replace::new(runs, " ")?.into());
    }
    if model.add_dummy_prefix {
        steps.push(Prepend::new(" ".to_owned()).into());
    }
    if model.escape_whitespaces {
        steps.push(Replace::new(" ", SPACE)?.into());
    }
    if !steps.is_empty() {
        tokenizer.with_normalizer(Some(Normalizers::new(steps)))?;
    }
    decode_spaces(tokenizer, model.add_dummy_prefix)
}

/// Spaces become signs, with one more in front of a text where there is to be one, whatever it begins with.
pub(crate) fn spaces_as_signs(
    tokenizer: &mut Tokenizer,
    has_prefix: bool,
) -> tokenizers::Result<()> {
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if has_prefix {
        steps.push(Prepend::new(SPACE.to_owned()).into());
    }
    steps.push(Replace::new(" ", SPACE)?.into());
    tokenizer.with_normalizer(Some(Normalizers::new(steps)))?;
    decode_spaces(tokenizer, has_prefix)
}

/// Signs become spaces, bytes characters, and a space that was put in front is dropped.
fn decode_spaces(tokenizer: &mut Tokenizer, has_prefix: bool) -> tokenizers::Result<()> {
    let mut steps: Vec<DecoderWrapper> = vec![
        Replace::new(SPACE, " ")?.into(),
        ByteFallback::new().into(),
        Fuse::new().into(),
    ];
    if has_prefix {
        steps.push(Strip::new(' ', 1, 0).into());
    }
    tokenizer.with_decoder(Some(Decoders::new(steps)));
    Ok(())
}
