use super::{Gradients, TrainContext, attention, mlp};
use crate::{
    Residual,
    decoder::{
        context::ForwardContext,
        kernels,
        layer::{Layer, normed},
        norm::NormLayer,
    },
};
use burn::tensor::Tensor;

/// What a layer saves in the forward pass for its backward pass.
pub(super) struct Saved {
    x: Tensor<2>,
    attention: attention::Saved,
    /// What the attention gives, where a norm follows.
    attended: Option<Tensor<2>>,
    /// The hidden states between attention and MLP, where the MLP reads them.
    middle: Option<Tensor<2>>,
    mlp: mlp::Saved,
    /// What the MLP gives, where a norm follows.
    out: Option<Tensor<2>>,
}

impl Layer {
    pub(super) fn forward_train(
        &self,
        x: Tensor<2>,
        context: &ForwardContext,
        train: &TrainContext,
    ) -> (Tensor<2>, Saved) {
        let norms = &self.norms;
        let read = normed(&norms.before_attention, x.clone());
        let (attended, attention) = self.attention.forward_train(&read, context, train);
        let before_norm = norms.after_attention.is_some().then(|| attended.clone());
        let attended_normed = normed(&norms.after_attention, attended);
        let residual = match self.residual {
            Residual::AfterNorm => read.clone(),
            Residual::BeforeNorm | Residual::Parallel => x.clone(),
        };
        let sum = kernels::sum(residual, attended_normed);
        let (read, middle) = match self.residual {
            Residual::Parallel => (self.mlp_reads_beside(&x, || read), None),
            Residual::BeforeNorm | Residual::AfterNorm => {
                (normed(&norms.before_mlp, sum.clone()), Some(sum.clone()))
            }
        };
        let (out, mlp) = self.mlp.forward_train(&read, train);
        let residual = match self.residual {
            Residual::AfterNorm => read,
            Residual::BeforeNorm | Residual::Parallel => sum,
        };
        let saved = Saved {
            x,
            attention,
            attended: before_norm,
            middle,
            mlp,
            out: norms.after_mlp.is_some().then(|| out.clone()),
        };
        (kernels::sum(residual, normed(&norms.after_mlp, out)), saved)
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
            attended,
            middle,
            mlp,
            out,
        } = saved;
        let norms = &self.norms;
        let read = || normed(&norms.before_attention, x.clone());
        let of_out = norm_backward(&norms.after_mlp, out, gradient.clone(), train, gradients);
        // Of the sum of residual and attention; what the MLP reads beside it gets its own.
        let (gradient, beside) = match middle {
            Some(middle) => {
                let read = normed(&norms.before_mlp, middle.clone());
                let through = self.mlp.backward(&read, mlp, &of_out, train, gradients);
                let before = |gradient| {
                    norm_backward(&norms.before_mlp, Some(middle), gradient, train, gradients)
                };
                (join(gradient, through, self.residual, before), None)
            }
            None => {
                let read = self.mlp_reads_beside(&x, read);
                let through = self.mlp.backward(&read, mlp, &of_out, train, gradients);
                (gradient, Some(through))
            }
        };
        let of_attended = norm_backward(
            &norms.after_attention,
            attended,
            gradient.clone(),
            train,
            gradients,
        );
        let mut through = self.attention.backward(
            &read(),
            attention,
            &of_attended,
            context,
            train,
            gradients,
            wanted,
        )?;
        let mut residual = gradient;
        if let Some(beside) = beside {
            match &norms.before_mlp {
                Some(norm) => {
                    let of_x = norm.backward(&x, beside, train, gradients);
                    residual = kernels::sum(residual, of_x);
                }
                None => through = kernels::sum(through, beside),
            }
        }
        let before =
            |gradient| norm_backward(&norms.before_attention, Some(x), gradient, train, gradients);
        Some(join(residual, through, self.residual, before))
    }
}

/// The gradient of a norm's input `x`, or the gradient itself where there is no norm.
fn norm_backward(
    norm: &Option<NormLayer>,
    x: Option<Tensor<2>>,
    gradient: Tensor<2>,
    train: &TrainContext,
    gradients: &mut Gradients,
) -> Tensor<2> {
    match (norm, x) {
        (Some(norm), Some(x)) => norm.backward(&x, gradient, train, gradients),
        (Some(_), None) => unreachable!("the input of every norm is kept"),
        (None, _) => gradient,
    }
}

/// The gradient before a norm, from that of the residual path and that `through` what follows the norm.
fn join(
    residual_gradient: Tensor<2>,
    through: Tensor<2>,
    residual: Residual,
    norm_backward: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> Tensor<2> {
    match residual {
        Residual::AfterNorm => norm_backward(kernels::sum(through, residual_gradient)),
        Residual::BeforeNorm | Residual::Parallel => {
            kernels::sum(norm_backward(through), residual_gradient)
        }
    }
}
