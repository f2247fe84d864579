//! Fused loops for the processor in f32, where burn would pass over memory several times.
//!
//! A tensor of the flex backend is a slice in memory: [`Tensor::into_data`] hands it over, and [`Tensor::from_data`]
//! takes it back, both without a copy if nobody else holds it. Gradients do not pass through here.

use crate::exp;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

/// Elements from which on a loop is spread over threads.
const PARALLEL: usize = 1 << 15;

/// Whether a tensor is of the kind that the kernels are for.
pub(super) fn apply<const D: usize>(x: &Tensor<D>) -> bool {
    let device = x.device();
    x.dtype() == DType::F32 && device == Device::flex() && !device.is_autodiff()
}

/// `x / sqrt(mean(x²) + epsilon) · weight` over rows of the weight's width.
pub(super) fn rms_norm<const D: usize>(
    x: Tensor<D>,
    weight: &Tensor<1>,
    epsilon: f32,
) -> Tensor<D> {
    let weight = weight.to_data();
    let weight = floats(&weight);
    change(x, weight.len(), |_, row| {
        let mean = row.iter().map(|x| x * x).sum::<f32>() / row.len() as f32;
        let scale = 1.0 / (mean + epsilon).sqrt();
        for (x, weight) in row.iter_mut().zip(weight) {
            *x = *x * scale * weight;
        }
    })
}

/// `gate · sigmoid(gate) · up`
pub(super) fn gated_silu(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    let up = up.into_data();
    let up = floats(&up);
    let [_, width] = gate.dims();
    change(gate, width, |number, row| {
        let up = &up[number * width..(number + 1) * width];
        for (gate, up) in row.iter_mut().zip(up) {
            *gate = *gate / (1.0 + exp(-*gate)) * up;
        }
    })
}

/// Rotates every head of every token by the token's angles.
///
/// # Shapes
/// - x: `[tokens, heads, head_dim]`
/// - cosines, sines: `[tokens, head_dim / 2]`, row by row
pub(super) fn rotate(x: Tensor<3>, cosines: &[f32], sines: &[f32]) -> Tensor<3> {
    let [_, heads, width] = x.dims();
    let half = width / 2;
    change(x, heads * width, |token, row| {
        let cosines = &cosines[token * half..(token + 1) * half];
        let sines = &sines[token * half..(token + 1) * half];
        for head in row.chunks_exact_mut(width) {
            let (first, second) = head.split_at_mut(half);
            for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
    })
}

/// Changes a tensor's rows in place where nobody else holds it, on several threads where that pays.
fn change<const D: usize>(
    x: Tensor<D>,
    width: usize,
    row: impl Fn(usize, &mut [f32]) + Sync,
) -> Tensor<D> {
    let device = x.device();
    let mut data = x.into_data();
    let Ok(values) = data.as_mut_slice::<f32>() else {
        unreachable!("`apply` lets only f32 in")
    };
    if values.len() < PARALLEL {
        let rows = values.chunks_exact_mut(width).enumerate();
        rows.for_each(|(number, values)| row(number, values));
    } else {
        let rows = values.par_chunks_exact_mut(width).enumerate();
        rows.with_min_len((PARALLEL / 4).div_ceil(width))
            .for_each(|(number, values)| row(number, values));
    }
    Tensor::from_data(data, &device)
}

fn floats(data: &TensorData) -> &[f32] {
    match data.as_slice::<f32>() {
        Ok(values) => values,
        Err(_) => unreachable!("`apply` lets only f32 in"),
    }
}
