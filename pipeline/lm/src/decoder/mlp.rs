use super::{kernels, linear::Linear};
use crate::Activation;
use burn::tensor::{DType, Tensor, activation};

/// A layer's MLP.
#[derive(Clone)]
pub(super) struct Mlp {
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

impl Mlp {
    /// # Shapes
    /// input and output: `[tokens, hidden]`
    pub(super) fn forward(&self, x: &Tensor<2>) -> Tensor<2> {
        let inner = match &self.gate {
            Some(gate) => {
                let [gate, up] = Linear::forward_each([gate, &self.up], x);
                self.combine(Some(gate), up)
            }
            None => self.combine(None, self.up.forward(x)),
        };
        self.down.forward(&inner)
    }

    /// What goes into the last matrix.
    pub(super) fn combine(&self, gate: Option<Tensor<2>>, up: Tensor<2>) -> Tensor<2> {
        match gate {
            Some(gate) if self.activation == Activation::Silu && kernels::supports(&up) => {
                kernels::gated_silu(gate, &up)
            }
            Some(gate) => self.activate(gate) * up,
            None => self.activate(up),
        }
    }

    pub(super) fn activate(&self, x: Tensor<2>) -> Tensor<2> {
        match self.activation {
            Activation::Silu => activation::silu(x),
            Activation::Gelu if kernels::supports(&x) => kernels::gelu(x),
            // In 32 bits: 1 is added to what is near -1.
            Activation::Gelu => activation::gelu(x.clone().cast(DType::F32)).cast(x.dtype()),
            Activation::GeluTanh if kernels::supports(&x) => kernels::gelu_tanh(x),
            Activation::GeluTanh => {
                activation::gelu_approximate(x.clone().cast(DType::F32)).cast(x.dtype())
            }
        }
    }
}
