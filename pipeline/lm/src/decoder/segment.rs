use super::{cache::KvCache, sequence::Sequence};
use crate::tree::TokenTree;

/// A piece of a token sequence, after a cache, after another piece of the same run, or alone.
///
/// Sequences with a common beginning are several pieces after the same one, whose states are computed once.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    /// At least one.
    pub(super) tokens: &'a [u32],
    /// The cache before the first piece of the sequence.
    pub(super) past: Option<&'a KvCache>,
    /// The number of the piece before this one, which has a lower number.
    pub(super) parent: Option<usize>,
    /// The row of the first token among all tokens of the run.
    pub(super) start: usize,
    /// Tokens of the sequence before the first one of this piece.
    pub(super) position: usize,
    /// How many of the last tokens are asked for.
    pub(super) outputs: usize,
}

impl<'a> Segment<'a> {
    /// Whole sequences, with the states of all tokens or of the last one of each.
    pub(super) fn of_sequences(sequences: &[Sequence<'a>], last_only: bool) -> Vec<Self> {
        let mut start = 0;
        let segment = |sequence: &Sequence<'a>| {
            let tokens = sequence.tokens;
            start += tokens.len();
            Self {
                tokens,
                past: sequence.past,
                parent: None,
                start: start - tokens.len(),
                position: sequence.past_tokens(),
                outputs: if last_only { 1 } else { tokens.len() },
            }
        };
        sequences.iter().map(segment).collect()
    }

    /// The pieces of a tree, all after `past`.
    pub(super) fn of_tree(tree: &TokenTree<'a>, past: Option<&'a KvCache>) -> Vec<Self> {
        let mut segments: Vec<Self> = Vec::with_capacity(tree.pieces.len());
        let mut start = 0;
        for piece in &tree.pieces {
            segments.push(Self {
                tokens: piece.tokens,
                past: past.filter(|_| piece.parent.is_none()),
                parent: piece.parent,
                start,
                position: match piece.parent {
                    Some(parent) => segments[parent].end(),
                    None => past.map_or(0, KvCache::tokens),
                },
                outputs: piece.outputs,
            });
            start += piece.tokens.len();
        }
        segments
    }

    /// The position after its last token.
    pub(super) const fn end(&self) -> usize {
        self.position + self.tokens.len()
    }

    /// Whether both continue the same cache.
    pub(super) fn same_past(&self, other: &Self) -> bool {
        match (self.past, other.past) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// The numbers of the pieces of the sequence that ends with piece `number`, the first one first.
pub(super) fn line_of(segments: &[Segment], number: usize) -> Vec<usize> {
    let mut line: Vec<usize> =
        std::iter::successors(Some(number), |number| segments[*number].parent).collect();
    line.reverse();
    line
}
