use super::{kernels, low::Low};
use burn::tensor::{DType, Tensor};

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
        let Some(low) = &self.low else {
            return self.base(&x);
        };
        let reduced = low.reduce(&x);
        let out = match &low.factor {
            None => low.add(self.base(&x), reduced),
            // A bias is no part of what has a length.
            Some(_) => {
                let out = low.add(product(&x, &self.weight), reduced);
                self.add_bias(low.resize(out))
            }
        };
        match &low.bias {
            Some(bias) => out + bias.clone().cast(x.dtype()),
            None => out,
        }
    }

    /// Without the adapter.
    pub(super) fn base(&self, x: &Tensor<2>) -> Tensor<2> {
        self.add_bias(product(x, &self.weight))
    }

    fn add_bias(&self, out: Tensor<2>) -> Tensor<2> {
        match &self.bias {
            Some(bias) if kernels::apply(&out) => kernels::add_row(out, bias),
            Some(bias) => out + bias.clone(),
            None => out,
        }
    }

    /// Whether the adapter has a bias that this layer has no place for.
    pub(crate) fn lacks_bias(&self) -> bool {
        let added = self.low.as_ref().and_then(|low| low.bias.as_ref());
        added.is_some() && self.bias.is_none()
    }

    /// Makes the adapter part of the weight, and of the bias where there is one.
    pub(crate) fn merge(&mut self) {
        let Some(low) = self.low.take() else { return };
        self.weight = low.merged(&self.weight);
        if let (Some(bias), Some(added)) = (&self.bias, low.bias) {
            let sum = bias.clone().cast(DType::F32) + added;
            self.bias = Some(sum.cast(bias.dtype()));
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
