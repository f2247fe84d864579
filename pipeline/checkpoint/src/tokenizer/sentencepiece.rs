//! A SentencePiece model file (`sentencepiece_model.proto`), as far as encoding needs it.

use crate::tokenizer::protobuf::{ProtobufError, ProtobufField, ProtobufFields};
use std::collections::HashSet;

/// What a piece is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// Text.
    Normal,
    /// What stands for everything else.
    Unknown,
    /// A mark that no text has, such as `</s>`.
    Control,
    /// A text that is always one piece.
    UserDefined,
    /// A byte, `<0x41>`.
    Byte,
    /// Never used.
    Unused,
}

/// One piece of the vocabulary; its id is its position.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VocabularyPiece {
    pub text: String,
    pub score: f32,
    pub kind: PieceKind,
}

/// How text is cut into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Unigram,
    Bpe,
    Word,
    Char,
}

/// A SentencePiece model as `tokenizer.model` holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SentencePieceModel {
    pub pieces: Vec<VocabularyPiece>,
    pub algorithm: Algorithm,
    pub byte_fallback: bool,
    /// The position of the piece for everything unknown.
    pub unknown: usize,
    /// The mark at the beginning, if the model has one.
    pub bos: Option<String>,
    /// The mark at the end, if the model has one.
    pub eos: Option<String>,
    pub add_dummy_prefix: bool,
    pub remove_extra_whitespaces: bool,
    pub escape_whitespaces: bool,
    pub whitespace_as_suffix: bool,
    /// Whether characters are replaced before anything else.
    pub has_charsmap: bool,
}

/// Reads a model.
///
/// A file that was cut between two fields still is a protobuf, so one without the specifications of trainer and
/// normalizer, which follow the pieces, is refused.
pub(crate) fn read(bytes: &[u8]) -> Result<SentencePieceModel, ProtobufError> {
    let end = |problem| ProtobufError {
        offset: bytes.len(),
        problem,
    };
    let mut pieces = Vec::new();
    let (mut trainer, mut normalizer) = (None, None);
    let mut fields = ProtobufFields::of_file(bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => pieces.push(piece(&field)?),
            2 => trainer = Some(read_trainer(&field)?),
            3 => normalizer = Some(read_normalizer(&field)?),
            _ => {}
        }
    }
    if pieces.is_empty() {
        return Err(end("there are no pieces"));
    }
    let trainer = trainer.ok_or_else(|| end("the trainer's specification is missing"))?;
    let normalizer = normalizer.ok_or_else(|| end("the normalizer's specification is missing"))?;
    let mut seen = HashSet::new();
    if !pieces.iter().all(|piece| seen.insert(piece.text.as_str())) {
        return Err(end("a piece occurs twice"));
    }
    let unknown = pieces
        .iter()
        .position(|piece| piece.kind == PieceKind::Unknown)
        .ok_or_else(|| end("no piece stands for what is unknown"))?;
    Ok(SentencePieceModel {
        pieces,
        algorithm: trainer.algorithm,
        byte_fallback: trainer.byte_fallback,
        unknown,
        bos: (trainer.bos_id >= 0).then_some(trainer.bos),
        eos: (trainer.eos_id >= 0).then_some(trainer.eos),
        add_dummy_prefix: normalizer.add_dummy_prefix,
        remove_extra_whitespaces: normalizer.remove_extra_whitespaces,
        escape_whitespaces: normalizer.escape_whitespaces,
        whitespace_as_suffix: trainer.whitespace_as_suffix,
        has_charsmap: normalizer.has_charsmap,
    })
}

fn piece(field: &ProtobufField) -> Result<VocabularyPiece, ProtobufError> {
    let mut piece = VocabularyPiece {
        text: String::new(),
        score: 0.0,
        kind: PieceKind::Normal,
    };
    let mut fields = field.message()?;
    while let Some(part) = fields.next()? {
        match part.number {
            1 => piece.text = part.text()?.to_owned(),
            2 => piece.score = part.float()?,
            3 => {
                piece.kind = match part.int()? {
                    1 => PieceKind::Normal,
                    2 => PieceKind::Unknown,
                    3 => PieceKind::Control,
                    4 => PieceKind::UserDefined,
                    5 => PieceKind::Unused,
                    6 => PieceKind::Byte,
                    _ => {
                        return Err(ProtobufError {
                            offset: part.offset,
                            problem: "a piece has a type that SentencePiece does not have",
                        });
                    }
                }
            }
            _ => {}
        }
    }
    let problem = if piece.text.is_empty() {
        "a piece is empty"
    } else if !piece.score.is_finite() {
        "a score is not a number"
    } else {
        return Ok(piece);
    };
    Err(ProtobufError {
        offset: field.offset,
        problem,
    })
}

/// What `TrainerSpec` says; the defaults are those of the schema.
struct TrainerSpec {
    algorithm: Algorithm,
    byte_fallback: bool,
    whitespace_as_suffix: bool,
    bos_id: i64,
    eos_id: i64,
    bos: String,
    eos: String,
}

fn read_trainer(field: &ProtobufField) -> Result<TrainerSpec, ProtobufError> {
    let mut trainer = TrainerSpec {
        algorithm: Algorithm::Unigram,
        byte_fallback: false,
        whitespace_as_suffix: false,
        bos_id: 1,
        eos_id: 2,
        bos: "<s>".to_owned(),
        eos: "</s>".to_owned(),
    };
    let mut fields = field.message()?;
    while let Some(part) = fields.next()? {
        match part.number {
            3 => {
                trainer.algorithm = match part.int()? {
                    1 => Algorithm::Unigram,
                    2 => Algorithm::Bpe,
                    3 => Algorithm::Word,
                    4 => Algorithm::Char,
                    _ => {
                        return Err(ProtobufError {
                            offset: part.offset,
                            problem: "the model has a type that SentencePiece does not have",
                        });
                    }
                }
            }
            24 => trainer.whitespace_as_suffix = part.flag()?,
            35 => trainer.byte_fallback = part.flag()?,
            41 => trainer.bos_id = part.int()?,
            42 => trainer.eos_id = part.int()?,
            46 => trainer.bos = part.text()?.to_owned(),
            47 => trainer.eos = part.text()?.to_owned(),
            _ => {}
        }
    }
    Ok(trainer)
}

/// What `NormalizerSpec` says; the defaults are those of the schema.
struct NormalizerSpec {
    has_charsmap: bool,
    add_dummy_prefix: bool,
    remove_extra_whitespaces: bool,
    escape_whitespaces: bool,
}

fn read_normalizer(field: &ProtobufField) -> Result<NormalizerSpec, ProtobufError> {
    let mut normalizer = NormalizerSpec {
        has_charsmap: false,
        add_dummy_prefix: true,
        remove_extra_whitespaces: true,
        escape_whitespaces: true,
    };
    let mut fields = field.message()?;
    while let Some(part) = fields.next()? {
        match part.number {
            2 => normalizer.has_charsmap = !part.bytes()?.is_empty(),
            3 => normalizer.add_dummy_prefix = part.flag()?,
            4 => normalizer.remove_extra_whitespaces = part.flag()?,
            5 => normalizer.escape_whitespaces = part.flag()?,
            _ => {}
        }
    }
    Ok(normalizer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &[u8] = include_bytes!("../../tests/tokenizer/fixtures/baichuan2.model");

    #[test]
    fn a_file_of_the_trainer() {
        let model = read(FILE).unwrap();
        // What `tests/reference.py` asked the trainer for.
        assert_eq!(model.pieces.len(), 700);
        assert_eq!(model.algorithm, Algorithm::Bpe);
        assert!(model.byte_fallback && model.escape_whitespaces);
        assert!(!model.add_dummy_prefix && !model.remove_extra_whitespaces);
        assert!(!model.has_charsmap && !model.whitespace_as_suffix);
        let kinds: Vec<PieceKind> = model.pieces[..6].iter().map(|piece| piece.kind).collect();
        assert_eq!(
            kinds,
            [
                PieceKind::Unknown,
                PieceKind::Control,
                PieceKind::Control,
                PieceKind::UserDefined,
                PieceKind::UserDefined,
                PieceKind::Byte
            ]
        );
        assert_eq!(model.pieces[4].text, "<reserved_1>");
        assert_eq!(
            (model.bos.as_deref(), model.eos.as_deref()),
            (Some("<s>"), Some("</s>"))
        );
    }

    #[test]
    fn a_cut_file_is_no_model() {
        // The specifications come last, so that there is no place where a cut leaves a whole model.
        let ends: Vec<usize> = (0..FILE.len() - 200)
            .step_by(17)
            .chain(FILE.len() - 200..FILE.len())
            .collect();
        assert!(ends.len() > 700, "{}", ends.len());
        for end in ends {
            assert!(read(&FILE[..end]).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_end_in_a_model_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..300)
        ) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_file_with_changed_bytes_ends_in_a_model_or_an_error(
            changes in proptest::collection::vec((0..FILE.len(), any::<u8>()), 1..8)
        ) {
            let mut bytes = FILE.to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            let _ = read(&bytes);
        }
    }
}
