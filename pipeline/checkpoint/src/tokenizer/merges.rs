use crate::tokenizer::sentencepiece::VocabularyPiece;
use std::collections::HashMap;

/// The merges that a SentencePiece model implies, first ones first: every way to put a piece together from two
/// pieces, in the order of the ids of what comes out, then of the length of the left part.
///
/// The order is that of transformers 5. SentencePiece itself merges by score, the leftmost first among equal ones. A
/// trainer gives scores that fall with the id, so that both are the same; a vocabulary that was glued together, as
/// Chinese-LLaMA's, may have scores that do not. That is reported as a warning.
pub(crate) fn merges(pieces: &[VocabularyPiece]) -> Vec<(String, String)> {
    let ids: HashMap<&str, usize> = pieces
        .iter()
        .enumerate()
        .map(|(id, piece)| (piece.text.as_str(), id))
        .collect();
    let mut merges = Vec::new();
    let mut last: Option<f32> = None;
    let mut is_ordered = true;
    for piece in pieces {
        let before = merges.len();
        for (cut, _) in piece.text.char_indices().skip(1) {
            let (left, right) = piece.text.split_at(cut);
            if ids.contains_key(left) && ids.contains_key(right) {
                merges.push((left.to_owned(), right.to_owned()));
            }
        }
        if merges.len() > before {
            is_ordered &= last.is_none_or(|score| piece.score < score);
            last = Some(piece.score);
        }
    }
    if !is_ordered {
        tracing::warn!(
            "the scores in tokenizer.model do not fall with the ids; pieces are merged by id, as transformers 5 does, \
             and SentencePiece itself may split some words differently"
        );
    }
    merges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::sentencepiece::PieceKind;

    #[test]
    fn every_split_in_the_order_of_ids_then_of_the_left_length() {
        let pieces = ["a", "b", "c", "bc", "ab", "abc", "é", "éa"].map(|text| VocabularyPiece {
            text: text.to_owned(),
            score: 0.0,
            kind: PieceKind::Normal,
        });
        let expected = [("b", "c"), ("a", "b"), ("a", "bc"), ("ab", "c"), ("é", "a")]
            .map(|(left, right)| (left.to_owned(), right.to_owned()));
        assert_eq!(merges(&pieces), expected);
    }
}
