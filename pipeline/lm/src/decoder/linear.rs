use super::kernels;
use burn::tensor::Tensor;

/// `x · weightᵀ + bias`, the weight as checkpoints store it.
///
/// # Shapes
/// - weight: `[out_features, in_features]`
/// - input: `[tokens, in_features]`, output: `[tokens, out_features]`
pub(super) struct Linear {
    pub(super) weight: Tensor<2>,
    /// `[1, out_features]`
    pub(super) bias: Option<Tensor<2>>,
}

impl Linear {
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let by_kernels = kernels::apply(&x);
        let out = if by_kernels && x.dims()[0] <= kernels::FEW {
            kernels::few_rows(&x, &self.weight)
        } else {
            // A transposed view: no backend copies it.
            x.matmul(self.weight.clone().transpose())
        };
        match &self.bias {
            Some(bias) if by_kernels => kernels::add_row(out, bias),
            Some(bias) => out + bias.clone(),
            None => out,
        }
    }
}
