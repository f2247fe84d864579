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
mod segment;
mod sequence;
mod tied;
mod training;
mod weight;
mod write;

pub use cache::KvCache;
pub(crate) use forward::PART_TOKENS;
pub(crate) use kernels::{AdamW, adamw, is_finite, mix_bits, zeros};
pub(crate) use linear::Linear;
pub(crate) use lora::Lora;
pub use sequence::Sequence;
pub(crate) use training::{DeferredSum, Dropout, Gradients, TrainContext, Trainable};
pub(crate) use weight::Weight;

use crate::{AdapterConfig, Architecture, Dtype};
use burn::tensor::{DType, Device as BurnDevice, Tensor, TensorData};
use layer::Layer;
use norm::NormLayer;

/// A causal language model in memory: its weights and the adapter on it. A clone shares the weights.
#[derive(Clone)]
pub struct Decoder {
    architecture: Architecture,
    dtype: Dtype,
    device: BurnDevice,
    /// `[vocabulary, hidden]`
    pub(crate) embedding: Weight,
    /// The LoRA module of the embedding, taken as a linear layer whose weight is the embedding's transposed.
    pub(crate) embedding_lora: Option<Lora>,
    embedding_norm: Option<NormLayer>,
    layers: Vec<Layer>,
    norm: NormLayer,
    /// The output matrix; with [`Architecture::normalized_head`] its rows have length 1.
    pub(crate) head: Linear,
    /// The lengths that the rows of a normalized head have in the checkpoint, `[vocabulary, 1]`, f32.
    pub(crate) head_lengths: Option<Tensor<2>>,
    unused: Vec<String>,
    /// The configuration of the adapter on the model, if it only adds low-rank updates to linear layers.
    pub(crate) adapter_config: Option<AdapterConfig>,
    /// The model without its adapter, if the adapter replaces weights.
    pub(crate) without_adapter: Option<Box<Self>>,
    /// Whether the adapter makes embedding and head differ although the architecture ties them.
    pub(crate) untied: bool,
}

impl Decoder {
    /// The sizes and kinds of layers of the model.
    pub const fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The type of weights and activations.
    pub const fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Burn's handle of the device that the weights are on.
    pub const fn device(&self) -> &BurnDevice {
        &self.device
    }

    /// Whether the model runs by our kernels.
    pub(crate) fn on_processor(&self) -> bool {
        kernels::supports(&self.norm.weight)
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
