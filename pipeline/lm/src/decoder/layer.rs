use super::{
    attention::Attention,
    cache::KeyValue,
    kernels,
    mlp::Mlp,
    norm::NormLayer,
    pass::{Pass, Wanted},
};
use burn::tensor::Tensor;

/// A decoder layer.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) attention_norm: NormLayer,
    pub(super) attention: Attention,
    pub(super) mlp_norm: NormLayer,
    pub(super) mlp: Mlp,
    pub(super) residual_after_norm: bool,
}

impl Layer {
    /// The states that are wanted, and each sequence's keys and values if the pass keeps them; `number` is the layer's.
    ///
    /// # Shapes
    /// input: `[tokens, hidden]`, output: `[wanted, hidden]`
    pub(super) fn forward(
        &self,
        x: Tensor<2>,
        pass: &Pass,
        number: usize,
        wanted: Wanted,
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let normed = self.attention_norm.forward(x.clone());
        let residual = if self.residual_after_norm {
            normed.clone()
        } else {
            x
        };
        let residual = pass.rows(residual, wanted);
        let (attended, kept) = self.attention.forward(normed, pass, number, wanted);
        let x = kernels::sum(residual, attended);
        let normed = self.mlp_norm.forward(x.clone());
        let residual = if self.residual_after_norm {
            normed.clone()
        } else {
            x
        };
        (kernels::sum(residual, self.mlp.forward(normed)), kept)
    }
}
