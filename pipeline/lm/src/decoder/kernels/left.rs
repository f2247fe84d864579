//! The left side of a product in the order in which tiles read it.

use super::tile::{DEPTH, ROWS};

/// The matrix on the left of a product, `[rows, terms]`.
#[derive(Clone, Copy)]
pub(super) enum LeftMatrix<'a> {
    /// Row by row.
    Rows(&'a [f32]),
    /// Column by column.
    Columns(&'a [f32]),
}

/// Some rows: for every [`DEPTH`] terms all tiles, each `[terms, ROWS]`. The last tile is filled up with zeros.
pub(super) struct LeftTiles {
    values: Vec<f32>,
    rows: usize,
}

impl LeftTiles {
    /// Packs the rows `first..first + rows` of a matrix that has so many terms in a row.
    pub(super) fn new(matrix: LeftMatrix, first: usize, rows: usize, terms: usize) -> Self {
        let mut values = vec![0.0; rows.next_multiple_of(ROWS) * terms];
        let mut rest = values.as_mut_slice();
        for from in (0..terms).step_by(DEPTH) {
            let depth = DEPTH.min(terms - from);
            for row in (0..rows).step_by(ROWS) {
                let (tile, later) = std::mem::take(&mut rest).split_at_mut(depth * ROWS);
                rest = later;
                let count = ROWS.min(rows - row);
                match matrix {
                    LeftMatrix::Rows(numbers) => {
                        for n in 0..count {
                            let row = &numbers[(first + row + n) * terms + from..][..depth];
                            for (tile, x) in tile.chunks_exact_mut(ROWS).zip(row) {
                                tile[n] = *x;
                            }
                        }
                    }
                    LeftMatrix::Columns(numbers) => {
                        let stride = numbers.len() / terms;
                        let columns = numbers.chunks_exact(stride).skip(from);
                        for (tile, column) in tile.chunks_exact_mut(ROWS).zip(columns) {
                            tile[..count].copy_from_slice(&column[first + row..][..count]);
                        }
                    }
                }
            }
        }
        Self { values, rows }
    }

    /// The tiles of the terms from `from` on, of which there are `depth`.
    pub(super) fn tiles(&self, from: usize, depth: usize) -> impl Iterator<Item = &[[f32; ROWS]]> {
        let all = self.rows.next_multiple_of(ROWS);
        let tiles = self.values[all * from..][..all * depth].chunks_exact(depth * ROWS);
        tiles.map(|tile| tile.as_chunks().0)
    }
}
