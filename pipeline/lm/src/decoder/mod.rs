//! A decoder-only transformer for all families, on sequences that follow each other without padding.
//!
//! # Shapes
//! `tokens` is the sum of the sequences' lengths; linear layers and norms see `[tokens, width]`. Only attention
//! looks at sequences: those of equal length after the same cache are `[sequences, heads, length, head_dim]`.

mod attention;
mod cache;
mod context;
mod forward;
mod groups;
mod kernels;
mod layer;
mod linear;
mod load;
mod lora;
mod mlp;
mod norm;
mod parameters;
mod random;
mod rotary;
mod sequence;
mod tied;
mod training;
mod write;

pub use cache::KvCache;
pub(crate) use kernels::{AdamW, adamw, is_finite, mix_bits, zeros};
pub(crate) use linear::Linear;
pub(crate) use lora::Lora;
pub use sequence::Sequence;
pub(crate) use training::{Dropout, Gradients, Sum, TrainContext, Trainable};

use crate::{AdapterConfig, Architecture, Dtype};
use burn::tensor::{DType, Device as BurnDevice, Tensor, TensorData};
use layer::Layer;
use norm::NormLayer;

/// A loaded model. A clone shares the weights.
#[derive(Clone)]
pub struct Decoder {
    architecture: Architecture,
    dtype: Dtype,
    device: BurnDevice,
    /// `[vocabulary, hidden]`
    pub(crate) embedding: Tensor<2>,
    /// Of a layer from tokens to their embeddings, whose weight is the embedding's transposed.
    pub(crate) embedding_lora: Option<Lora>,
    embedding_norm: Option<NormLayer>,
    layers: Vec<Layer>,
    norm: NormLayer,
    /// Of [`Architecture::normalized_head`] with rows of length 1.
    pub(crate) head: Linear,
    /// The lengths that the rows of a normalized head have in the checkpoint, `[vocabulary, 1]`, f32.
    pub(crate) head_lengths: Option<Tensor<2>>,
    unused: Vec<String>,
    /// Of the adapter that is on the model, where it is one as they are trained here.
    pub(crate) adapter_config: Option<AdapterConfig>,
    /// The model without the adapter that is on it, where this replaces weights.
    pub(crate) bare: Option<Box<Self>>,
    /// Whether the adapter makes embedding and head differ that the architecture ties.
    pub(crate) untied: bool,
}

impl Decoder {
    /// What the model looks like.
    pub const fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The type of weights and activations.
    pub const fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Where the weights are.
    pub const fn device(&self) -> &BurnDevice {
        &self.device
    }

    /// Whether our kernels are at work.
    pub(crate) fn on_processor(&self) -> bool {
        kernels::apply(&self.embedding)
    }

    /// Tensors of the checkpoint that the model has no use for; those that are known to be superfluous are not listed.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }
}

/// A matrix of f32 on a device, from its numbers row by row.
pub(crate) fn matrix(values: Vec<f32>, shape: [usize; 2], device: &BurnDevice) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F32))
}
