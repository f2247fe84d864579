use super::{
    attention::Attention,
    cache::KeyValue,
    context::{ForwardContext, OutputTokens},
    kernels,
    mlp::Mlp,
    norm::NormLayer,
};
use crate::Residual;
use burn::tensor::Tensor;

/// A decoder layer.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) norms: Norms,
    pub(super) attention: Attention,
    pub(super) mlp: Mlp,
    pub(super) residual: Residual,
}

/// The norms of a layer, as far as it has them.
#[derive(Clone)]
pub(super) struct Norms {
    pub(super) before_attention: Option<NormLayer>,
    pub(super) after_attention: Option<NormLayer>,
    pub(super) before_mlp: Option<NormLayer>,
    pub(super) after_mlp: Option<NormLayer>,
}

/// What a norm gives, or its input where there is none.
pub(super) fn normed(norm: &Option<NormLayer>, x: Tensor<2>) -> Tensor<2> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
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
        let norms = &self.norms;
        let read = normed(&norms.before_attention, x.clone());
        let residual = match self.residual {
            Residual::AfterNorm => read.clone(),
            Residual::BeforeNorm | Residual::Parallel => x,
        };
        let residual = context.rows(residual, output_tokens);
        let beside = (self.residual == Residual::Parallel).then(|| {
            self.mlp_reads_beside(&residual, || context.rows(read.clone(), output_tokens))
        });
        let (attended, kept) = self.attention.forward(read, context, number, output_tokens);
        let x = kernels::sum(residual, normed(&norms.after_attention, attended));
        let read = match beside {
            Some(read) => read,
            None => normed(&norms.before_mlp, x.clone()),
        };
        let residual = match self.residual {
            Residual::AfterNorm => read.clone(),
            Residual::BeforeNorm | Residual::Parallel => x,
        };
        let out = normed(&norms.after_mlp, self.mlp.forward(&read));
        (kernels::sum(residual, out), kept)
    }

    /// What the MLP reads that runs beside the attention: of the layer's input `x`, or what the attention reads.
    pub(super) fn mlp_reads_beside(
        &self,
        x: &Tensor<2>,
        attention_reads: impl FnOnce() -> Tensor<2>,
    ) -> Tensor<2> {
        match &self.norms.before_mlp {
            Some(norm) => norm.forward(x.clone()),
            None => attention_reads(),
        }
    }
}
