use super::{Gradients, InputGradient, TrainContext, linear::SavedLora};
use crate::{
    Activation,
    decoder::{kernels, linear::Linear, mlp::Mlp},
};
use burn::tensor::{DType, Tensor, activation};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// What an MLP saves in the forward pass for its backward pass.
pub(super) struct Saved {
    gate: Option<(Tensor<2>, Option<SavedLora>)>,
    up: (Tensor<2>, Option<SavedLora>),
    down: Option<SavedLora>,
}

impl Mlp {
    pub(super) fn forward_train(&self, x: &Tensor<2>, train: &TrainContext) -> (Tensor<2>, Saved) {
        let (gate, up) = match &self.gate {
            Some(gate) => {
                let [gate, up] = Linear::forward_train_each([gate, &self.up], x, train);
                (Some(gate), up)
            }
            None => (None, self.up.forward_train(x, train)),
        };
        let inner = self.combine(gate.as_ref().map(|(gate, _)| gate.clone()), up.0.clone());
        let (out, down) = self.down.forward_train(&inner, train);
        (out, Saved { gate, up, down })
    }

    /// Adds the gradients of the weights, and returns that of `x`, the input.
    pub(super) fn backward(
        &self,
        x: &Tensor<2>,
        saved: Saved,
        gradient: &Tensor<2>,
        train: &TrainContext,
        gradients: &mut Gradients,
    ) -> Tensor<2> {
        let (up, up_lora) = saved.up;
        let (gate, gate_lora) = saved.gate.unzip();
        let inner = if self.down.reads_input(train) {
            self.combine(gate.clone(), up.clone())
        } else {
            up.clone()
        };
        let mut of_inner = InputGradient::new(true);
        self.down.backward(
            &inner,
            saved.down,
            gradient,
            train,
            gradients,
            &mut of_inner,
        );
        let inner = required_gradient(of_inner);
        let (of_gate, of_up) = match gate {
            Some(gate) => {
                let [of_gate, of_up] = self.gated_backward(&gate, &up, inner);
                (Some(of_gate), of_up)
            }
            None => (None, self.activation_backward(&up, inner)),
        };
        let mut of_x = InputGradient::new(true);
        self.up
            .backward(x, up_lora, &of_up, train, gradients, &mut of_x);
        if let (Some(gate), Some(of_gate)) = (&self.gate, of_gate) {
            let lora = gate_lora.flatten();
            gate.backward(x, lora, &of_gate, train, gradients, &mut of_x);
        }
        required_gradient(of_x)
    }

    fn gated_backward(&self, gate: &Tensor<2>, up: &Tensor<2>, inner: Tensor<2>) -> [Tensor<2>; 2] {
        if self.activation == Activation::Silu && kernels::supports(up) {
            return kernels::gated_silu_backward(gate, up, inner);
        }
        let of_up = inner.clone() * self.activate(gate.clone());
        let of_gate = self.activation_backward(gate, inner * up.clone());
        [of_gate, of_up]
    }

    /// The gradient of the activation's input `x`.
    fn activation_backward(&self, x: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        let dtype = x.dtype();
        let wide = || x.clone().cast(DType::F32);
        match self.activation {
            Activation::Silu => {
                let sigmoid = activation::sigmoid(wide());
                let slope = sigmoid.clone() * (wide() * (sigmoid.neg() + 1.0) + 1.0);
                gradient * slope.cast(dtype)
            }
            Activation::Gelu if kernels::supports(x) => kernels::gelu_backward(x, gradient),
            Activation::Gelu => {
                let below = (wide() * FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
                let density =
                    (wide().square() * -0.5).exp() * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
                gradient * (below + wide() * density).cast(dtype)
            }
            Activation::GeluTanh if kernels::supports(x) => {
                kernels::gelu_tanh_backward(x, gradient)
            }
            Activation::GeluTanh => {
                let (scale, share) = (kernels::GELU_SCALE, kernels::GELU_CUBE);
                let cube = wide().powi_scalar(3);
                let sigmoid = activation::sigmoid((wide() + cube * share) * scale);
                let inner = (wide().square() * (3.0 * share) + 1.0) * scale;
                let bend = sigmoid.clone() * (sigmoid.clone().neg() + 1.0) * wide() * inner;
                gradient * (sigmoid + bend).cast(dtype)
            }
        }
    }
}

/// Unwraps a gradient that was asked for.
pub(super) fn required_gradient(gradient: InputGradient) -> Tensor<2> {
    match gradient.sum() {
        Some(gradient) => gradient,
        None => unreachable!("it was wanted"),
    }
}
