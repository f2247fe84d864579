use super::{
    kernels,
    weight::{add_product, product},
};
use burn::tensor::{DType, Int, Tensor};

/// The LoRA module of a linear layer: a low-rank update of its weight, `scale · B · A` (Hu et al., 2022), with the bias and
/// the magnitudes (DoRA) that PEFT's variants add.
#[derive(Clone)]
pub(crate) struct Lora {
    /// `[rank, in_features]`, f32
    pub(crate) a: Tensor<2>,
    /// `[out_features, rank]`, f32
    pub(crate) b: Tensor<2>,
    /// Alpha over rank.
    pub(crate) scale: f32,
    /// Added to the output, `[1, out_features]`, f32.
    pub(crate) bias: Option<Tensor<2>>,
    /// What each output is multiplied by before a bias is added, `[1, out_features]`, f32: DoRA's magnitude (Liu et al.,
    /// 2024) divided by the length of the row of the updated weight.
    pub(super) dora_scale: Option<Tensor<2>>,
}

impl Lora {
    pub(crate) const fn new(a: Tensor<2>, b: Tensor<2>, scale: f32) -> Self {
        Self {
            a,
            b,
            scale,
            bias: None,
            dora_scale: None,
        }
    }

    /// Sets DoRA's magnitudes, the lengths of the rows of the updated weight, `[1, out_features]`; `weight` is `[out_features, in_features]`.
    pub(crate) fn set_magnitude(&mut self, magnitude: Tensor<2>, weight: &Tensor<2>) {
        let lengths = self.updated(weight).square().sum_dim(1).sqrt();
        self.dora_scale = Some(magnitude / lengths.transpose());
    }

    /// The weight with the update, in f32.
    fn updated(&self, weight: &Tensor<2>) -> Tensor<2> {
        let update = self.b.clone().matmul(self.a.clone()) * self.scale;
        weight.clone().cast(DType::F32) + update
    }

    /// The base weight with the adapter merged into it, apart from biases.
    pub(crate) fn merged(&self, weight: &Tensor<2>) -> Tensor<2> {
        let mut merged = self.updated(weight);
        if let Some(dora_scale) = &self.dora_scale {
            merged = merged * dora_scale.clone().transpose();
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
        add_product(out, &kernels::scaled(reduced, self.scale), &b)
    }

    /// Multiplies the outputs of the updated weight by DoRA's magnitudes, where there are any.
    pub(super) fn apply_dora(&self, out: Tensor<2>) -> Tensor<2> {
        match &self.dora_scale {
            Some(dora_scale) => {
                let dora_scale = dora_scale.clone().cast(out.dtype());
                out * dora_scale
            }
            None => out,
        }
    }

    /// The embeddings of tokens with the adapter; `out` are those without it.
    pub(super) fn embed(&self, out: Tensor<2>, tokens: Tensor<1, Int>) -> Tensor<2> {
        let columns = self.a.clone().select(1, tokens);
        let reduced = columns.transpose().cast(out.dtype());
        self.apply_dora(self.add(out, reduced))
    }
}
