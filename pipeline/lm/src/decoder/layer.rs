use super::{
    attention::Attention, cache::KeyValue, mlp::Mlp, norm::NormLayer, rotation::Rotation, run::Run,
    spans::Span,
};
use burn::tensor::Tensor;

/// A decoder layer.
pub(super) struct Layer {
    pub(super) attention_norm: NormLayer,
    pub(super) attention: Attention,
    pub(super) mlp_norm: NormLayer,
    pub(super) mlp: Mlp,
    pub(super) residual_after_norm: bool,
}

impl Layer {
    /// # Shapes
    /// input and output: `[tokens, hidden]`
    pub(super) fn forward(
        &self,
        x: Tensor<2>,
        runs: &[Run],
        spans: &[Span],
        rotation: Option<&Rotation>,
        layer: usize,
        keep: bool,
    ) -> (Tensor<2>, Vec<KeyValue>) {
        let normed = self.attention_norm.forward(x.clone());
        let residual = if self.residual_after_norm {
            normed.clone()
        } else {
            x
        };
        let (attended, kept) = self
            .attention
            .forward(normed, runs, spans, rotation, layer, keep);
        let x = residual + attended;
        let normed = self.mlp_norm.forward(x.clone());
        let residual = if self.residual_after_norm {
            normed.clone()
        } else {
            x
        };
        (residual + self.mlp.forward(normed), kept)
    }
}
