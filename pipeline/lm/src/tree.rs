//! What token sequences have in common, so that it is run once.

/// A sequence of tokens, and the first of them whose state is asked for, as are those of all after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    pub(crate) tokens: &'a [u32],
    pub(crate) first_output: usize,
}

/// Sequences as pieces, of which several may come after the same one.
#[derive(Debug, Default)]
pub(crate) struct TokenTree<'a> {
    pub(crate) pieces: Vec<Piece<'a>>,
    /// Of each path, the number of each of its outputs among those of all pieces.
    pub(crate) outputs: Vec<Vec<usize>>,
}

/// A piece of one or more sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) tokens: &'a [u32],
    /// The number of the piece before, which is lower.
    pub(crate) parent: Option<usize>,
    /// How many of the last tokens are asked for.
    pub(crate) outputs: usize,
}

/// Tokens of the shortest common beginning that is a piece of its own: attention brings all keys before a piece into
/// another order once more.
const MIN_TOKENS: usize = 8;

impl<'a> TokenTree<'a> {
    /// Finds common beginnings of at least [`MIN_TOKENS`]. No path is empty, and each has an output.
    pub(crate) fn new(paths: &[Path<'a>]) -> Self {
        let mut order: Vec<usize> = (0..paths.len()).collect();
        order.sort_by_key(|&number| paths[number].tokens);
        let mut builder = Builder {
            paths,
            pieces: Vec::new(),
            of_path: vec![Vec::new(); paths.len()],
        };
        builder.add(&order, 0, None);
        builder.finish()
    }

    /// Each path as a piece of its own.
    pub(crate) fn of_whole(paths: &[Path<'a>]) -> Self {
        let mut tree = Self::default();
        let mut outputs = 0;
        for path in paths {
            let asked = path.tokens.len() - path.first_output;
            tree.pieces.push(Piece {
                tokens: path.tokens,
                parent: None,
                outputs: asked,
            });
            tree.outputs.push((outputs..outputs + asked).collect());
            outputs += asked;
        }
        tree
    }

    /// The row of each output among the tokens of all pieces.
    pub(crate) fn output_rows(&self) -> Vec<usize> {
        let mut end = 0;
        let rows = self.pieces.iter().flat_map(|piece| {
            end += piece.tokens.len();
            end - piece.outputs..end
        });
        rows.collect()
    }
}

struct Builder<'p, 'a> {
    paths: &'p [Path<'a>],
    pieces: Vec<Piece<'a>>,
    /// Of each path, its pieces, and the position of the first token of each.
    of_path: Vec<Vec<(usize, usize)>>,
}

impl<'a> Builder<'_, 'a> {
    /// Adds paths in order, all of which have their first `from` tokens in the piece `parent` and before it.
    fn add(&mut self, order: &[usize], from: usize, parent: Option<usize>) {
        let tokens = |number: usize| self.paths[number].tokens;
        let alike = |pair: &[usize]| common(tokens(pair[0]), tokens(pair[1]));
        // Neighbours that go on alike for long enough, or not at all.
        let groups: Vec<&[usize]> = order
            .chunk_by(|one, other| {
                let alike = alike(&[*one, *other]);
                alike >= from + MIN_TOKENS || tokens(*one) == tokens(*other)
            })
            .collect();
        let shared: Vec<usize> = groups
            .iter()
            .map(|group| {
                let pairs = group.windows(2).map(alike);
                pairs.min().unwrap_or(tokens(group[0]).len())
            })
            .collect();
        for (group, to) in groups.into_iter().zip(shared) {
            let outputs = group.iter().map(|&number| {
                let first = self.paths[number].first_output.max(from);
                to.saturating_sub(first)
            });
            let piece = self.pieces.len();
            self.pieces.push(Piece {
                tokens: &self.paths[group[0]].tokens[from..to],
                parent,
                outputs: outputs.max().unwrap_or(0),
            });
            for &number in group {
                self.of_path[number].push((piece, from));
            }
            let longer = group
                .iter()
                .filter(|&&number| self.paths[number].tokens.len() > to);
            let longer: Vec<usize> = longer.copied().collect();
            if !longer.is_empty() {
                self.add(&longer, to, Some(piece));
            }
        }
    }

    fn finish(self) -> TokenTree<'a> {
        let mut before = 0;
        let starts: Vec<usize> = self
            .pieces
            .iter()
            .map(|piece| {
                before += piece.outputs;
                before - piece.outputs
            })
            .collect();
        let of_path = |(path, pieces): (&Path, &Vec<(usize, usize)>)| {
            let outputs = pieces.iter().flat_map(|&(number, from)| {
                let piece = &self.pieces[number];
                let to = from + piece.tokens.len();
                let first_of_piece = to - piece.outputs;
                let start = starts[number];
                (path.first_output.max(from)..to).map(move |at| start + at - first_of_piece)
            });
            outputs.collect()
        };
        let outputs = self.paths.iter().zip(&self.of_path).map(of_path).collect();
        TokenTree {
            pieces: self.pieces,
            outputs,
        }
    }
}

/// How many tokens two sequences begin with alike.
pub(crate) fn common(one: &[u32], other: &[u32]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::{Path, Piece, TokenTree};

    fn piece(tokens: &[u32], parent: Option<usize>, outputs: usize) -> Piece<'_> {
        Piece {
            tokens,
            parent,
            outputs,
        }
    }

    #[test]
    fn what_is_alike_is_there_once() {
        let begin: Vec<u32> = (0..10).collect();
        let with = |end: &[u32]| [begin.as_slice(), end].concat();
        let long: Vec<u32> = (20..30).collect();
        let deep = |end: &[u32]| [begin.as_slice(), &long, end].concat();
        let tokens = [
            deep(&[1]),
            with(&[5]),
            deep(&[2, 3]),
            with(&[5]),
            begin.clone(),
            vec![7, 8],
        ];
        let firsts = [19, 10, 20, 9, 9, 0];
        let paths: Vec<Path> = tokens
            .iter()
            .zip(firsts)
            .map(|(tokens, first_output)| Path {
                tokens,
                first_output,
            })
            .collect();
        let tree = TokenTree::new(&paths);
        // By hand: the ten tokens, of which the last one is asked for; after them the 5; the long piece, with its last one
        // asked for, and its two ends; what has nothing in common.
        let expected = [
            piece(&begin, None, 1),
            piece(&[5], Some(0), 1),
            piece(&long, Some(0), 1),
            piece(&[1], Some(2), 1),
            piece(&[2, 3], Some(2), 2),
            piece(&[7, 8], None, 2),
        ];
        assert_eq!(tree.pieces, expected);
        let outputs: [&[usize]; 6] = [&[2, 3], &[1], &[4, 5], &[0, 1], &[0], &[6, 7]];
        assert_eq!(tree.outputs, outputs);
    }

    #[test]
    fn short_beginnings_are_not_worth_a_piece() {
        let tokens = [[1, 2, 3, 4], [1, 2, 3, 5]];
        let paths = tokens.each_ref().map(|tokens| Path {
            tokens,
            first_output: 3,
        });
        let tree = TokenTree::new(&paths);
        assert_eq!(
            tree.pieces,
            tokens.each_ref().map(|tokens| piece(tokens, None, 1))
        );
        assert_eq!(tree.outputs, [[0], [1]]);
    }
}
