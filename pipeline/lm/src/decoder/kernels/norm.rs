use super::{Floats, in_blocks, tensor};
use crate::{Norm, simd::sum_of};
use burn::tensor::Tensor;

/// Normalizes rows of the weight's width; `bias` is that of [`Norm::Layer`].
pub(in crate::decoder) fn norm<const D: usize>(
    x: &Tensor<D>,
    kind: Norm,
    weight: &Tensor<1>,
    bias: Option<&Tensor<1>>,
) -> Tensor<D> {
    let weight = Floats::of(weight);
    let weight = weight.values();
    let bias = bias.map(Floats::of);
    let bias = bias.as_ref().map(Floats::values);
    let width = weight.len();
    let shape = x.dims();
    let x = Floats::of(x);
    let x = x.values();
    let mut out = vec![0.0; x.len()];
    in_blocks(
        &mut out,
        width,
        #[inline(always)]
        |first, out| {
            let x = &x[first * width..][..out.len()];
            for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
                match kind {
                    Norm::Rms { epsilon, .. } => rms(x, weight, epsilon as f32, out),
                    Norm::Layer { epsilon, .. } => layer(x, weight, bias, epsilon as f32, out),
                }
            }
        },
    );
    tensor(out, shape)
}

/// `x / sqrt(mean(x²) + epsilon) · weight`
#[inline(always)]
fn rms(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let mean = sum_of(x, |x| x * x) / x.len() as f32;
    let scale = inverse_root(mean + epsilon);
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * scale * weight;
    }
}

/// `1 / sqrt(x)`, and NaN of infinity: numbers whose squares overflow would all become 0 unnoticed.
#[inline(always)]
fn inverse_root(x: f32) -> f32 {
    1.0 / x.sqrt() + x * 0.0
}

/// `(x - mean(x)) / sqrt(variance(x) + epsilon) · weight + bias`
#[inline(always)]
fn layer(x: &[f32], weight: &[f32], bias: Option<&[f32]>, epsilon: f32, out: &mut [f32]) {
    let mean = sum_of(x, |x| x) / x.len() as f32;
    let variance = sum_of(x, |x| (x - mean) * (x - mean)) / x.len() as f32;
    let scale = inverse_root(variance + epsilon);
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = (x - mean) * scale * weight;
    }
    if let Some(bias) = bias {
        for (out, bias) in out.iter_mut().zip(bias) {
            *out += bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{norm, tensor};
    use crate::{Norm, RmsWeight};

    #[test]
    fn numbers_whose_squares_overflow_are_none_and_others_are_as_defined() {
        let ones = tensor(vec![1.0; 2], [2]);
        let epsilon = 0.0;
        let weight = RmsWeight::Rounded;
        let bias = false;
        for kind in [Norm::Rms { epsilon, weight }, Norm::Layer { epsilon, bias }] {
            let values = |x: [f32; 2]| {
                let data = norm(&tensor(x.into(), [1, 2]), kind, &ones, None).into_data();
                data.iter::<f32>().collect::<Vec<f32>>()
            };
            // 1e20² is beyond f32, whose range ends at 3.4e38.
            assert!(values([1e20, -1e20]).iter().all(|x| x.is_nan()), "{kind:?}");
            // By hand: the mean is 0, and the mean of squares 1e36.
            let normal = values([1e18, -1e18]);
            assert!(
                (normal[0] - 1.0).abs() < 1e-6 && (normal[1] + 1.0).abs() < 1e-6,
                "{kind:?}: {normal:?}"
            );
        }
    }
}
