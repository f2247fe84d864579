//! The MLP's non-linearities and their backward passes.

use super::{Floats, PARALLEL, change, tensor, values_of};
use crate::{
    functions::{erf, exp, gaussian},
    simd::vectorized,
};
use burn::tensor::Tensor;
use rayon::prelude::*;

/// GELU's approximation: `2 · √(2/π)`, and the share of the cube.
pub(in crate::decoder) const GELU_SCALE: f32 =
    std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::SQRT_2;
pub(in crate::decoder) const GELU_CUBE: f32 = 0.044_715;

/// `gate · sigmoid(gate) · up`
pub(in crate::decoder) fn gated_silu(gate: Tensor<2>, up: &Tensor<2>) -> Tensor<2> {
    let [_, width] = gate.dims();
    let up = Floats::of(up);
    let up = up.values();
    change(
        gate,
        width,
        #[inline(always)]
        |number, row| {
            let up = &up[number * width..(number + 1) * width];
            for (gate, up) in row.iter_mut().zip(up) {
                *gate = *gate / (1.0 + exp(-*gate)) * up;
            }
        },
    )
}

/// The backward pass of `gate · sigmoid(gate) · up`: the gradients of `gate` and of `up`.
pub(in crate::decoder) fn gated_silu_backward(
    gate: &Tensor<2>,
    up: &Tensor<2>,
    gradient: Tensor<2>,
) -> [Tensor<2>; 2] {
    let shape = gate.dims();
    let (gate, up) = (Floats::of(gate), Floats::of(up));
    let mut of_up = values_of(gradient);
    let mut of_gate = vec![0.0; of_up.len()];
    let block = PARALLEL / 4;
    of_gate
        .par_chunks_mut(block)
        .zip(of_up.par_chunks_mut(block))
        .zip(gate.values().par_chunks(block))
        .zip(up.values().par_chunks(block))
        .for_each(|(((of_gate, of_up), gate), up)| {
            vectorized(
                #[inline(always)]
                || {
                    for (((of_gate, of_up), gate), up) in
                        of_gate.iter_mut().zip(of_up.iter_mut()).zip(gate).zip(up)
                    {
                        let sigmoid = 1.0 / (1.0 + exp(-gate));
                        *of_gate = *of_up * up * sigmoid * (1.0 + gate * (1.0 - sigmoid));
                        *of_up *= gate * sigmoid;
                    }
                },
            );
        });
    [tensor(of_gate, shape), tensor(of_up, shape)]
}

/// GELU: `x · (1 + erf(x / √2)) / 2`
pub(in crate::decoder) fn gelu(x: Tensor<2>) -> Tensor<2> {
    let [_, width] = x.dims();
    change(
        x,
        width,
        #[inline(always)]
        |_, row| {
            for x in row {
                *x *= normal_below(*x);
            }
        },
    )
}

/// The backward pass of [`gelu`]; `x` is its input.
pub(in crate::decoder) fn gelu_backward(x: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
    times_slope(
        x,
        gradient,
        #[inline(always)]
        |x| normal_below(x) + x * gaussian(x),
    )
}

/// The share of the normal distribution below `x`.
#[inline(always)]
fn normal_below(x: f32) -> f32 {
    0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// GELU's approximation by tanh: `x · sigmoid(2 · √(2/π) · (x + 0.044715 x³))`
pub(in crate::decoder) fn gelu_tanh(x: Tensor<2>) -> Tensor<2> {
    let [_, width] = x.dims();
    change(
        x,
        width,
        #[inline(always)]
        |_, row| {
            for x in row {
                *x /= 1.0 + exp(-GELU_SCALE * (*x + GELU_CUBE * *x * *x * *x));
            }
        },
    )
}

/// The backward pass of [`gelu_tanh`]; `x` is its input.
pub(in crate::decoder) fn gelu_tanh_backward(x: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
    times_slope(
        x,
        gradient,
        #[inline(always)]
        |x| {
            let sigmoid = 1.0 / (1.0 + exp(-GELU_SCALE * (x + GELU_CUBE * x * x * x)));
            let inner = GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * x * x);
            sigmoid + x * sigmoid * (1.0 - sigmoid) * inner
        },
    )
}

/// `gradient · slope(x)`
fn times_slope(x: &Tensor<2>, gradient: Tensor<2>, slope: impl Fn(f32) -> f32 + Sync) -> Tensor<2> {
    let [_, width] = x.dims();
    let x = Floats::of(x);
    let x = x.values();
    change(
        gradient,
        width,
        #[inline(always)]
        |number, row| {
            let x = &x[number * width..(number + 1) * width];
            for (out, x) in row.iter_mut().zip(x) {
                *out *= slope(*x);
            }
        },
    )
}
