use super::{kernels, lora::Lora, weight::Weight};
use burn::tensor::{DType, Tensor};

/// A linear layer, `x · weightᵀ + bias`, with the LoRA module that an adapter puts on it.
///
/// # Shapes
/// - weight: `[out_features, in_features]`, as checkpoints store it
/// - input: `[tokens, in_features]`, output: `[tokens, out_features]`
#[derive(Clone)]
pub(crate) struct Linear {
    /// The whole name in a checkpoint, without `.weight`.
    pub(crate) name: String,
    pub(crate) weight: Weight,
    /// `[1, out_features]`
    pub(super) bias: Option<Tensor<2>>,
    pub(crate) lora: Option<Lora>,
}

impl Linear {
    pub(super) fn forward(&self, x: &Tensor<2>) -> Tensor<2> {
        self.finish(self.weight.product(x), x)
    }

    /// [`Linear::forward`] of several layers with the same input.
    pub(super) fn forward_each<const M: usize>(
        layers: [&Self; M],
        x: &Tensor<2>,
    ) -> [Tensor<2>; M] {
        let mut products = Weight::products(layers.map(|layer| &layer.weight), x).into_iter();
        layers.map(|layer| match products.next() {
            Some(product) => layer.finish(product, x),
            None => unreachable!("there is one for each layer"),
        })
    }

    /// The output, from the product of the weight.
    fn finish(&self, product: Tensor<2>, x: &Tensor<2>) -> Tensor<2> {
        let Some(lora) = &self.lora else {
            return self.add_bias(product);
        };
        let reduced = lora.reduce(x);
        let out = match &lora.dora_scale {
            None => lora.add(self.add_bias(product), reduced),
            // DoRA scales the product without the bias.
            Some(_) => self.add_bias(lora.apply_dora(lora.add(product, reduced))),
        };
        match &lora.bias {
            Some(bias) => out + bias.clone().cast(x.dtype()),
            None => out,
        }
    }

    /// The output without the adapter.
    pub(super) fn base(&self, x: &Tensor<2>) -> Tensor<2> {
        self.add_bias(self.weight.product(x))
    }

    pub(super) fn add_bias(&self, out: Tensor<2>) -> Tensor<2> {
        match &self.bias {
            Some(bias) if kernels::supports(&out) => kernels::add_row(out, bias),
            Some(bias) => out + bias.clone(),
            None => out,
        }
    }

    /// Whether the adapter has a bias and this layer has none to merge it into.
    pub(crate) fn lacks_bias(&self) -> bool {
        let added = self.lora.as_ref().and_then(|lora| lora.bias.as_ref());
        added.is_some() && self.bias.is_none()
    }

    /// Merges the adapter into the weight, and into the bias where there is one.
    pub(crate) fn merge(&mut self) {
        let Some(lora) = self.lora.take() else { return };
        self.weight.replace(|weight| lora.merged(&weight));
        if let (Some(bias), Some(added)) = (&self.bias, lora.bias) {
            let sum = bias.clone().cast(DType::F32) + added;
            self.bias = Some(sum.cast(bias.dtype()));
        }
    }
}
