use super::DeferredSum;
use crate::decoder::kernels;
use burn::tensor::{DType, Tensor};
use std::collections::BTreeMap;

/// The gradients of some parameters by their names in a checkpoint, f32; those of vectors are `[1, width]`.
#[derive(Default)]
pub(crate) struct Gradients(BTreeMap<String, Tensor<2>>);

impl Gradients {
    /// Adds to a parameter's gradient.
    pub(crate) fn add(&mut self, name: &str, gradient: Tensor<2>) {
        let gradient = gradient.cast(DType::F32);
        let sum = match self.0.remove(name) {
            Some(sum) => kernels::sum(sum, gradient),
            None => gradient,
        };
        self.0.insert(name.to_owned(), sum);
    }

    /// Adds all gradients of another batch.
    pub(crate) fn add_all(&mut self, others: Self) {
        for (name, gradient) in others.0 {
            self.add(&name, gradient);
        }
    }

    /// A parameter's gradient; `None` where nothing depends on it.
    pub(crate) fn get(&self, name: &str) -> Option<&Tensor<2>> {
        self.0.get(name)
    }

    /// Changes a parameter's gradient.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(Tensor<2>) -> Tensor<2>) {
        if let Some(gradient) = self.0.remove(name) {
            self.0.insert(name.to_owned(), change(gradient));
        }
    }

    /// The squared norm of all gradients as one vector.
    pub(crate) fn squared_norm(&self) -> DeferredSum {
        let mut sum = DeferredSum::default();
        for gradient in self.0.values() {
            sum.add(if kernels::supports(gradient) {
                DeferredSum::known(kernels::sum_of_squares(gradient))
            } else {
                DeferredSum::on_device(gradient.clone().square().sum())
            });
        }
        sum
    }
}

/// The gradient of an input that several layers read.
pub(super) enum InputGradient {
    /// Nothing below is trained.
    Unwanted,
    /// What was added so far.
    Sum(Option<Box<Tensor<2>>>),
}

impl InputGradient {
    pub(super) const fn new(wanted: bool) -> Self {
        if wanted {
            Self::Sum(None)
        } else {
            Self::Unwanted
        }
    }

    /// Replaces the sum by what `add` makes of it.
    pub(super) fn add(&mut self, add: impl FnOnce(Option<Tensor<2>>) -> Tensor<2>) {
        if let Self::Sum(sum) = self {
            *sum = Some(Box::new(add(sum.take().map(|sum| *sum))));
        }
    }

    /// The sum, if it was wanted.
    pub(super) fn sum(self) -> Option<Tensor<2>> {
        match self {
            Self::Unwanted | Self::Sum(None) => None,
            Self::Sum(Some(sum)) => Some(*sum),
        }
    }
}
