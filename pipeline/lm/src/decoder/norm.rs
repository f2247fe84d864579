use super::kernels;
use crate::{Norm, RmsWeight};
use burn::tensor::{DType, Tensor};

/// RMSNorm or LayerNorm over the last dimension.
#[derive(Clone)]
pub(super) struct NormLayer {
    /// The whole name in a checkpoint, without `.weight`.
    pub(super) name: String,
    pub(super) kind: Norm,
    /// `[width]`
    pub(super) weight: Tensor<1>,
    /// `[width]`, of a [`Norm::Layer`] that has one.
    pub(super) bias: Option<Tensor<1>>,
}

impl NormLayer {
    /// Normalizes rows of `width`; `x` is `[.., width]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if kernels::supports(&x) {
            return kernels::norm(&x, self.kind, &self.factor(), self.bias.as_ref());
        }
        match self.kind {
            Norm::Rms { epsilon, weight } => {
                let dtype = x.dtype();
                // In 32 bits until the weight is multiplied, as the reference does; the square of a 16-bit number
                // is no 16-bit number.
                let x = x.cast(DType::F32);
                let mean = x.clone().square().mean_dim(D - 1);
                let x = x / root_or_nan(mean, epsilon);
                match weight {
                    RmsWeight::Rounded => x.cast(dtype) * self.weight.clone().unsqueeze(),
                    RmsWeight::Wide | RmsWeight::OnePlus => {
                        (x * self.factor().unsqueeze()).cast(dtype)
                    }
                }
            }
            Norm::Layer { epsilon, .. } => {
                let dtype = x.dtype();
                let x = x.cast(DType::F32);
                let x = x.clone() - x.mean_dim(D - 1);
                let variance = x.clone().square().mean_dim(D - 1);
                let x = x / root_or_nan(variance, epsilon);
                let x = x * self.factor().unsqueeze();
                let x = match &self.bias {
                    Some(bias) => x + bias.clone().cast(DType::F32).unsqueeze(),
                    None => x,
                };
                x.cast(dtype)
            }
        }
    }
}

impl NormLayer {
    /// What normalized numbers are multiplied by, `[width]`, f32.
    pub(super) fn factor(&self) -> Tensor<1> {
        let weight = self.weight.clone().cast(DType::F32);
        match self.kind {
            Norm::Rms {
                weight: RmsWeight::OnePlus,
                ..
            } => weight + 1.0,
            Norm::Rms { .. } | Norm::Layer { .. } => weight,
        }
    }

    /// [`NormLayer::forward`] of heads, `[tokens, heads, head_dim]`: of each head by itself or of all as one row, as the weight
    /// is wide.
    pub(super) fn forward_heads(&self, x: Tensor<3>) -> Tensor<3> {
        let [tokens, heads, width] = x.dims();
        if self.weight.dims() == [width] {
            return self.forward(x);
        }
        let rows = self.forward(x.reshape([tokens, heads * width]));
        rows.reshape([tokens, heads, width])
    }
}

/// `√(mean + ε)` of means of squares, and NaN of infinity: a token whose squares overflow would get zeros, and look like any
/// other. It is one number for each token, so the check costs next to nothing.
pub(super) fn root_or_nan<const D: usize>(mean: Tensor<D>, epsilon: f64) -> Tensor<D> {
    let zero = mean.clone() - mean.clone();
    (mean + epsilon).sqrt() + zero
}

#[cfg(test)]
mod tests {
    use super::NormLayer;
    use crate::{Norm, RmsWeight};
    use burn::tensor::{Device as BurnDevice, Tensor, TensorData};

    #[test]
    fn numbers_whose_squares_overflow_are_none_by_kernels_and_by_burn() {
        for device in [BurnDevice::flex(), BurnDevice::flex().autodiff()] {
            let kinds = [
                Norm::Rms {
                    epsilon: 0.0,
                    weight: RmsWeight::Rounded,
                },
                Norm::Layer {
                    epsilon: 0.0,
                    bias: false,
                },
            ];
            for kind in kinds {
                let norm = NormLayer {
                    name: String::new(),
                    kind,
                    weight: Tensor::ones([2], &device),
                    bias: None,
                };
                let rows = TensorData::new(vec![1e18_f32, -1e18, 1e20, -1e20], [2, 2]);
                let found = norm.forward(Tensor::<2>::from_data(rows, &device));
                let found: Vec<f32> = found.into_data().iter::<f32>().collect();
                // By hand: the mean is 0, and that of squares 1e36; 1e40 is beyond f32, whose range ends at 3.4e38.
                assert!((found[0] - 1.0).abs() < 1e-6 && (found[1] + 1.0).abs() < 1e-6);
                assert!(
                    found[2].is_nan() && found[3].is_nan(),
                    "{kind:?}: {found:?}"
                );
            }
        }
    }
}
