use super::{
    attention::Attention,
    cache::KeyValue,
    context::{ForwardContext, OutputTokens},
    kernels,
    mlp::Mlp,
    norm::NormLayer,
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
    /// Returns the hidden states of the output tokens, and each sequence's keys and values if the context asks for caches;
    /// `number` is the layer's.
    ///
    /// # Shapes
    /// input: `[tokens, hidden]`, output: `[output_tokens, hidden]`
    pub(super) fn forward(
        &self,
        x: Tensor<2>,
        context: &ForwardContext,
        number: usize,
        output_tokens: OutputTokens,
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let normed = self.attention_norm.forward(x.clone());
        let residual = if self.residual_after_norm {
            normed.clone()
        } else {
            x
        };
        let residual = context.rows(residual, output_tokens);
        let (attended, kept) = self
            .attention
            .forward(normed, context, number, output_tokens);
        let x = kernels::sum(residual, attended);
        let normed = self.mlp_norm.forward(x.clone());
        let residual = if self.residual_after_norm {
            normed.clone()
        } else {
            x
        };
        (kernels::sum(residual, self.mlp.forward(&normed)), kept)
    }
}
