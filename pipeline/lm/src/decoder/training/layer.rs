use super::{Gradients, TrainContext, attention, mlp};
use crate::decoder::{context::ForwardContext, kernels, layer::Layer};
use burn::tensor::Tensor;

/// What a layer saves in the forward pass for its backward pass.
pub(super) struct Saved {
    x: Tensor<2>,
    attention: attention::Saved,
    /// The hidden states between attention and MLP.
    middle: Tensor<2>,
    mlp: mlp::Saved,
}

impl Layer {
    pub(super) fn forward_train(
        &self,
        x: Tensor<2>,
        context: &ForwardContext,
        train: &TrainContext,
    ) -> (Tensor<2>, Saved) {
        let normed = self.attention_norm.forward(x.clone());
        let (attended, attention) = self.attention.forward_train(&normed, context, train);
        let residual = if self.residual_after_norm {
            normed
        } else {
            x.clone()
        };
        let middle = kernels::sum(residual, attended);
        let normed = self.mlp_norm.forward(middle.clone());
        let (out, mlp) = self.mlp.forward_train(&normed, train);
        let residual = if self.residual_after_norm {
            normed
        } else {
            middle.clone()
        };
        let saved = Saved {
            x,
            attention,
            middle,
            mlp,
        };
        (kernels::sum(residual, out), saved)
    }

    /// Adds the gradients of the layer's weights, and returns that of its input, if wanted.
    pub(super) fn backward(
        &self,
        saved: Saved,
        gradient: Tensor<2>,
        context: &ForwardContext,
        train: &TrainContext,
        gradients: &mut Gradients,
        wanted: bool,
    ) -> Option<Tensor<2>> {
        let Saved {
            x,
            attention,
            middle,
            mlp,
        } = saved;
        let after = self.residual_after_norm;
        let normed = self.mlp_norm.forward(middle.clone());
        let through = self.mlp.backward(&normed, mlp, &gradient, train, gradients);
        let gradient = join(gradient, through, after, |gradient| {
            self.mlp_norm.backward(&middle, gradient, train, gradients)
        });
        let normed = self.attention_norm.forward(x.clone());
        let through = self.attention.backward(
            &normed, attention, &gradient, context, train, gradients, wanted,
        )?;
        Some(join(gradient, through, after, |gradient| {
            self.attention_norm.backward(&x, gradient, train, gradients)
        }))
    }
}

/// The gradient before a norm, from that of the residual path and that `through` what follows the norm; the residual
/// begins `after` the norm or before it.
fn join(
    residual: Tensor<2>,
    through: Tensor<2>,
    after: bool,
    norm_backward: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> Tensor<2> {
    if after {
        norm_backward(kernels::sum(through, residual))
    } else {
        kernels::sum(norm_backward(through), residual)
    }
}
