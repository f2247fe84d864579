use super::{Gradients, TrainContext, Trainable};
use crate::{
    Norm,
    decoder::{
        kernels,
        norm::{NormLayer, root_or_nan},
    },
};
use burn::tensor::{DType, Tensor};

impl NormLayer {
    /// Adds the gradients of the weights, and returns that of `x`, the input.
    pub(super) fn backward<const D: usize>(
        &self,
        x: &Tensor<D>,
        gradient: Tensor<D>,
        train: &TrainContext,
        gradients: &mut Gradients,
    ) -> Tensor<D> {
        let by_kernels = kernels::supports(x);
        if train.trainable == Trainable::All {
            let [weight, bias] = if by_kernels {
                kernels::norm_weights_backward(x, self.kind, &gradient)
            } else {
                self.weights_backward(x, &gradient)
            };
            gradients.add(&format!("{}.weight", self.name), weight);
            if self.bias.is_some() {
                gradients.add(&format!("{}.bias", self.name), bias);
            }
        }
        if by_kernels {
            return kernels::norm_backward(x, self.kind, &self.factor(), gradient);
        }
        let dtype = gradient.dtype();
        let gradient = gradient.cast(DType::F32) * self.factor().unsqueeze();
        let (normalized, deviation) = self.normalized(x);
        let along = (gradient.clone() * normalized.clone()).mean_dim(D - 1);
        let inner = match self.kind {
            Norm::Rms { .. } => gradient - normalized * along,
            Norm::Layer { .. } => {
                let level = gradient.clone().mean_dim(D - 1);
                gradient - level - normalized * along
            }
        };
        (inner / deviation).cast(dtype)
    }

    /// [`NormLayer::backward`] of [`NormLayer::forward_heads`].
    pub(super) fn backward_heads(
        &self,
        x: &Tensor<3>,
        gradient: Tensor<3>,
        train: &TrainContext,
        gradients: &mut Gradients,
    ) -> Tensor<3> {
        let [tokens, heads, width] = x.dims();
        if self.weight.dims() == [width] {
            return self.backward(x, gradient, train, gradients);
        }
        let [x, gradient] = [x.clone(), gradient].map(|x| x.reshape([tokens, heads * width]));
        let of_rows: Tensor<2> = self.backward(&x, gradient, train, gradients);
        of_rows.reshape([tokens, heads, width])
    }

    fn weights_backward<const D: usize>(
        &self,
        x: &Tensor<D>,
        gradient: &Tensor<D>,
    ) -> [Tensor<2>; 2] {
        let width = x.dims()[D - 1];
        let rows = x.dims().iter().product::<usize>() / width;
        let gradient = gradient.clone().cast(DType::F32);
        let (normalized, _) = self.normalized(x);
        [gradient.clone() * normalized, gradient].map(|x| x.reshape([rows, width]).sum_dim(0))
    }

    /// Numbers before the weight is multiplied, and what they were divided by, in f32.
    fn normalized<const D: usize>(&self, x: &Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let x = x.clone().cast(DType::F32);
        let (x, epsilon) = match self.kind {
            Norm::Rms { epsilon, .. } => (x, epsilon),
            Norm::Layer { epsilon, .. } => {
                let mean = x.clone().mean_dim(D - 1);
                (x - mean, epsilon)
            }
        };
        let deviation = root_or_nan(x.clone().square().mean_dim(D - 1), epsilon);
        (x / deviation.clone(), deviation)
    }
}
