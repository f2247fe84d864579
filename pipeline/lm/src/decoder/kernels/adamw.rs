use super::{Floats, PARALLEL};
use crate::{
    LmError,
    guard::compute_error,
    simd::{vectorized, zero_if_finite},
};
use burn::tensor::{Device as BurnDevice, Tensor};
use rayon::prelude::*;

/// A step of AdamW (Loshchilov and Hutter, 2019) as PyTorch takes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamW {
    /// The learning rate.
    pub(crate) rate: f64,
    pub(crate) weight_decay: f64,
    /// From 1.
    pub(crate) step: usize,
}

impl AdamW {
    /// Decay of the mean of gradients and of the mean of their squares.
    const BETAS: [f64; 2] = [0.9, 0.999];
    const EPSILON: f64 = 1e-8;

    /// What the loop needs: the rate by the first mean's correction, the root of the second one's, the part of the weight
    /// that stays.
    fn factors(self) -> [f64; 3] {
        let step = self.step as i32;
        let [first, second] = Self::BETAS.map(|beta| 1.0 - beta.powi(step));
        [
            self.rate / first,
            second.sqrt(),
            1.0 - self.rate * self.weight_decay,
        ]
    }
}

/// Updates a parameter and the means of its gradient and of the gradient's square; `clip` multiplies the gradient.
///
/// All are f32 and of one shape.
pub(crate) fn adamw(
    [parameter, mean, square]: [Tensor<2>; 3],
    gradient: &Tensor<2>,
    clip: f32,
    step: AdamW,
) -> [Tensor<2>; 3] {
    if !super::supports(&parameter) {
        return by_burn([parameter, mean, square], gradient.clone() * clip, step);
    }
    let device = parameter.device();
    let gradient = Floats::of(gradient);
    let mut data = [parameter, mean, square].map(Tensor::into_data);
    let [parameter, mean, square] = data.each_mut().map(|data| {
        let Ok(values) = data.as_mut_slice::<f32>() else {
            unreachable!("`supports` lets only f32 in")
        };
        values
    });
    let [rate, root, stays] = step.factors().map(|factor| factor as f32);
    let [first, second] = AdamW::BETAS.map(|beta| beta as f32);
    let epsilon = AdamW::EPSILON as f32;
    let blocks = parameter
        .par_chunks_mut(PARALLEL)
        .zip(mean.par_chunks_mut(PARALLEL))
        .zip(square.par_chunks_mut(PARALLEL))
        .zip(gradient.values().par_chunks(PARALLEL));
    blocks.for_each(|(((parameter, mean), square), gradient)| {
        vectorized(
            #[inline(always)]
            || {
                let numbers = parameter.iter_mut().zip(&mut *mean).zip(&mut *square);
                for (((parameter, mean), square), gradient) in numbers.zip(gradient) {
                    let gradient = gradient * clip;
                    *mean += (1.0 - first) * (gradient - *mean);
                    *square = second * *square + (1.0 - second) * gradient * gradient;
                    *parameter =
                        *parameter * stays - rate * *mean / (square.sqrt() / root + epsilon);
                }
            },
        );
    });
    data.map(|data| Tensor::from_data(data, &device))
}

fn by_burn(
    [parameter, mean, square]: [Tensor<2>; 3],
    gradient: Tensor<2>,
    step: AdamW,
) -> [Tensor<2>; 3] {
    let [rate, root, stays] = step.factors();
    let [first, second] = AdamW::BETAS;
    let mean = mean * first + gradient.clone() * (1.0 - first);
    let square = square * second + gradient.square() * (1.0 - second);
    let update = mean.clone() * rate / (square.clone().sqrt() / root + AdamW::EPSILON);
    [parameter * stays - update, mean, square]
}

/// The sum of a tensor's squares, the same on any number of threads.
pub(crate) fn sum_of_squares(x: &Tensor<2>) -> f64 {
    let x = Floats::of(x);
    let blocks = x.values().par_chunks(PARALLEL);
    let sums: Vec<f64> = blocks
        .map(|block| {
            f64::from(vectorized(
                #[inline(always)]
                || crate::simd::sum_of(block, |x| x * x),
            ))
        })
        .collect();
    sums.iter().sum()
}

/// Whether a tensor holds neither NaN nor infinity, on any device and in any type.
pub(crate) fn is_finite(x: &Tensor<2>) -> Result<bool, LmError> {
    if !super::supports(x) {
        let finite = x.clone().is_finite().all().try_into_data();
        return Ok(finite
            .map_err(compute_error)?
            .iter::<bool>()
            .all(|finite| finite));
    }
    let x = Floats::of(x);
    Ok(x.values().par_chunks(PARALLEL).all(|block| {
        vectorized(
            #[inline(always)]
            || zero_if_finite(block) == 0.0,
        )
    }))
}

/// Zeros of a shape, on a device.
pub(crate) fn zeros(shape: [usize; 2], device: &BurnDevice) -> Tensor<2> {
    Tensor::zeros(shape, (device, burn::tensor::DType::F32))
}

#[cfg(test)]
mod tests {
    use super::{AdamW, adamw, by_burn, zeros};
    use crate::decoder::matrix;
    use burn::tensor::{Device as BurnDevice, Tensor};

    #[test]
    fn the_first_steps_are_those_of_the_paper() {
        let device = BurnDevice::flex();
        let one = |x: f32| matrix(vec![x], [1, 1], &device);
        let number = |x: &Tensor<2>| -> f32 { x.clone().into_scalar() };
        for by_kernel in [true, false] {
            let mut state = [one(1.0), zeros([1, 1], &device), zeros([1, 1], &device)];
            // By hand, with gradients 0.5 (1.0 clipped to half) and then -1: the corrected means are 0.5 and 0.25, then
            // (0.1 · 0.9 · 0.5 - 0.1) / 0.19 = -0.28947 and (0.001 · 0.999 · 0.25 + 0.001) / 0.001999 = 0.62519.
            let expected = [
                1.0 * (1.0 - 0.1 * 0.2) - 0.1 * 0.5 / 0.5,
                0.88 * (1.0 - 0.1 * 0.2) + 0.1 * 0.289_474 / 0.625_188_f32.sqrt(),
            ];
            for (step, (gradient, expected)) in [(1.0, expected[0]), (-2.0, expected[1])]
                .into_iter()
                .enumerate()
            {
                let settings = AdamW {
                    rate: 0.1,
                    weight_decay: 0.2,
                    step: step + 1,
                };
                state = if by_kernel {
                    adamw(state, &one(gradient), 0.5, settings)
                } else {
                    by_burn(state, one(gradient) * 0.5, settings)
                };
                let found = number(&state[0]);
                assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
            }
        }
    }
}
