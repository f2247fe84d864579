//! The left side of a product in the order in which tiles read it.

use super::tile::{DEPTH, ROWS, group_rows};
use std::ops::Range;

/// The matrix on the left of a product, `[rows, terms]`.
#[derive(Clone, Copy)]
pub(super) enum LeftMatrix<'a> {
    /// Row by row.
    Rows(&'a [f32]),
    /// Column by column.
    Columns(&'a [f32]),
}

/// Some rows: for every [`DEPTH`] terms all groups, each `[terms, group]`. The last group is filled up with zeros.
pub(super) struct LeftTiles {
    values: Vec<f32>,
    /// The rows of all groups.
    rows: usize,
    /// The rows of a group.
    pub(super) group: usize,
}

impl LeftTiles {
    /// Packs the rows `first..first + rows` of a matrix that has so many terms in a row.
    pub(super) fn new(matrix: LeftMatrix, first: usize, rows: usize, terms: usize) -> Self {
        let group = group_rows(rows);
        let mut tiles = Self {
            values: vec![0.0; rows.next_multiple_of(group) * terms],
            rows: rows.next_multiple_of(group),
            group,
        };
        let rows = first..first + rows;
        match group {
            1 => tiles.pack::<1>(matrix, rows, terms),
            2 => tiles.pack::<2>(matrix, rows, terms),
            4 => tiles.pack::<4>(matrix, rows, terms),
            _ => tiles.pack::<ROWS>(matrix, rows, terms),
        }
        tiles
    }

    fn pack<const R: usize>(&mut self, matrix: LeftMatrix, rows: Range<usize>, terms: usize) {
        let mut rest = self.values.as_mut_slice();
        for from in (0..terms).step_by(DEPTH) {
            let depth = DEPTH.min(terms - from);
            for row in rows.clone().step_by(R) {
                let (group, later) = std::mem::take(&mut rest).split_at_mut(depth * R);
                rest = later;
                let (group, _) = group.as_chunks_mut::<R>();
                let count = R.min(rows.end - row);
                match matrix {
                    LeftMatrix::Rows(numbers) => {
                        for n in 0..count {
                            let row = &numbers[(row + n) * terms + from..][..depth];
                            for (group, x) in group.iter_mut().zip(row) {
                                group[n] = *x;
                            }
                        }
                    }
                    LeftMatrix::Columns(numbers) => {
                        let stride = numbers.len() / terms;
                        let columns = numbers.chunks_exact(stride).skip(from);
                        for (group, column) in group.iter_mut().zip(columns) {
                            group[..count].copy_from_slice(&column[row..][..count]);
                        }
                    }
                }
            }
        }
    }

    /// The groups of `R` rows, with the terms from `from` on, of which there are `depth`.
    pub(super) fn groups<const R: usize>(
        &self,
        from: usize,
        depth: usize,
    ) -> impl ExactSizeIterator<Item = &[[f32; R]]> {
        let groups = self.values[self.rows * from..][..self.rows * depth].chunks_exact(depth * R);
        groups.map(|group| group.as_chunks().0)
    }
}
