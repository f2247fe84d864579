//! The innermost loop of all matrix products: a tile of the result, which stays in the processor's registers.

use super::packed::PANEL;
use pulp::Simd;

/// The most rows of a group.
pub(super) const ROWS: usize = 6;

/// Terms of a sum that are added at a time, so that what a tile reads of a panel stays in the fastest cache. A whole number of
/// panels' widths.
pub(super) const DEPTH: usize = 24 * PANEL;

/// Work that is cut into tiles.
pub(super) trait Tiles {
    /// What is called with the shape of a tile: it has `G` groups of `R` rows, and from each of `W` panels one of `N` parts,
    /// which are `V` vectors wide.
    fn run<
        S: Simd,
        const W: usize,
        const N: usize,
        const V: usize,
        const G: usize,
        const R: usize,
    >(
        self,
        simd: S,
    );
}

/// The rows of a group, for a matrix of so many rows: the fewest that need no more groups.
pub(super) const fn group_rows(rows: usize) -> usize {
    match rows.div_ceil(rows.div_ceil(ROWS)) {
        1 => 1,
        2 => 2,
        3 | 4 => 4,
        _ => ROWS,
    }
}

/// Calls `job` with the largest tile that fits into the registers and whose groups have `rows` rows.
#[inline(always)]
pub(super) fn with_tiles<S: Simd>(simd: S, rows: usize, job: impl Tiles) {
    match S::F32_LANES {
        16 => with_groups::<S, 2, 1, 1, 2>(simd, rows, job),
        8 => with_groups::<S, 1, 1, 2, 1>(simd, rows, job),
        4 => with_groups::<S, 1, 1, 4, 1>(simd, rows, job),
        // Without vectors compilers make some of four numbers.
        _ => with_groups::<S, 1, 4, 4, 1>(simd, rows, job),
    }
}

#[inline(always)]
fn with_groups<S: Simd, const W: usize, const N: usize, const V: usize, const G: usize>(
    simd: S,
    rows: usize,
    job: impl Tiles,
) {
    match rows {
        1 => job.run::<S, W, N, V, G, 1>(simd),
        2 => job.run::<S, W, N, V, G, 2>(simd),
        4 => job.run::<S, W, N, V, G, 4>(simd),
        _ => job.run::<S, W, N, V, G, ROWS>(simd),
    }
}

/// The sums of a tile, a row of each group after the other: of every panel some vectors.
pub(super) type Sums<F, const W: usize, const V: usize, const G: usize, const R: usize> =
    [[[[F; V]; W]; R]; G];

/// Adds to `sums` the products of each term's numbers on the left with part `at` of its lines on the right.
///
/// Every number of a result is one sum, whose terms are added one after the other, with one rounding for each where the processor
/// has fused instructions. So it depends neither on where the number is in a tile, nor on the tile's size.
///
/// # Shapes
/// - left: groups of `[terms, R]`
/// - right: panels of `[terms, PANEL]`
#[inline(always)]
pub(super) fn add_products<
    S: Simd,
    const W: usize,
    const N: usize,
    const V: usize,
    const G: usize,
    const R: usize,
>(
    simd: S,
    left: [&[[f32; R]]; G],
    right: [&[f32]; W],
    at: usize,
    mut sums: Sums<S::f32s, W, V, G, R>,
) -> Sums<S::f32s, W, V, G, R> {
    let terms = left[0].len();
    let left = left.map(|group| &group[..terms]);
    let right = right.map(|panel| &lines::<S, N, V>(panel)[..terms]);
    for term in 0..terms {
        for (sums, group) in sums.iter_mut().zip(left) {
            for (sums, x) in sums.iter_mut().zip(&group[term]) {
                let x = simd.splat_f32s(*x);
                for (sums, panel) in sums.iter_mut().zip(right) {
                    for (sum, y) in sums.iter_mut().zip(&panel[term][at]) {
                        *sum = simd.mul_add_e_f32s(x, *y, *sum);
                    }
                }
            }
        }
    }
    sums
}

/// The lines of a panel, in parts of some vectors.
#[inline(always)]
fn lines<S: Simd, const N: usize, const V: usize>(panel: &[f32]) -> &[[[S::f32s; V]; N]] {
    debug_assert_eq!(N * V * S::F32_LANES, PANEL);
    let (vectors, _) = S::as_simd_f32s(panel);
    vectors.as_chunks().0.as_chunks().0
}

/// Reads a part of a row, which may end before the part does.
#[inline(always)]
pub(super) fn load<S: Simd, const V: usize>(simd: S, sums: &mut [S::f32s; V], row: &[f32]) {
    if row.len() == V * S::F32_LANES {
        let (vectors, _) = S::as_simd_f32s(row);
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = *vector;
        }
    } else {
        for (sum, part) in sums.iter_mut().zip(row.chunks(S::F32_LANES)) {
            *sum = simd.partial_load_f32s(part);
        }
    }
}

/// Writes a part of a row, which may end before the part does.
#[inline(always)]
pub(super) fn store<S: Simd, const V: usize>(simd: S, sums: &[S::f32s; V], row: &mut [f32]) {
    if row.len() == V * S::F32_LANES {
        let (vectors, _) = S::as_mut_simd_f32s(row);
        for (vector, sum) in vectors.iter_mut().zip(sums) {
            *vector = *sum;
        }
    } else {
        for (part, sum) in row.chunks_mut(S::F32_LANES).zip(sums) {
            simd.partial_store_f32s(part, *sum);
        }
    }
}
