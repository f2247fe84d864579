//! A weight in the order in which matrix products read it.

use super::{tensor, values_of};
use burn::tensor::Tensor;
use rayon::prelude::*;

/// Outputs of a weight that lie side by side in a panel: a line of the cache, and a whole number of any vectors.
pub(super) const PANEL: usize = 16;

/// A matrix `[out_features, in_features]` of f32, cut into panels of [`PANEL`] outputs. A panel holds, for each input in turn, the
/// numbers of its outputs, so that a product reads it from its beginning to its end. The last panel is filled up with
/// zeros.
///
/// Packing moves numbers and changes none.
pub(crate) struct PackedWeight {
    panels: Vec<f32>,
    out_features: usize,
    in_features: usize,
}

impl PackedWeight {
    /// Packs a matrix, `[out_features, in_features]`, in its own memory if that is not shared: a panel takes the place of
    /// its rows.
    pub(in crate::decoder) fn new(weight: Tensor<2>) -> Self {
        let [out_features, in_features] = weight.dims();
        let mut panels = values_of(weight);
        panels.resize(out_features.next_multiple_of(PANEL) * in_features, 0.0);
        let whole = panels.par_chunks_exact_mut((PANEL * in_features).max(1));
        whole.for_each_init(Vec::new, |rows, panel| {
            rows.clear();
            rows.extend_from_slice(panel);
            pack(rows, in_features, panel);
        });
        Self {
            panels,
            out_features,
            in_features,
        }
    }

    /// `[out_features, in_features]`
    pub(in crate::decoder) const fn dims(&self) -> [usize; 2] {
        [self.out_features, self.in_features]
    }

    /// The numbers of each panel, `[in_features, PANEL]`.
    pub(super) fn panels(&self) -> impl Iterator<Item = &[f32]> {
        self.panels.chunks_exact((PANEL * self.in_features).max(1))
    }

    /// All panels, one after the other.
    pub(super) fn values(&self) -> &[f32] {
        &self.panels
    }

    /// The matrix as it was before it was packed.
    pub(in crate::decoder) fn unpacked(&self) -> Tensor<2> {
        let mut values = vec![0.0; self.out_features * self.in_features];
        if self.in_features > 0 {
            values
                .par_chunks_mut(PANEL * self.in_features)
                .zip(self.panels.par_chunks_exact(PANEL * self.in_features))
                .for_each(|(rows, panel)| {
                    for (number, row) in rows.chunks_exact_mut(self.in_features).enumerate() {
                        for (x, packed) in row.iter_mut().zip(panel.chunks_exact(PANEL)) {
                            *x = packed[number];
                        }
                    }
                });
        }
        tensor(values, self.dims())
    }

    /// Some rows of the matrix, `[rows, in_features]`.
    pub(in crate::decoder) fn rows(&self, numbers: impl Iterator<Item = usize>) -> Tensor<2> {
        let mut values = Vec::new();
        let mut rows = 0;
        for number in numbers {
            let panel = &self.panels[number / PANEL * PANEL * self.in_features..];
            let column = panel.chunks_exact(PANEL).take(self.in_features);
            values.extend(column.map(|packed| packed[number % PANEL]));
            rows += 1;
        }
        tensor(values, [rows, self.in_features])
    }
}

/// Writes up to [`PANEL`] rows of `width` into a panel, `[width, PANEL]`: number `i` of row `j` becomes number `j` of line `i`.
fn pack(rows: &[f32], width: usize, panel: &mut [f32]) {
    let (lines, _) = panel.as_chunks_mut::<PANEL>();
    let (squares, rest) = lines.as_chunks_mut::<PANEL>();
    let done = squares.len() * PANEL;
    for (number, square) in squares.iter_mut().enumerate() {
        for (column, row) in rows.chunks_exact(width).enumerate().take(PANEL) {
            let Some(numbers) = row[number * PANEL..].first_chunk::<PANEL>() else {
                unreachable!("a row has all of a square's columns")
            };
            for (line, x) in square.iter_mut().zip(numbers) {
                line[column] = *x;
            }
        }
    }
    for (column, row) in rows.chunks_exact(width).enumerate() {
        for (line, x) in rest.iter_mut().zip(&row[done..]) {
            line[column] = *x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PANEL, PackedWeight};
    use crate::decoder::kernels::{Floats, tensor};

    #[test]
    fn packing_changes_no_number() {
        // Whole panels and blocks, and others.
        for [rows, width] in [[1, 1], [PANEL, 2 * PANEL], [2 * PANEL + 3, 70], [5, 130]] {
            let values: Vec<f32> = (0..rows * width).map(|n| n as f32).collect();
            let packed = PackedWeight::new(tensor(values.clone(), [rows, width]));
            assert_eq!(packed.dims(), [rows, width]);
            assert_eq!(Floats::of(&packed.unpacked()).values(), values);
            let last = packed.rows([rows - 1, 0].into_iter());
            let expected = [&values[(rows - 1) * width..], &values[..width]].concat();
            assert_eq!(Floats::of(&last).values(), expected);
        }
    }
}
