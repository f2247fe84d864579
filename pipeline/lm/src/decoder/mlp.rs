use super::{kernels, linear::Linear};
use crate::Activation;
use burn::tensor::{Tensor, activation};

/// A layer's MLP.
pub(super) struct Mlp {
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

impl Mlp {
    /// # Shapes
    /// input and output: `[tokens, hidden]`
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let inner = match &self.gate {
            Some(gate) => {
                let gate = gate.forward(x.clone());
                let up = self.up.forward(x);
                if self.activation == Activation::Silu && kernels::apply(&up) {
                    kernels::gated_silu(gate, &up)
                } else {
                    self.activate(gate) * up
                }
            }
            None => self.activate(self.up.forward(x)),
        };
        self.down.forward(inner)
    }

    fn activate(&self, x: Tensor<2>) -> Tensor<2> {
        match self.activation {
            Activation::Silu => activation::silu(x),
            Activation::GeluTanh if kernels::apply(&x) => kernels::gelu(x),
            Activation::GeluTanh => activation::gelu_approximate(x),
        }
    }
}
