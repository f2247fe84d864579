//! SentencePiece's BPE as llama.cpp computes it: of all neighbours whose joined text is a token, those with the highest
//! score are joined first, of equal ones the leftmost.
//!
//! A list of merges cannot say that: it orders pairs, and two pairs may have one score.

use std::{cmp::Ordering, collections::BinaryHeap, collections::HashMap};

/// The tokens of a vocabulary with their scores.
#[derive(Debug)]
pub(crate) struct ScoredPieces {
    pieces: HashMap<String, (u32, f32)>,
    /// The token of each byte, `<0x41>`.
    bytes: Vec<Option<u32>>,
}

/// SentencePiece's sign for a space.
pub(super) const SPACE: &str = "\u{2581}";

/// Neighbours that can be joined.
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    /// Bytes of the joined text: where they have changed, another pair was faster.
    length: usize,
}

/// A part of the text, with its neighbours.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
    before: Option<usize>,
    after: Option<usize>,
}

impl ScoredPieces {
    pub(super) fn new<'a>(tokens: impl Iterator<Item = (&'a str, u32, f32)>) -> Self {
        let mut pieces = HashMap::new();
        for (text, id, score) in tokens {
            pieces.insert(text.to_owned(), (id, score));
        }
        let byte = |byte: u8| {
            let named = pieces.get(&format!("<0x{byte:02X}>"));
            // llama.cpp's second choice is a token that is the byte itself.
            let plain = byte.is_ascii().then(|| char::from(byte).to_string());
            let plain = || plain.and_then(|plain| pieces.get(&plain));
            named.or_else(plain).map(|(id, _)| *id)
        };
        let bytes = (0..=255).map(byte).collect();
        Self { pieces, bytes }
    }

    /// The ids of a text in which spaces are signs already; the first byte that no token stands for, if there is one.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, u8> {
        let mut parts: Vec<Part> = Vec::new();
        for (number, (start, character)) in text.char_indices().enumerate() {
            parts.push(Part {
                start,
                end: start + character.len_utf8(),
                before: number.checked_sub(1),
                after: Some(number + 1),
            });
        }
        if let Some(last) = parts.last_mut() {
            last.after = None;
        }
        let mut pairs = BinaryHeap::new();
        for number in 1..parts.len() {
            self.push(&mut pairs, text, &parts, number - 1, number);
        }
        while let Some(Pair {
            left,
            right,
            length,
            ..
        }) = pairs.pop()
        {
            let (first, second) = (parts[left], parts[right]);
            let whole = second.end.saturating_sub(first.start);
            // One of the two was joined with another neighbour.
            if first.start == first.end || second.start == second.end || whole != length {
                continue;
            }
            parts[left].end = second.end;
            parts[left].after = second.after;
            parts[right].end = second.start;
            if let Some(after) = second.after {
                parts[after].before = Some(left);
                self.push(&mut pairs, text, &parts, left, after);
            }
            if let Some(before) = parts[left].before {
                self.push(&mut pairs, text, &parts, before, left);
            }
        }
        let mut ids = Vec::new();
        let mut next = (!parts.is_empty()).then_some(0);
        while let Some(number) = next {
            let part = parts[number];
            let piece = &text[part.start..part.end];
            match self.pieces.get(piece) {
                Some((id, _)) => ids.push(*id),
                None => {
                    for byte in piece.bytes() {
                        ids.push(self.bytes[usize::from(byte)].ok_or(byte)?);
                    }
                }
            }
            next = part.after;
        }
        Ok(ids)
    }

    fn push(
        &self,
        pairs: &mut BinaryHeap<Pair>,
        text: &str,
        parts: &[Part],
        left: usize,
        right: usize,
    ) {
        let (start, end) = (parts[left].start, parts[right].end);
        if let Some((_, score)) = self.pieces.get(&text[start..end]) {
            pairs.push(Pair {
                score: *score,
                left,
                right,
                length: end - start,
            });
        }
    }
}

/// The greatest is the one to join next.
impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        let score = self.score.total_cmp(&other.score);
        score.then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}

#[cfg(test)]
mod tests {
    use super::ScoredPieces;

    #[test]
    fn the_highest_score_comes_first_and_of_equal_ones_the_leftmost() {
        // By hand. `bc` before `ab`; `aa` twice from the left; `é` by its bytes.
        let tokens = [
            ("a", 0, -9.0),
            ("b", 1, -9.0),
            ("c", 2, -9.0),
            ("bc", 3, -1.0),
            ("ab", 4, -2.0),
            ("aa", 5, -3.0),
            ("aaa", 6, -3.0),
            ("<0xC3>", 7, 0.0),
            ("<0xA9>", 8, 0.0),
        ];
        let pieces = ScoredPieces::new(tokens.into_iter());
        for (text, ids) in [
            ("abc", &[0, 3][..]),
            ("abab", &[4, 4]),
            // `aa` at 0; then `aa` at 2 and `aaa` at 0 have one score, and the leftmost is joined.
            ("aaaa", &[6, 0]),
            ("aaaaa", &[6, 5]),
            ("aé", &[0, 7, 8]),
            ("", &[]),
        ] {
            assert_eq!(pieces.encode(text).as_deref(), Ok(ids), "{text}");
        }
        assert_eq!(pieces.encode("x"), Err(b'x'));
    }
}
