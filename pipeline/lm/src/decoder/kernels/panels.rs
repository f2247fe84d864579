//! Keys and values in the order that a tile of queries reads them in.

use pulp::Simd;

/// Lines that are computed together: each number of a key or value that is read serves all of them.
pub(super) const TILE: usize = 4;

/// Intermediate results, in memory that is used again.
#[derive(Default)]
pub(super) struct Scratch {
    /// Panels of so many keys as two vectors hold: for each dimension, the number of each key.
    pub(super) keys: Vec<f32>,
    /// Panels of so many dimensions: for each key, the number of each dimension.
    pub(super) values: Vec<f32>,
    pub(super) scores: [Vec<f32>; TILE],
}

impl Scratch {
    #[inline(always)]
    pub(super) fn pack_keys(&mut self, rows: &[&[f32]], width: usize, panel: usize) {
        self.keys.clear();
        self.keys
            .resize(rows.len().next_multiple_of(panel) * width, 0.0);
        let panels = self.keys.chunks_exact_mut(panel * width);
        for (packed, rows) in panels.zip(rows.chunks(panel)) {
            for (number, row) in rows.iter().enumerate() {
                for (packed, x) in packed.chunks_exact_mut(panel).zip(*row) {
                    packed[number] = *x;
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn pack_values(&mut self, rows: &[&[f32]], width: usize, panel: usize) {
        self.values.clear();
        self.values
            .resize(width.next_multiple_of(panel) * rows.len(), 0.0);
        let panels = self.values.chunks_exact_mut(panel * rows.len());
        for (place, packed) in panels.enumerate() {
            for (packed, row) in packed.chunks_exact_mut(panel).zip(rows) {
                for (packed, x) in packed.iter_mut().zip(&row[place * panel..]) {
                    *packed = *x;
                }
            }
        }
    }
}

/// `a · panel`: two vectors of each row.
///
/// # Shapes
/// - a: `[TILE, length]`
/// - panel: `[length, 2 vectors]`
#[inline(always)]
pub(super) fn products<S: Simd>(simd: S, a: [&[f32]; TILE], panel: &[f32]) -> [[S::f32s; 2]; TILE] {
    let (vectors, _) = S::as_simd_f32s(panel);
    let (pairs, _) = vectors.as_chunks::<2>();
    let a = a.map(|row| &row[..pairs.len()]);
    let mut sums = [[simd.splat_f32s(0.0); 2]; TILE];
    for (place, pair) in pairs.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(a) {
            let x = simd.splat_f32s(row[place]);
            for (sum, b) in sums.iter_mut().zip(pair) {
                *sum = simd.mul_add_e_f32s(x, *b, *sum);
            }
        }
    }
    sums
}
