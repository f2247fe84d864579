//! Matrix products in f32.
//!
//! A result depends on its row on the left and its column on the right alone: not on how many rows there are, not on the number of
//! threads, and with fused instructions not on the processor ([`Tiles`]). So a score is the same in any batch.

use super::{
    Floats,
    left::{LeftMatrix, LeftTiles},
    packed::{PANEL, PackedWeight, pack},
    tensor,
    tile::{DEPTH, ROWS, Tiles, add_products, load, store, with_tiles},
};
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// What has a job computed by some set of instructions.
pub(super) trait Dispatch: Fn(Job) + Send + Sync + Copy {}

impl<F: Fn(Job) + Send + Sync + Copy> Dispatch for F {}

/// By the instructions of this processor.
fn dispatch(job: Job) {
    Arch::new().dispatch(job);
}

/// Rows that a thread takes at a time, where there are more: a whole number of tiles that stay in its own cache.
const BLOCK: usize = 96 * ROWS;

/// Multiplications that are worth a thread's attention.
const WORTH: usize = 1 << 20;

/// `x · weightᵀ`
///
/// # Shapes
/// - x: `[rows, in_features]`
/// - weight: `[out_features, in_features]`
pub(in crate::decoder) fn linear(x: &Tensor<2>, weight: &PackedWeight) -> Tensor<2> {
    linear_by(x, weight, dispatch)
}

pub(super) fn linear_by(x: &Tensor<2>, weight: &PackedWeight, by: impl Dispatch) -> Tensor<2> {
    let [rows, terms] = x.dims();
    let [columns, _] = weight.dims();
    let x = Floats::of(x);
    let left = LeftMatrix::Rows(x.values());
    product(
        left,
        RightMatrix::Panels(weight.values()),
        [rows, terms, columns],
        by,
    )
}

/// `x · y`
///
/// # Shapes
/// - x: `[rows, inner]`
/// - y: `[inner, columns]`
pub(in crate::decoder) fn matmul(x: &Tensor<2>, y: &Tensor<2>) -> Tensor<2> {
    matmul_by(x, y, dispatch)
}

pub(super) fn matmul_by(x: &Tensor<2>, y: &Tensor<2>, by: impl Dispatch) -> Tensor<2> {
    let [rows, terms] = x.dims();
    let [_, columns] = y.dims();
    let (x, y) = (Floats::of(x), Floats::of(y));
    let left = LeftMatrix::Rows(x.values());
    product(
        left,
        RightMatrix::Lines(y.values()),
        [rows, terms, columns],
        by,
    )
}

/// `xᵀ · y`
///
/// # Shapes
/// - x: `[inner, rows]`
/// - y: `[inner, columns]`
pub(in crate::decoder) fn matmul_transposed(x: &Tensor<2>, y: &Tensor<2>) -> Tensor<2> {
    matmul_transposed_by(x, y, dispatch)
}

pub(super) fn matmul_transposed_by(x: &Tensor<2>, y: &Tensor<2>, by: impl Dispatch) -> Tensor<2> {
    let [terms, rows] = x.dims();
    let [_, columns] = y.dims();
    let (x, y) = (Floats::of(x), Floats::of(y));
    let left = LeftMatrix::Columns(x.values());
    product(
        left,
        RightMatrix::Lines(y.values()),
        [rows, terms, columns],
        by,
    )
}

/// `gradient · weight`: the gradient of a linear layer's input from that of its output.
///
/// # Shapes
/// - gradient: `[rows, out_features]`
/// - weight: `[out_features, in_features]`
pub(in crate::decoder) fn linear_backward(
    gradient: &Tensor<2>,
    weight: &PackedWeight,
) -> Tensor<2> {
    linear_backward_by(gradient, weight, dispatch)
}

pub(super) fn linear_backward_by(
    gradient: &Tensor<2>,
    weight: &PackedWeight,
    by: impl Dispatch,
) -> Tensor<2> {
    let [rows, terms] = gradient.dims();
    let [_, columns] = weight.dims();
    let gradient = Floats::of(gradient);
    let left = LeftMatrix::Rows(gradient.values());
    product(
        left,
        RightMatrix::Across(weight),
        [rows, terms, columns],
        by,
    )
}

/// The matrix on the right of a product, `[terms, columns]`.
#[derive(Clone, Copy)]
enum RightMatrix<'a> {
    /// Panels of [`PANEL`] columns, `[terms, PANEL]` each.
    Panels(&'a [f32]),
    /// Row by row.
    Lines(&'a [f32]),
    /// A weight whose outputs are the terms, and whose inputs are the columns.
    Across(&'a PackedWeight),
}

fn product(
    left: LeftMatrix,
    right: RightMatrix,
    [rows, terms, columns]: [usize; 3],
    by: impl Dispatch,
) -> Tensor<2> {
    let mut out = vec![0.0; rows * columns];
    if out.is_empty() || terms == 0 {
        return tensor(out, [rows, columns]);
    }
    if rows <= BLOCK {
        // By columns.
        let tiles = LeftTiles::new(left, 0, rows, terms);
        let panels = WORTH.div_ceil(rows * terms * PANEL);
        let width = panels * PANEL;
        let mut jobs: Vec<Job> = (0..columns)
            .step_by(width)
            .map(|first_column| Job {
                left: &tiles,
                terms,
                right,
                first_column,
                out: Vec::with_capacity(rows),
            })
            .collect();
        for row in out.chunks_exact_mut(columns) {
            for (job, part) in jobs.iter_mut().zip(row.chunks_mut(width)) {
                job.out.push(part);
            }
        }
        match jobs.len() {
            1 => jobs.into_iter().for_each(by),
            _ => jobs.into_par_iter().for_each(by),
        }
    } else {
        // By rows.
        let block = rows.div_ceil(rows.div_ceil(BLOCK)).next_multiple_of(ROWS);
        let blocks = out.par_chunks_mut(block * columns).enumerate();
        blocks.for_each(|(number, out)| {
            let tiles = LeftTiles::new(left, number * block, out.len() / columns, terms);
            by(Job {
                left: &tiles,
                terms,
                right,
                first_column: 0,
                out: out.chunks_exact_mut(columns).collect(),
            });
        });
    }
    tensor(out, [rows, columns])
}

/// A part of a product, which a thread computes.
pub(super) struct Job<'a> {
    left: &'a LeftTiles,
    terms: usize,
    right: RightMatrix<'a>,
    /// A multiple of [`PANEL`].
    first_column: usize,
    /// Some columns of all rows on the left.
    out: Vec<&'a mut [f32]>,
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        with_tiles(simd, self);
    }
}

impl Tiles for Job<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(mut self, simd: S) {
        let columns = self.out[0].len();
        let mut packed = Vec::new();
        for from in (0..self.terms).step_by(DEPTH) {
            let depth = DEPTH.min(self.terms - from);
            for first in (0..columns).step_by(PANEL) {
                let width = PANEL.min(columns - first);
                let panel = self.right.panel(
                    self.first_column + first,
                    width,
                    from,
                    [depth, self.terms],
                    &mut packed,
                );
                for at in (0..width).step_by(V * S::F32_LANES) {
                    let part = V * S::F32_LANES;
                    let columns = first + at..first + (at + part).min(width);
                    let tiles = self.left.tiles(from, depth);
                    for (tile, rows) in tiles.zip(self.out.chunks_mut(ROWS)) {
                        let mut sums = [[simd.splat_f32s(0.0); V]; ROWS];
                        if from > 0 {
                            for (sums, row) in sums.iter_mut().zip(rows.iter()) {
                                load(simd, sums, &row[columns.clone()]);
                            }
                        }
                        let sums = add_products(simd, tile, panel, at, sums);
                        for (sums, row) in sums.iter().zip(rows) {
                            store(simd, sums, &mut row[columns.clone()]);
                        }
                    }
                }
            }
        }
    }
}

impl<'a> RightMatrix<'a> {
    /// The lines of some terms of a panel's columns, `[depth, PANEL]`, which are packed where they are not yet.
    #[inline(always)]
    fn panel<'b>(
        &self,
        column: usize,
        width: usize,
        from: usize,
        [depth, terms]: [usize; 2],
        packed: &'b mut Vec<f32>,
    ) -> &'b [f32]
    where
        'a: 'b,
    {
        match self {
            Self::Panels(values) => {
                let panel = &values[column * terms..][..terms * PANEL];
                &panel[from * PANEL..][..depth * PANEL]
            }
            Self::Lines(values) => {
                let stride = values.len() / terms;
                packed.resize(depth * PANEL, 0.0);
                let lines = values[from * stride..].chunks_exact(stride);
                for (packed, line) in packed.chunks_exact_mut(PANEL).zip(lines) {
                    let (there, beyond) = packed.split_at_mut(width);
                    there.copy_from_slice(&line[column..][..width]);
                    beyond.fill(0.0);
                }
                packed
            }
            Self::Across(weight) => {
                packed.clear();
                packed.resize(depth * PANEL, 0.0);
                let panels = weight.panels().skip(from / PANEL);
                for (lines, panel) in packed.chunks_mut(PANEL * PANEL).zip(panels) {
                    pack(&panel[column * PANEL..][..width * PANEL], PANEL, lines);
                }
                packed
            }
        }
    }
}
