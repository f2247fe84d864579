//! Backward passes between the matrix products: norms, dropout and the loss.

use super::{Floats, PARALLEL, change, tensor};
use crate::{
    Norm,
    functions::exp,
    simd::{sum_of, sum_of_products, vectorized, zero_if_finite},
};
use burn::tensor::Tensor;
use rayon::prelude::*;

/// The backward pass of a norm: the gradient of its input `x`.
pub(in crate::decoder) fn norm_backward<const D: usize>(
    x: &Tensor<D>,
    kind: Norm,
    weight: &Tensor<1>,
    gradient: Tensor<D>,
) -> Tensor<D> {
    let weight = Floats::of(weight);
    let weight = weight.values();
    let width = weight.len();
    let x = Floats::of(x);
    let x = x.values();
    change(
        gradient,
        width,
        #[inline(always)]
        |number, row| {
            let x = &x[number * width..(number + 1) * width];
            let count = width as f32;
            for (row, weight) in row.iter_mut().zip(weight) {
                *row *= weight;
            }
            match kind {
                Norm::Rms { epsilon, .. } => {
                    let mean = sum_of(x, |x| x * x) / count;
                    let scale = 1.0 / (mean + epsilon as f32).sqrt();
                    let along = sum_of_products(x, row) * scale * scale / count;
                    for (row, x) in row.iter_mut().zip(x) {
                        *row = scale * (*row - along * x);
                    }
                }
                Norm::Layer { epsilon, .. } => {
                    let mean = sum_of(x, |x| x) / count;
                    let variance = sum_of(x, |x| (x - mean) * (x - mean)) / count;
                    let scale = 1.0 / (variance + epsilon as f32).sqrt();
                    let level = sum_of(row, |x| x) / count;
                    // The mean of gradient times normalized number, times the scale.
                    let along =
                        (sum_of_products(x, row) - mean * level * count) * scale * scale / count;
                    for (row, x) in row.iter_mut().zip(x) {
                        *row = scale * (*row - level - along * (x - mean));
                    }
                }
            }
        },
    )
}

/// The gradients of a norm's weight and bias, `[1, width]` each, from its input `x` and the gradient of its output.
pub(in crate::decoder) fn norm_weights_backward<const D: usize>(
    x: &Tensor<D>,
    kind: Norm,
    gradient: &Tensor<D>,
) -> [Tensor<2>; 2] {
    let width = x.dims()[D - 1];
    let (x, gradient) = (Floats::of(x), Floats::of(gradient));
    // Blocks do not depend on the number of threads, so that the sum does not either.
    let block = (PARALLEL / 4).div_ceil(width) * width;
    let blocks = x
        .values()
        .par_chunks(block)
        .zip(gradient.values().par_chunks(block));
    let sums: Vec<[Vec<f32>; 2]> = blocks
        .map(|(x, gradient)| {
            vectorized(
                #[inline(always)]
                || sums(x, kind, gradient, width),
            )
        })
        .collect();
    let mut total = [vec![0.0; width], vec![0.0; width]];
    for sums in sums {
        for (total, sums) in total.iter_mut().zip(sums) {
            for (total, sum) in total.iter_mut().zip(sums) {
                *total += sum;
            }
        }
    }
    total.map(|total| tensor(total, [1, width]))
}

#[inline(always)]
fn sums(x: &[f32], kind: Norm, gradient: &[f32], width: usize) -> [Vec<f32>; 2] {
    let mut of_weight = vec![0.0; width];
    let mut of_bias = vec![0.0; width];
    let count = width as f32;
    for (x, gradient) in x.chunks_exact(width).zip(gradient.chunks_exact(width)) {
        let (mean, square, epsilon) = match kind {
            Norm::Rms { epsilon, .. } => (0.0, sum_of(x, |x| x * x) / count, epsilon),
            Norm::Layer { epsilon, .. } => {
                let mean = sum_of(x, |x| x) / count;
                let variance = sum_of(x, |x| (x - mean) * (x - mean)) / count;
                (mean, variance, epsilon)
            }
        };
        let scale = 1.0 / (square + epsilon as f32).sqrt();
        for ((sum, x), gradient) in of_weight.iter_mut().zip(x).zip(gradient) {
            *sum += (x - mean) * scale * gradient;
        }
        for (sum, gradient) in of_bias.iter_mut().zip(gradient) {
            *sum += gradient;
        }
    }
    [of_weight, of_bias]
}

/// Sets numbers to 0 with probability `rate` and divides the others by `1 - rate`; which ones depends on the key, the row
/// and the column alone.
pub(in crate::decoder) fn dropout(x: Tensor<2>, rate: f32, key: u64) -> Tensor<2> {
    let [_, width] = x.dims();
    let limit = (f64::from(rate) * f64::from(u32::MAX)) as u32;
    let kept = 1.0 / (1.0 - rate);
    change(
        x,
        width,
        #[inline(always)]
        |number, row| {
            let row_key =
                mix_bits(key ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)) as u32;
            for (column, x) in row.iter_mut().enumerate() {
                let hash = mix_bits_32((column as u32).wrapping_mul(0x9e37_79b9) ^ row_key);
                *x = if hash < limit { 0.0 } else { *x * kept };
            }
        },
    )
}

/// The finalizer of MurmurHash3 for 64 bits: every bit of the input changes half of the output's.
pub(crate) const fn mix_bits(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// The finalizer of MurmurHash3 for 32 bits.
#[inline(always)]
const fn mix_bits_32(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x85eb_ca6b);
    x ^= x >> 13;
    x = x.wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// Cross-entropy of each row, NaN where a logit is NaN or infinite, and its gradient times `scale` in place of the logits.
pub(in crate::decoder) fn cross_entropy(
    logits: Tensor<2>,
    targets: &[u32],
    scale: f32,
) -> (Vec<f64>, Tensor<2>) {
    let [rows, width] = logits.dims();
    let losses: Vec<std::sync::atomic::AtomicU64> = (0..rows).map(|_| 0.into()).collect();
    let gradient = change(
        logits,
        width,
        #[inline(always)]
        |number, row| {
            let target = targets[number] as usize;
            let most = crate::simd::max_of(row);
            let logit = row[target];
            let mut sum = 0.0_f64;
            // Minus infinity alone would not show in the sum.
            let mut zero = 0.0_f32;
            // Blocks are added in f64.
            for block in row.chunks_mut(1 << 12) {
                zero += zero_if_finite(block);
                for x in block.iter_mut() {
                    *x = exp(*x - most);
                }
                sum += f64::from(sum_of(block, |x| x));
            }
            let loss = f64::from(most) + sum.ln() - f64::from(logit) + f64::from(zero);
            losses[number].store(loss.to_bits(), std::sync::atomic::Ordering::Relaxed);
            let factor = (f64::from(scale) / sum) as f32;
            for x in row.iter_mut() {
                *x *= factor;
            }
            row[target] -= scale;
        },
    );
    let losses = losses
        .into_iter()
        .map(|loss| f64::from_bits(loss.into_inner()));
    (losses.collect(), gradient)
}
