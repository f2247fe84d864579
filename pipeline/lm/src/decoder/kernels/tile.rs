//! The innermost loop of all matrix products: a tile of the result, which stays in the processor's registers.

use super::packed::PANEL;
use pulp::Simd;

/// Rows of a tile.
pub(super) const ROWS: usize = 6;

/// Terms of a sum that are added at a time, so that what a tile reads stays in the fastest caches.
pub(super) const DEPTH: usize = 256;

/// Work that is cut into tiles.
pub(super) trait Tiles {
    /// What is called with the vectors of a tile's row.
    fn run<S: Simd, const V: usize>(self, simd: S);
}

/// Calls `job` with the largest tile that fits into the registers.
#[inline(always)]
pub(super) fn with_tiles<S: Simd>(simd: S, job: impl Tiles) {
    // Without vectors compilers make some of four numbers.
    if S::REGISTER_COUNT >= 32 || S::F32_LANES == 1 {
        job.run::<S, 4>(simd);
    } else {
        job.run::<S, 2>(simd);
    }
}

/// Adds to `sums` the products of each term's numbers on the left with its line on the right, from column `at` of the
/// panel on.
///
/// Every number of a result is one sum, whose terms are added one after the other, with one rounding for each where the processor
/// has fused instructions. So it depends neither on where the number is in a tile, nor on the tile's size.
///
/// # Shapes
/// - left: `[terms, ROWS]`
/// - right: `[terms, PANEL]`
#[inline(always)]
pub(super) fn add_products<S: Simd, const V: usize>(
    simd: S,
    left: &[[f32; ROWS]],
    right: &[f32],
    at: usize,
    mut sums: [[S::f32s; V]; ROWS],
) -> [[S::f32s; V]; ROWS] {
    let (vectors, _) = S::as_simd_f32s(right);
    let lines = vectors.chunks_exact(PANEL / S::F32_LANES);
    for (numbers, line) in left.iter().zip(lines) {
        let line: &[S::f32s; V] = match line[at / S::F32_LANES..].first_chunk() {
            Some(line) => line,
            None => unreachable!("a panel is a whole number of tiles"),
        };
        for (sums, x) in sums.iter_mut().zip(numbers) {
            let x = simd.splat_f32s(*x);
            for (sum, y) in sums.iter_mut().zip(line) {
                *sum = simd.mul_add_e_f32s(x, *y, *sum);
            }
        }
    }
    sums
}

/// Reads a tile's row, which may be shorter than the tile.
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

/// Writes a tile's row, which may be shorter than the tile.
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
