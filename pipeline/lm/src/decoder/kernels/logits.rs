//! What follows the head's product.

use super::{
    Floats,
    attention::{softcap_slope, softcapped},
    change,
};
use burn::tensor::Tensor;

/// Multiplies logits and bounds them.
pub(in crate::decoder) fn finish_logits(
    logits: Tensor<2>,
    scale: f32,
    softcap: Option<f32>,
) -> Tensor<2> {
    let [_, width] = logits.dims();
    change(
        logits,
        width,
        #[inline(always)]
        |_, row| {
            if scale != 1.0 {
                for logit in row.iter_mut() {
                    *logit *= scale;
                }
            }
            if let Some(cap) = softcap {
                for logit in row {
                    *logit = softcapped(*logit, cap);
                }
            }
        },
    )
}

/// The gradient of what [`finish_logits`] was given, `logits`, from that of its result.
pub(in crate::decoder) fn finish_logits_backward(
    logits: &Tensor<2>,
    gradient: Tensor<2>,
    scale: f32,
    softcap: Option<f32>,
) -> Tensor<2> {
    let [_, width] = logits.dims();
    let logits = Floats::of(logits);
    let logits = logits.values();
    change(
        gradient,
        width,
        #[inline(always)]
        |number, row| {
            let logits = &logits[number * width..(number + 1) * width];
            for (gradient, logit) in row.iter_mut().zip(logits) {
                let slope = softcap.map_or(1.0, |cap| softcap_slope(logit * scale, cap));
                *gradient *= scale * slope;
            }
        },
    )
}
