use super::{kernels, linear::product};
use burn::tensor::{DType, Int, Tensor};

/// A low-rank update of a weight, `scale · B · A` (LoRA, Hu et al., 2022), and what PEFT's variants make of it.
#[derive(Clone)]
pub(crate) struct Low {
    /// `[rank, in_features]`, f32
    pub(crate) a: Tensor<2>,
    /// `[out_features, rank]`, f32
    pub(crate) b: Tensor<2>,
    /// Alpha over rank.
    pub(crate) scale: f32,
    /// Added to the output, `[1, out_features]`, f32.
    pub(crate) bias: Option<Tensor<2>>,
    /// What each output is multiplied by before a bias is added, `[1, out_features]`, f32: the magnitude of DoRA (Liu et
    /// al., 2024) over the length of the row of the updated weight.
    pub(super) factor: Option<Tensor<2>>,
}

impl Low {
    pub(crate) const fn new(a: Tensor<2>, b: Tensor<2>, scale: f32) -> Self {
        Self {
            a,
            b,
            scale,
            bias: None,
            factor: None,
        }
    }

    /// Gives every row of the updated weight a length, `[1, out_features]`; `weight` is `[out_features, in_features]`.
    pub(crate) fn set_magnitude(&mut self, magnitude: Tensor<2>, weight: &Tensor<2>) {
        let lengths = self.updated(weight).square().sum_dim(1).sqrt();
        self.factor = Some(magnitude / lengths.transpose());
    }

    /// The weight with the update, in f32.
    fn updated(&self, weight: &Tensor<2>) -> Tensor<2> {
        let update = self.b.clone().matmul(self.a.clone()) * self.scale;
        weight.clone().cast(DType::F32) + update
    }

    /// The weight that does alone what it and the adapter do together, apart from biases.
    pub(crate) fn merged(&self, weight: &Tensor<2>) -> Tensor<2> {
        let mut merged = self.updated(weight);
        if let Some(factor) = &self.factor {
            merged = merged * factor.clone().transpose();
        }
        merged.cast(weight.dtype())
    }

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

    /// Gives the outputs of the updated weight their magnitudes.
    pub(super) fn resize(&self, out: Tensor<2>) -> Tensor<2> {
        match &self.factor {
            Some(factor) => {
                let factor = factor.clone().cast(out.dtype());
                out * factor
            }
            None => out,
        }
    }

    /// The embeddings of tokens with the adapter; `out` is that without it.
    pub(super) fn embed(&self, out: Tensor<2>, tokens: Tensor<1, Int>) -> Tensor<2> {
        let columns = self.a.clone().select(1, tokens);
        let reduced = columns.transpose().cast(out.dtype());
        self.resize(self.add(out, reduced))
    }
}
