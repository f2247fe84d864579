//! Fused loops for the processor in f32, where burn would pass over memory several times.
//!
//! A tensor of the flex backend is a slice in memory, which [`Floats`] reads without a copy and [`change`] changes in
//! place. Loops are compiled for several instruction sets, and the processor's own is chosen when they run; what is not
//! inlined into them stays without it, hence the attributes. Gradients do not pass through here.

mod activations;
mod adamw;
mod attention;
mod attention_backward;
mod backward;
mod left;
mod logits;
mod norm;
mod packed;
mod panels;
mod product;
mod right;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_backward;
#[cfg(test)]
mod tests_product;
mod tile;

pub(super) use activations::{
    GELU_CUBE, GELU_SCALE, gated_silu, gated_silu_backward, gelu, gelu_backward, gelu_tanh,
    gelu_tanh_backward,
};
pub(super) use adamw::sum_of_squares;
pub(crate) use adamw::{AdamW, adamw, is_finite, zeros};
pub(super) use attention::{AttentionInput, attend};
pub(super) use attention_backward::{AttentionBackwardInput, attend_backward};
pub(crate) use backward::mix_bits;
pub(super) use backward::{cross_entropy, dropout, norm_backward, norm_weights_backward};
pub(super) use logits::{finish_logits, finish_logits_backward};
pub(super) use norm::norm;
pub(super) use packed::PackedWeight;
pub(super) use product::{linear, linear_backward, linear_each, matmul, matmul_transposed};

use crate::{RopePairs, simd::vectorized};
use burn::{
    backend::{Flex, flex::FlexTensor},
    tensor::{DType, Device as BurnDevice, Tensor, TensorData},
};
use rayon::prelude::*;

/// Elements from which on a loop is spread over threads.
const PARALLEL: usize = 1 << 15;

/// Whether the kernels can be used for a tensor: f32 on the processor, without autodiff.
pub(crate) fn supports<const D: usize>(x: &Tensor<D>) -> bool {
    let device = x.device();
    x.dtype() == DType::F32 && device == BurnDevice::flex() && !device.is_autodiff()
}

/// `x + y`, on any device and in any type.
pub(super) fn sum(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    if supports(&x) { add(x, &y) } else { x + y }
}

/// `x + y`
pub(super) fn add(x: Tensor<2>, y: &Tensor<2>) -> Tensor<2> {
    let [_, width] = x.dims();
    let y = Floats::of(y);
    let y = y.values();
    change(
        x,
        width,
        #[inline(always)]
        |number, row| {
            let y = &y[number * width..(number + 1) * width];
            for (x, y) in row.iter_mut().zip(y) {
                *x += y;
            }
        },
    )
}

/// `x · factor`, on any device and in any type.
pub(super) fn scaled(x: Tensor<2>, factor: f32) -> Tensor<2> {
    if !supports(&x) {
        return x * factor;
    }
    let [_, width] = x.dims();
    change(
        x,
        width,
        #[inline(always)]
        |_, row| {
            for x in row {
                *x *= factor;
            }
        },
    )
}

/// Adds the same row, `[1, width]`, to all.
pub(super) fn add_row(x: Tensor<2>, row: &Tensor<2>) -> Tensor<2> {
    let [_, width] = x.dims();
    let added = Floats::of(row);
    let added = added.values();
    change(
        x,
        width,
        #[inline(always)]
        |_, row| {
            for (x, added) in row.iter_mut().zip(added) {
                *x += added;
            }
        },
    )
}

/// Rotates the beginning of every head of every token by the token's angles.
///
/// # Shapes
/// - x: `[tokens, heads, head_dim]`
/// - cosines, sines: `[tokens, width / 2]`, row by row
pub(super) fn rotate(x: Tensor<3>, pairs: RopePairs, cosines: &[f32], sines: &[f32]) -> Tensor<3> {
    let [tokens, heads, head_dim] = x.dims();
    let half = cosines.len() / tokens.max(1);
    change(
        x,
        heads * head_dim,
        #[inline(always)]
        |token, row| {
            let cosines = &cosines[token * half..(token + 1) * half];
            let sines = &sines[token * half..(token + 1) * half];
            let angles = cosines.iter().zip(sines);
            for head in row.chunks_exact_mut(head_dim) {
                match pairs {
                    RopePairs::Halves => {
                        let (first, second) = head[..2 * half].split_at_mut(half);
                        for ((a, b), (cos, sin)) in first.iter_mut().zip(second).zip(angles.clone())
                        {
                            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                        }
                    }
                    RopePairs::Neighbours => {
                        let (pairs, _) = head.as_chunks_mut::<2>();
                        for ([a, b], (cos, sin)) in pairs.iter_mut().zip(angles.clone()) {
                            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                        }
                    }
                }
            }
        },
    )
}

/// The same numbers, one after the other in memory, so that the kernels need no copy of them.
pub(super) fn contiguous<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(flex(x).to_contiguous())
}

/// A tensor's numbers, row by row; without a copy if they are contiguous in memory.
struct Floats(FlexTensor);

impl Floats {
    fn of<const D: usize>(x: &Tensor<D>) -> Self {
        let x = flex(x.clone());
        Self(match x.as_slice::<f32>() {
            Some(_) => x,
            None => x.to_contiguous(),
        })
    }

    fn values(&self) -> &[f32] {
        match self.0.as_slice() {
            Some(values) => values,
            None => unreachable!("`of` took care of that, and `supports` lets only f32 in"),
        }
    }
}

fn flex<const D: usize>(x: Tensor<D>) -> FlexTensor {
    match x.try_into_primitive::<Flex>() {
        Ok(x) => x,
        Err(_) => unreachable!("`supports` lets only tensors of flex in"),
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), &BurnDevice::flex())
}

/// A tensor's numbers, row by row; without a copy if they are not shared.
fn values_of<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    match x.into_data().try_into_vec() {
        Ok(values) => values,
        Err(_) => unreachable!("`supports` lets only f32 in"),
    }
}

/// Changes a tensor's rows of `width`, in place if it is not shared, and on several threads if it is large.
fn change<const D: usize>(
    x: Tensor<D>,
    width: usize,
    row: impl Fn(usize, &mut [f32]) + Sync,
) -> Tensor<D> {
    let device = x.device();
    let mut data = x.into_data();
    let Ok(values) = data.as_mut_slice::<f32>() else {
        unreachable!("`supports` lets only f32 in")
    };
    in_blocks(
        values,
        width,
        #[inline(always)]
        |first, rows| {
            for (number, values) in rows.chunks_exact_mut(width).enumerate() {
                row(first + number, values);
            }
        },
    );
    Tensor::from_data(data, &device)
}

/// Calls with the number of the first of some rows and with these rows, until all are done.
fn in_blocks(values: &mut [f32], width: usize, block: impl Fn(usize, &mut [f32]) + Sync) {
    if values.len() < PARALLEL {
        vectorized(
            #[inline(always)]
            || block(0, values),
        );
        return;
    }
    let rows = (PARALLEL / 4).div_ceil(width);
    let blocks = values.par_chunks_mut(rows * width).enumerate();
    blocks.for_each(|(number, values)| {
        vectorized(
            #[inline(always)]
            || block(number * rows, values),
        );
    });
}
