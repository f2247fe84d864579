//! Matrix products in f32.
//!
//! A result depends on its row on the left and its column on the right alone: not on how many rows there are, not on the number of
//! threads, and with fused instructions not on the processor ([`Tiles`]). So a score is the same in any batch.

use super::{
    Floats,
    left::{LeftMatrix, LeftTiles},
    packed::{PANEL, PackedWeight},
    right::RightMatrix,
    tensor,
    tile::{DEPTH, ROWS, Sums, Tiles, add_products, load, store, with_tiles},
    values_of,
};
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;

/// What has a job computed by some set of instructions.
pub(super) trait Dispatch: Fn(Job) + Send + Sync + Copy {}

impl<F: Fn(Job) + Send + Sync + Copy> Dispatch for F {}

/// By the instructions of this processor.
fn dispatch(job: Job) {
    Arch::new().dispatch(job);
}

/// Rows that a thread takes at a time, where there are more: [`DEPTH`] terms of them stay in its own cache.
const BLOCK: usize = 32 * ROWS;

/// The same where the right side has to be packed for every block.
const PACKING_BLOCK: usize = 3 * BLOCK;

/// Multiplications that are worth a thread's attention.
const WORTH: usize = 1 << 18;

/// `x · weightᵀ`, added to `onto` if there is something.
///
/// # Shapes
/// - x: `[rows, in_features]`
/// - weight: `[out_features, in_features]`
/// - onto and output: `[rows, out_features]`
pub(in crate::decoder) fn linear(
    x: &Tensor<2>,
    weight: &PackedWeight,
    onto: Option<Tensor<2>>,
) -> Tensor<2> {
    linear_by(x, weight, onto, dispatch)
}

pub(super) fn linear_by(
    x: &Tensor<2>,
    weight: &PackedWeight,
    onto: Option<Tensor<2>>,
    by: impl Dispatch,
) -> Tensor<2> {
    let [rows, terms] = x.dims();
    let x = Floats::of(x);
    let left = LeftMatrix::Rows(x.values());
    product(left, [rows, terms], Right::of(weight), onto, by)
}

/// [`linear`] of several weights, for which `x` is brought into the order of tiles once.
pub(in crate::decoder) fn linear_each<const M: usize>(
    x: &Tensor<2>,
    weights: [&PackedWeight; M],
) -> [Tensor<2>; M] {
    linear_each_by(x, weights, dispatch)
}

pub(super) fn linear_each_by<const M: usize>(
    x: &Tensor<2>,
    weights: [&PackedWeight; M],
    by: impl Dispatch,
) -> [Tensor<2>; M] {
    let [rows, terms] = x.dims();
    let x = Floats::of(x);
    let left = LeftMatrix::Rows(x.values());
    let mut outs = weights.map(|weight| {
        let right = Right::of(weight);
        let values = vec![0.0; rows * right.columns];
        (right, values)
    });
    compute(left, [rows, terms], &mut outs, by);
    outs.map(|(right, values)| tensor(values, [rows, right.columns]))
}

/// `x · y`, added to `onto` if there is something.
///
/// # Shapes
/// - x: `[rows, inner]`
/// - y: `[inner, columns]`
/// - onto and output: `[rows, columns]`
pub(in crate::decoder) fn matmul(
    x: &Tensor<2>,
    y: &Tensor<2>,
    onto: Option<Tensor<2>>,
) -> Tensor<2> {
    matmul_by(x, y, onto, dispatch)
}

pub(super) fn matmul_by(
    x: &Tensor<2>,
    y: &Tensor<2>,
    onto: Option<Tensor<2>>,
    by: impl Dispatch,
) -> Tensor<2> {
    let [rows, terms] = x.dims();
    let [_, columns] = y.dims();
    let (x, y) = (Floats::of(x), Floats::of(y));
    let left = LeftMatrix::Rows(x.values());
    let right = Right::new(RightMatrix::Lines(y.values()), columns);
    product(left, [rows, terms], right, onto, by)
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
    let right = Right::new(RightMatrix::Lines(y.values()), columns);
    product(left, [rows, terms], right, None, by)
}

/// `gradient · weight`, the gradient of a linear layer's input from that of its output, added to `onto` if there is
/// something.
///
/// # Shapes
/// - gradient: `[rows, out_features]`
/// - weight: `[out_features, in_features]`
/// - onto and output: `[rows, in_features]`
pub(in crate::decoder) fn linear_backward(
    gradient: &Tensor<2>,
    weight: &PackedWeight,
    onto: Option<Tensor<2>>,
) -> Tensor<2> {
    linear_backward_by(gradient, weight, onto, dispatch)
}

pub(super) fn linear_backward_by(
    gradient: &Tensor<2>,
    weight: &PackedWeight,
    onto: Option<Tensor<2>>,
    by: impl Dispatch,
) -> Tensor<2> {
    let [rows, terms] = gradient.dims();
    let [_, columns] = weight.dims();
    let gradient = Floats::of(gradient);
    let left = LeftMatrix::Rows(gradient.values());
    let right = Right::new(RightMatrix::Across(weight), columns);
    product(left, [rows, terms], right, onto, by)
}

/// What is multiplied from the left.
struct Right<'a> {
    matrix: RightMatrix<'a>,
    columns: usize,
    /// Whether the product is added to what is there.
    add: bool,
}

impl<'a> Right<'a> {
    fn of(weight: &'a PackedWeight) -> Self {
        let [columns, _] = weight.dims();
        Self::new(RightMatrix::Panels(weight.values()), columns)
    }

    const fn new(matrix: RightMatrix<'a>, columns: usize) -> Self {
        Self {
            matrix,
            columns,
            add: false,
        }
    }
}

/// The product of a matrix, of so many rows and terms, with another, added to `onto` if there is something.
fn product(
    left: LeftMatrix,
    [rows, terms]: [usize; 2],
    mut right: Right,
    onto: Option<Tensor<2>>,
    by: impl Dispatch,
) -> Tensor<2> {
    right.add = onto.is_some();
    let columns = right.columns;
    let values = onto.map_or_else(|| vec![0.0; rows * columns], values_of);
    let mut outs = [(right, values)];
    compute(left, [rows, terms], &mut outs, by);
    let [(_, values)] = outs;
    tensor(values, [rows, columns])
}

/// Computes the products, `[rows, columns]`, of a matrix with several others.
fn compute(
    left: LeftMatrix,
    [rows, terms]: [usize; 2],
    outs: &mut [(Right, Vec<f32>)],
    by: impl Dispatch,
) {
    if rows == 0 || terms == 0 {
        return;
    }
    let packed = |right: &Right| matches!(right.matrix, RightMatrix::Panels(_));
    let block = if outs.iter().all(|(right, _)| packed(right)) {
        BLOCK
    } else {
        PACKING_BLOCK
    };
    if rows <= block {
        by_columns(left, [rows, terms], outs, by);
    } else {
        let block = rows.div_ceil(rows.div_ceil(block)).next_multiple_of(ROWS);
        by_rows(left, [rows, terms], block, outs, by);
    }
}

/// Has threads compute some columns each.
fn by_columns(
    left: LeftMatrix,
    [rows, terms]: [usize; 2],
    outs: &mut [(Right, Vec<f32>)],
    by: impl Dispatch,
) {
    let tiles = LeftTiles::new(left, 0, rows, terms);
    let least = WORTH.div_ceil(rows * terms * PANEL);
    let mut jobs: Vec<Job> = Vec::new();
    for (right, values) in outs {
        let first = jobs.len();
        // Of about the same size; a tile has two panels at most.
        let panels = right.columns.div_ceil(PANEL);
        let width = panels.div_ceil(panels.div_ceil(least).max(1));
        let width = width.max(1).next_multiple_of(2) * PANEL;
        jobs.extend((0..right.columns).step_by(width).map(|first_column| Job {
            left: &tiles,
            terms,
            right: right.matrix,
            first_column,
            add: right.add,
            out: Vec::with_capacity(rows),
        }));
        for row in values.chunks_exact_mut(right.columns.max(1)) {
            for (job, part) in jobs[first..].iter_mut().zip(row.chunks_mut(width)) {
                job.out.push(part);
            }
        }
    }
    match jobs.len() {
        1 => jobs.into_iter().for_each(by),
        _ => jobs.into_par_iter().for_each(by),
    }
}

/// Has threads compute some rows each, at most `block` at a time.
fn by_rows(
    left: LeftMatrix,
    [rows, terms]: [usize; 2],
    block: usize,
    outs: &mut [(Right, Vec<f32>)],
    by: impl Dispatch,
) {
    let mut blocks: Vec<Vec<(&Right, &mut [f32])>> = Vec::new();
    blocks.resize_with(rows.div_ceil(block), Vec::new);
    for (right, values) in outs {
        let parts = values.chunks_mut((block * right.columns).max(1));
        for (block, part) in blocks.iter_mut().zip(parts) {
            block.push((right, part));
        }
    }
    blocks
        .into_par_iter()
        .enumerate()
        .for_each(|(number, parts)| {
            let first = number * block;
            let tiles = LeftTiles::new(left, first, block.min(rows - first), terms);
            for (right, values) in parts {
                by(Job {
                    left: &tiles,
                    terms,
                    right: right.matrix,
                    first_column: 0,
                    add: right.add,
                    out: values.chunks_exact_mut(right.columns).collect(),
                });
            }
        });
}

/// A part of a product, which a thread computes.
pub(super) struct Job<'a> {
    left: &'a LeftTiles,
    terms: usize,
    right: RightMatrix<'a>,
    /// A multiple of [`PANEL`].
    first_column: usize,
    /// Whether the product is added to what is there.
    add: bool,
    /// Some columns of all rows on the left.
    out: Vec<&'a mut [f32]>,
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        with_tiles(simd, self.left.group, self);
    }
}

impl Tiles for Job<'_> {
    #[inline(always)]
    fn run<
        S: Simd,
        const W: usize,
        const N: usize,
        const V: usize,
        const G: usize,
        const R: usize,
    >(
        mut self,
        simd: S,
    ) {
        let columns = self.out[0].len();
        let mut packed = [const { Vec::new() }; W];
        for from in (0..self.terms).step_by(DEPTH) {
            let mut first = 0;
            while first + (W - 1) * PANEL < columns {
                self.panels::<S, W, N, V, G, R>(simd, from, first, &mut packed);
                first += W * PANEL;
            }
            while first < columns {
                let packed = packed.first_chunk_mut().expect("a tile has a panel");
                self.panels::<S, 1, N, V, G, R>(simd, from, first, packed);
                first += PANEL;
            }
        }
    }
}

impl Job<'_> {
    /// Adds the products with the terms from `from` on, [`DEPTH`] at most, to the columns of `W` panels from `first` on.
    #[inline(always)]
    fn panels<
        S: Simd,
        const W: usize,
        const N: usize,
        const V: usize,
        const G: usize,
        const R: usize,
    >(
        &mut self,
        simd: S,
        from: usize,
        first: usize,
        packed: &mut [Vec<f32>; W],
    ) {
        let depth = DEPTH.min(self.terms - from);
        let columns = self.out[0].len();
        let mut column = first;
        let right = packed.each_mut().map(|packed| {
            let width = PANEL.min(columns - column);
            let size = [width, depth, self.terms];
            let panel = self
                .right
                .panel(self.first_column + column, from, size, packed);
            column += PANEL;
            panel
        });
        for at in 0..N {
            let place = Place {
                right,
                at,
                first,
                add: self.add || from > 0,
            };
            let mut groups = self.left.groups::<R>(from, depth);
            let mut rows = self.out.as_mut_slice();
            while groups.len() >= G {
                let left = std::array::from_fn(|_| groups.next().expect("there are so many"));
                let (now, later) = rows.split_at_mut(rows.len().min(G * R));
                place.tile::<S, N, V, G, R>(simd, left, now);
                rows = later;
            }
            for (group, rows) in groups.zip(rows.chunks_mut(R)) {
                place.tile::<S, N, V, 1, R>(simd, [group], rows);
            }
        }
    }
}

/// Where in a product a tile is.
struct Place<'a, const W: usize> {
    /// The panels on the right, `[depth, PANEL]`.
    right: [&'a [f32]; W],
    /// The part of each panel.
    at: usize,
    /// The first column of the first panel.
    first: usize,
    /// Whether the products are added to what is there.
    add: bool,
}

impl<const W: usize> Place<'_, W> {
    /// Computes a tile of some rows of the result: of the last group some may be missing.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const V: usize, const G: usize, const R: usize>(
        &self,
        simd: S,
        left: [&[[f32; R]]; G],
        rows: &mut [&mut [f32]],
    ) {
        let mut sums: Sums<S::f32s, W, V, G, R> = [[[[simd.splat_f32s(0.0); V]; W]; R]; G];
        if self.add {
            for (sums, row) in sums.as_flattened_mut().iter_mut().zip(rows.iter()) {
                for (panel, sums) in sums.iter_mut().enumerate() {
                    load(simd, sums, &row[self.columns::<S, V>(panel, row.len())]);
                }
            }
        }
        let sums = add_products::<S, W, N, V, G, R>(simd, left, self.right, self.at, sums);
        for (sums, row) in sums.as_flattened().iter().zip(rows) {
            for (panel, sums) in sums.iter().enumerate() {
                let columns = self.columns::<S, V>(panel, row.len());
                store(simd, sums, &mut row[columns]);
            }
        }
    }

    /// The columns of the tile that belong to one of its panels.
    #[inline(always)]
    fn columns<S: Simd, const V: usize>(&self, panel: usize, end: usize) -> Range<usize> {
        let width = V * S::F32_LANES;
        let first = self.first + panel * PANEL + self.at * width;
        first.min(end)..(first + width).min(end)
    }
}
