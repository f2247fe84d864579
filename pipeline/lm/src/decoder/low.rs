use super::{kernels, linear::product};
use burn::tensor::Tensor;

/// The factors of a low-rank update of a weight, `scale · B · A` (LoRA, Hu et al., 2022).
#[derive(Clone)]
pub(crate) struct Low {
    /// `[rank, in_features]`, f32
    pub(crate) a: Tensor<2>,
    /// `[out_features, rank]`, f32
    pub(crate) b: Tensor<2>,
    /// Alpha over rank.
    pub(crate) scale: f32,
}

impl Low {
    /// `x · Aᵀ`, in the type of `x`.
    ///
    /// # Shapes
    /// input: `[tokens, in_features]`, output: `[tokens, rank]`
    pub(super) fn reduce(&self, x: &Tensor<2>) -> Tensor<2> {
        product(x, &self.a.clone().cast(x.dtype()))
    }

    /// `out + scale · reduced · Bᵀ`
    pub(super) fn add(&self, out: Tensor<2>, reduced: Tensor<2>) -> Tensor<2> {
        let b = self.b.clone().cast(reduced.dtype());
        kernels::sum(out, product(&(reduced * self.scale), &b))
    }
}
