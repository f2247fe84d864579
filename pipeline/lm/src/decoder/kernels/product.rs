use super::{Floats, tensor};
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Rows up to which [`matmul_few_rows`] is faster than a general matrix product, which first brings the whole weight into
/// another order.
pub(in crate::decoder) const FEW_ROWS: usize = 16;

/// Rows of the weight that a thread takes at a time.
const BLOCK: usize = 64;

/// `x · weightᵀ` where `x` has few rows: one pass over the weight, which is then all that takes time.
///
/// # Shapes
/// - x: `[rows, in_features]`
/// - weight: `[out_features, in_features]`
pub(in crate::decoder) fn matmul_few_rows(x: &Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    let [rows, width] = x.dims();
    let [features, _] = weight.dims();
    let x = Floats::of(x);
    let weight = Floats::of(weight);
    let mut out = vec![0.0; rows * features];
    let mut blocks: Vec<Block> = weight
        .values()
        .chunks(BLOCK * width)
        .map(|weight| Block {
            x: x.values(),
            weight,
            width,
            out: Vec::with_capacity(rows),
        })
        .collect();
    for row in out.chunks_exact_mut(features) {
        for (block, out) in blocks.iter_mut().zip(row.chunks_mut(BLOCK)) {
            block.out.push(out);
        }
    }
    let arch = Arch::new();
    blocks
        .into_par_iter()
        .for_each(|block| arch.dispatch(block));
    tensor(out, [rows, features])
}

/// Some columns of the result.
struct Block<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    width: usize,
    /// Of each row of `x`.
    out: Vec<&'a mut [f32]>,
}

impl WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // A row of the first half and one of the second: either half is read from its beginning to its end, as
        // processors fetch memory ahead; neighbouring rows side by side would take twice as long.
        let rows = self.weight.len() / self.width;
        let half = rows.div_ceil(2);
        let (first, second) = self.weight.split_at(half * self.width);
        let mut second = second.chunks_exact(self.width);
        for (number, first) in first.chunks_exact(self.width).enumerate() {
            let second = second.next();
            let tiles = self.x.chunks(4 * self.width).zip(self.out.chunks_mut(4));
            for (x, out) in tiles {
                let place = [number, half + number];
                match out {
                    [a, b, c, d] => tile(simd, first, second, x, [a, b, c, d], place),
                    [a, b, c] => tile(simd, first, second, x, [a, b, c], place),
                    [a, b] => tile(simd, first, second, x, [a, b], place),
                    [a] => tile(simd, first, second, x, [a], place),
                    _ => unreachable!("chunks of four at most"),
                }
            }
        }
    }
}

/// Products of one or two rows of the weight with `N` rows of `x`, for two places in each row of the result.
#[inline(always)]
fn tile<S: Simd, const N: usize>(
    simd: S,
    first: &[f32],
    second: Option<&[f32]>,
    x: &[f32],
    out: [&mut &mut [f32]; N],
    place: [usize; 2],
) {
    let width = first.len();
    let x: [&[f32]; N] = std::array::from_fn(|row| &x[row * width..][..width]);
    match second {
        Some(second) => {
            let [one, other] = dots(simd, [first, second], x);
            for ((out, one), other) in out.into_iter().zip(one).zip(other) {
                (out[place[0]], out[place[1]]) = (one, other);
            }
        }
        None => {
            let [sums] = dots(simd, [first], x);
            for (out, sum) in out.into_iter().zip(sums) {
                out[place[0]] = sum;
            }
        }
    }
}

/// The dot product of each of `a` with each of `b`; all of equal length.
#[inline(always)]
pub(super) fn dots<S: Simd, const A: usize, const B: usize>(
    simd: S,
    a: [&[f32]; A],
    b: [&[f32]; B],
) -> [[f32; B]; A] {
    let length = a[0].len();
    let (vectors, rest) = (length / S::F32_LANES, length % S::F32_LANES);
    let bodies_a = a.map(
        #[inline(always)]
        |row| &S::as_simd_f32s(row).0[..vectors],
    );
    let bodies_b = b.map(
        #[inline(always)]
        |row| &S::as_simd_f32s(row).0[..vectors],
    );
    let mut sums = [[simd.splat_f32s(0.0); B]; A];
    for place in 0..vectors {
        let b = bodies_b.map(
            #[inline(always)]
            |row| row[place],
        );
        for (sums, a) in sums.iter_mut().zip(bodies_a) {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = simd.mul_add_e_f32s(a[place], b, *sum);
            }
        }
    }
    let mut out = [[0.0; B]; A];
    for ((out, sums), a) in out.iter_mut().zip(sums).zip(a) {
        for ((out, sum), b) in out.iter_mut().zip(sums).zip(b) {
            *out = simd.reduce_sum_f32s(sum);
            for (a, b) in a[length - rest..].iter().zip(&b[length - rest..]) {
                *out += a * b;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, matmul_few_rows};
    use crate::decoder::kernels::{Floats, tensor};

    #[test]
    fn few_rows_are_multiplied_as_burn_does() {
        // Neither a whole block nor a whole vector.
        let (features, width) = (2 * BLOCK + 3, 45);
        let number = |n: usize| ((n * 7919) % 2003) as f32 / 1001.0 - 1.0;
        let weight = tensor(
            (0..features * width).map(number).collect(),
            [features, width],
        );
        for rows in 1..=9 {
            let x = tensor((0..rows * width).map(number).collect(), [rows, width]);
            let found = matmul_few_rows(&x, &weight);
            assert_eq!(found.dims(), [rows, features]);
            let expected = x.matmul(weight.clone().transpose());
            let (found, expected) = (Floats::of(&found), Floats::of(&expected));
            for (found, expected) in found.values().iter().zip(expected.values()) {
                assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
            }
        }
    }
}
