use super::{Gradients, Lesson, attention, mlp};
use crate::decoder::{kernels, layer::Layer, pass::Pass};
use burn::tensor::Tensor;

/// What a layer keeps.
pub(super) struct Saved {
    x: Tensor<2>,
    attention: attention::Saved,
    /// Between attention and MLP.
    middle: Tensor<2>,
    mlp: mlp::Saved,
}

impl Layer {
    pub(super) fn learn(&self, x: Tensor<2>, pass: &Pass, lesson: &Lesson) -> (Tensor<2>, Saved) {
        let normed = self.attention_norm.forward(x.clone());
        let (attended, attention) = self.attention.learn(&normed, pass, lesson);
        let residual = if self.residual_after_norm {
            normed
        } else {
            x.clone()
        };
        let middle = kernels::sum(residual, attended);
        let normed = self.mlp_norm.forward(middle.clone());
        let (out, mlp) = self.mlp.learn(&normed, lesson);
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
    pub(super) fn back(
        &self,
        saved: Saved,
        gradient: Tensor<2>,
        pass: &Pass,
        lesson: &Lesson,
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
        let through = self.mlp.back(&normed, mlp, &gradient, lesson, gradients);
        let gradient = join(gradient, through, after, |gradient| {
            self.mlp_norm.back(&middle, gradient, lesson, gradients)
        });
        let normed = self.attention_norm.forward(x.clone());
        let through = self.attention.back(
            &normed, attention, &gradient, pass, lesson, gradients, wanted,
        )?;
        Some(join(gradient, through, after, |gradient| {
            self.attention_norm.back(&x, gradient, lesson, gradients)
        }))
    }
}

/// The gradient before a norm, from that of the residual path and that `through` what follows the norm; the residual
/// begins `after` the norm or before it.
fn join(
    residual: Tensor<2>,
    through: Tensor<2>,
    after: bool,
    norm_back: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> Tensor<2> {
    if after {
        norm_back(kernels::sum(through, residual))
    } else {
        kernels::sum(norm_back(through), residual)
    }
}
