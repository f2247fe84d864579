//! Text to ids in llama.cpp's order: first marks are cut out of the text, then each part between them is encoded.

use super::scored::{SPACE, ScoredPieces};
use crate::tokenizer::TokenizerError;
use tokenizers::Tokenizer;

/// What decides the ids besides the vocabulary.
#[derive(Debug)]
pub(crate) struct GgufEncoder {
    /// Tokens that are cut out of a text wherever they stand, the longest first: the order in which llama.cpp looks for
    /// them, each in the whole text. The library would take the leftmost of all.
    marks: Vec<(String, u32)>,
    /// The pieces of SentencePiece; without them, each part is the library's.
    pieces: Option<SpacedPieces>,
}

/// Pieces, and whether a part begins with a space that is not written.
#[derive(Debug)]
pub(super) struct SpacedPieces {
    pub(super) pieces: ScoredPieces,
    pub(super) has_prefix: bool,
}

/// A part of a text.
enum Part<'a> {
    Text(&'a str),
    Mark(u32),
}

impl GgufEncoder {
    pub(super) fn new(mut marks: Vec<(String, u32)>, pieces: Option<SpacedPieces>) -> Self {
        marks.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { marks, pieces }
    }

    /// The ids of a text.
    pub(crate) fn encode(
        &self,
        tokenizer: &Tokenizer,
        text: &str,
    ) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        for part in self.parts(text) {
            match (part, &self.pieces) {
                (Part::Mark(id), _) => ids.push(id),
                (Part::Text(text), None) => {
                    let encoding = tokenizer
                        .encode_fast(text, false)
                        .map_err(TokenizerError::Failed)?;
                    ids.extend(encoding.get_ids());
                }
                (Part::Text(text), Some(SpacedPieces { pieces, has_prefix })) => {
                    let prefix = if *has_prefix { " " } else { "" };
                    let signs = format!("{prefix}{text}").replace(' ', SPACE);
                    let found = pieces.encode(&signs);
                    ids.extend(found.map_err(|byte| TokenizerError::NoByte { byte })?);
                }
            }
        }
        Ok(ids)
    }

    fn parts<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        let mut parts = vec![Part::Text(text)];
        for (mark, id) in &self.marks {
            if !text.contains(mark.as_str()) {
                continue;
            }
            let cut = parts.into_iter().flat_map(|part| match part {
                Part::Mark(_) => vec![part],
                Part::Text(text) => {
                    let mut between = text.split(mark.as_str()).map(Part::Text);
                    let first = between.next();
                    let rest = between.flat_map(|text| [Part::Mark(*id), text]);
                    first.into_iter().chain(rest).collect()
                }
            });
            parts = cut.collect();
        }
        parts.retain(|part| !matches!(part, Part::Text("")));
        parts
    }
}
