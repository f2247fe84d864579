use super::kernels;
use crate::{Dtype, Rope, RopePairs, device::burn_dtype};
use burn::tensor::{Device as BurnDevice, Tensor, TensorData};

/// Rotary position embedding (RoPE): the angles of some tokens, computed once for all layers.
pub(super) struct RotaryEmbedding {
    pairs: RopePairs,
    cosines: Vec<f32>,
    sines: Vec<f32>,
    /// The same as `[tokens, 1, width / 2]`, for backends without our kernels.
    tensors: Option<[Tensor<3>; 2]>,
}

impl RotaryEmbedding {
    /// The angles of the tokens `from..to` of each sequence, where `to` is its end.
    pub(super) fn new(
        rope: &Rope,
        sequences: &[(usize, usize)],
        dtype: Dtype,
        device: &BurnDevice,
    ) -> Self {
        let (mut cosines, mut sines) = (Vec::new(), Vec::new());
        for &(from, to) in sequences {
            let (cos, sin) = rope.table(from, to);
            cosines.extend(cos);
            sines.extend(sin);
        }
        let half = rope.width / 2;
        let shape = [cosines.len() / half, 1, half];
        let tensor = |values: &[f32]| {
            Tensor::from_data(
                TensorData::new(values.to_vec(), shape),
                (device, burn_dtype(dtype)),
            )
        };
        let needed = dtype != Dtype::F32 || *device != BurnDevice::flex() || device.is_autodiff();
        Self {
            pairs: rope.pairs,
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
            return kernels::rotate(x, self.pairs, &self.cosines, &self.sines);
        };
        rotated(x, self.pairs, cosines, sines)
    }

    /// The gradient of the input, from that of the rotated output.
    pub(super) fn backward(&self, x: Tensor<3>) -> Tensor<3> {
        let Some([cosines, sines]) = &self.tensors else {
            let sines: Vec<f32> = self.sines.iter().map(|sine| -sine).collect();
            return kernels::rotate(x, self.pairs, &self.cosines, &sines);
        };
        rotated(x, self.pairs, cosines, &sines.clone().neg())
    }
}

fn rotated(x: Tensor<3>, pairs: RopePairs, cosines: &Tensor<3>, sines: &Tensor<3>) -> Tensor<3> {
    let [tokens, heads, head_dim] = x.dims();
    let [_, _, half] = cosines.dims();
    let width = 2 * half;
    let turned = x.clone().narrow(2, 0, width);
    let (first, second) = match pairs {
        RopePairs::Halves => (
            turned.clone().narrow(2, 0, half),
            turned.narrow(2, half, half),
        ),
        RopePairs::Neighbours => {
            let pairs = turned.reshape([tokens, heads, half, 2]);
            let of = |which| pairs.clone().narrow(3, which, 1).squeeze_dim::<3>(3);
            (of(0), of(1))
        }
    };
    let rotated = [
        first.clone() * cosines.clone() - second.clone() * sines.clone(),
        second * cosines.clone() + first * sines.clone(),
    ];
    let rotated = match pairs {
        RopePairs::Halves => Tensor::cat(rotated.into(), 2),
        RopePairs::Neighbours => {
            let pairs = rotated.map(|x| x.unsqueeze_dim::<4>(3));
            Tensor::cat(pairs.into(), 3).reshape([tokens, heads, width])
        }
    };
    if width == head_dim {
        return rotated;
    }
    Tensor::cat(vec![rotated, x.narrow(2, width, head_dim - width)], 2)
}
