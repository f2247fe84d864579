use super::{Gradients, InputGradient, TrainContext, Trainable, dropout::Mask};
use crate::decoder::{
    kernels,
    linear::Linear,
    weight::{Weight, matmul, matmul_transposed},
};
use burn::tensor::Tensor;

/// What the LoRA module of a linear layer saves in the forward pass for its backward pass.
pub(super) struct SavedLora {
    mask: Mask,
    /// `dropped(x) · Aᵀ`
    reduced: Tensor<2>,
}

impl Linear {
    /// Whether [`Linear::backward`] reads the input of the layer.
    pub(super) fn reads_input(&self, train: &TrainContext) -> bool {
        self.lora.is_some() || train.trainable == Trainable::All
    }

    pub(super) fn forward_train(
        &self,
        x: &Tensor<2>,
        train: &TrainContext,
    ) -> (Tensor<2>, Option<SavedLora>) {
        self.finish_train(self.weight.product(x), x, train)
    }

    /// [`Linear::forward_train`] of several layers with the same input.
    pub(super) fn forward_train_each<const M: usize>(
        layers: [&Self; M],
        x: &Tensor<2>,
        train: &TrainContext,
    ) -> [(Tensor<2>, Option<SavedLora>); M] {
        let mut products = Weight::products(layers.map(|layer| &layer.weight), x).into_iter();
        layers.map(|layer| match products.next() {
            Some(product) => layer.finish_train(product, x, train),
            None => unreachable!("there is one for each layer"),
        })
    }

    fn finish_train(
        &self,
        product: Tensor<2>,
        x: &Tensor<2>,
        train: &TrainContext,
    ) -> (Tensor<2>, Option<SavedLora>) {
        let out = self.add_bias(product);
        let Some(lora) = &self.lora else {
            return (out, None);
        };
        let mask = train.dropout.mask(x, &self.name);
        let reduced = lora.reduce(&mask.apply(x.clone()));
        let out = lora.add(out, reduced.clone());
        (out, Some(SavedLora { mask, reduced }))
    }

    /// Adds the gradients of the weights, and that of `x` to `of_x`, if that is wanted.
    ///
    /// `x` may be anything where [`Linear::reads_input`] says no.
    pub(super) fn backward(
        &self,
        x: &Tensor<2>,
        saved: Option<SavedLora>,
        gradient: &Tensor<2>,
        train: &TrainContext,
        gradients: &mut Gradients,
        of_x: &mut InputGradient,
    ) {
        of_x.add(|onto| self.weight.product_backward(gradient, onto));
        if train.trainable == Trainable::All {
            let of_weight = matmul_transposed(gradient, x);
            gradients.add(&format!("{}.weight", self.name), of_weight);
            if self.bias.is_some() {
                gradients.add(&format!("{}.bias", self.name), gradient.clone().sum_dim(0));
            }
        }
        if let (Some(lora), Some(saved)) = (&self.lora, saved) {
            let dtype = gradient.dtype();
            let scaled = kernels::scaled(saved.reduced, lora.scale);
            gradients.add(&self.lora_name("B"), matmul_transposed(gradient, &scaled));
            let b = lora.b.clone().cast(dtype);
            let reduced = kernels::scaled(matmul(gradient, &b, None), lora.scale);
            let dropped = saved.mask.apply(x.clone());
            let of_a = matmul_transposed(&reduced, &dropped);
            gradients.add(&self.lora_name("A"), of_a);
            of_x.add(|onto| {
                let a = lora.a.clone().cast(dtype);
                saved.mask.add(onto, |onto| matmul(&reduced, &a, onto))
            });
        }
    }

    /// The name of a factor, `A` or `B`.
    pub(crate) fn lora_name(&self, factor: &str) -> String {
        format!("{}.lora_{factor}.weight", self.name)
    }
}
