use super::kernels;
use crate::Norm;
use burn::tensor::{DType, Tensor};

/// A norm over the last dimension.
#[derive(Clone)]
pub(super) struct NormLayer {
    /// The whole name in a checkpoint, without `.weight`.
    pub(super) name: String,
    pub(super) kind: Norm,
    /// `[width]`
    pub(super) weight: Tensor<1>,
    /// `[width]`, of [`Norm::Layer`] only.
    pub(super) bias: Option<Tensor<1>>,
}

impl NormLayer {
    /// [`NormLayer::forward`] after the last layer, with NaN where squares overflow, as the kernels have it in every layer:
    /// else such a token would get zeros, and with them an answer. What overflowed in a layer is in the sum of all layers,
    /// so that one look at its end is enough where each would take a further pass over a GPU's memory.
    pub(super) fn last(&self, x: Tensor<2>) -> Tensor<2> {
        if kernels::apply(&x) {
            return self.forward(x);
        }
        let mean = x.clone().cast(DType::F32).square().mean_dim(1);
        let zero = (mean.clone() - mean).cast(x.dtype());
        self.forward(x) + zero
    }

    /// Normalizes rows of `width`; `x` is `[.., width]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if kernels::apply(&x) {
            return kernels::norm(&x, self.kind, &self.weight, self.bias.as_ref());
        }
        match self.kind {
            Norm::Rms { epsilon } => {
                let dtype = x.dtype();
                // In 32 bits until the weight is multiplied, as the reference does; the square of a 16-bit number
                // is no 16-bit number.
                let x = x.cast(DType::F32);
                let mean = x.clone().square().mean_dim(D - 1);
                let x = x / (mean + epsilon).sqrt();
                x.cast(dtype) * self.weight.clone().unsqueeze()
            }
            Norm::Layer { epsilon } => {
                let dtype = x.dtype();
                let x = x.cast(DType::F32);
                let x = x.clone() - x.mean_dim(D - 1);
                let variance = x.clone().square().mean_dim(D - 1);
                let x = x / (variance + epsilon).sqrt();
                let x = x * self.weight.clone().cast(DType::F32).unsqueeze();
                let x = match &self.bias {
                    Some(bias) => x + bias.clone().cast(DType::F32).unsqueeze(),
                    None => x,
                };
                x.cast(dtype)
            }
        }
    }
}
