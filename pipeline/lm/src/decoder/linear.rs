use super::{kernels, low::Low};
use burn::tensor::Tensor;

/// `x · weightᵀ + bias`, the weight as checkpoints store it, and what an adapter adds.
///
/// # Shapes
/// - weight: `[out_features, in_features]`
/// - input: `[tokens, in_features]`, output: `[tokens, out_features]`
#[derive(Clone)]
pub(crate) struct Linear {
    /// The whole name in a checkpoint, without `.weight`.
    pub(crate) name: String,
    pub(crate) weight: Tensor<2>,
    /// `[1, out_features]`
    pub(super) bias: Option<Tensor<2>>,
    pub(crate) low: Option<Low>,
}

impl Linear {
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let out = self.base(&x);
        match &self.low {
            Some(low) => low.add(out, low.reduce(&x)),
            None => out,
        }
    }

    /// Without the adapter.
    pub(super) fn base(&self, x: &Tensor<2>) -> Tensor<2> {
        let out = product(x, &self.weight);
        match &self.bias {
            Some(bias) if kernels::apply(x) => kernels::add_row(out, bias),
            Some(bias) => out + bias.clone(),
            None => out,
        }
    }
}

/// `x · weightᵀ`
pub(super) fn product(x: &Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    if kernels::apply(x) && x.dims()[0] <= kernels::FEW {
        kernels::few_rows(x, weight)
    } else {
        // A transposed view: no backend copies it.
        x.clone().matmul(weight.clone().transpose())
    }
}
