use super::kernels;
use crate::{Dtype, Rope, device::burn_dtype};
use burn::tensor::{Device as BurnDevice, Tensor, TensorData};

/// Rotary position embedding (RoPE): the angles of some tokens, computed once for all layers.
pub(super) struct RotaryEmbedding {
    cosines: Vec<f32>,
    sines: Vec<f32>,
    /// The same as `[tokens, 1, head_dim / 2]`, for backends without our kernels.
    tensors: Option<[Tensor<3>; 2]>,
}

impl RotaryEmbedding {
    /// The angles of the tokens `from..to` of each sequence, where `to` is its end.
    pub(super) fn new(
        rope: &Rope,
        sequences: impl Iterator<Item = (usize, usize)>,
        dtype: Dtype,
        device: &BurnDevice,
    ) -> Self {
        let (mut cosines, mut sines) = (Vec::new(), Vec::new());
        for (from, to) in sequences {
            let (cos, sin) = rope.table(from, to);
            cosines.extend(cos);
            sines.extend(sin);
        }
        let half = rope.head_dim / 2;
        let shape = [cosines.len() / half, 1, half];
        let tensor = |values: &[f32]| {
            Tensor::from_data(
                TensorData::new(values.to_vec(), shape),
                (device, burn_dtype(dtype)),
            )
        };
        let needed = dtype != Dtype::F32 || *device != BurnDevice::flex() || device.is_autodiff();
        Self {
            tensors: needed.then(|| [tensor(&cosines), tensor(&sines)]),
            cosines,
            sines,
        }
    }

    /// Rotates queries or keys by the angles of their tokens.
    ///
    /// # Shapes
    /// input and output: `[tokens, heads, head_dim]`
    pub(super) fn rotate(&self, x: Tensor<3>) -> Tensor<3> {
        let Some([cosines, sines]) = &self.tensors else {
            return kernels::rotate(x, &self.cosines, &self.sines);
        };
        rotated(x, cosines, sines)
    }

    /// The gradient of the input, from that of the rotated output.
    pub(super) fn backward(&self, x: Tensor<3>) -> Tensor<3> {
        let Some([cosines, sines]) = &self.tensors else {
            let sines: Vec<f32> = self.sines.iter().map(|sine| -sine).collect();
            return kernels::rotate(x, &self.cosines, &sines);
        };
        rotated(x, cosines, &sines.clone().neg())
    }
}

fn rotated(x: Tensor<3>, cosines: &Tensor<3>, sines: &Tensor<3>) -> Tensor<3> {
    let half = x.dims()[2] / 2;
    let first = x.clone().narrow(2, 0, half);
    let second = x.narrow(2, half, half);
    let rotated = [
        first.clone() * cosines.clone() - second.clone() * sines.clone(),
        second * cosines.clone() + first * sines.clone(),
    ];
    Tensor::cat(rotated.into(), 2)
}
