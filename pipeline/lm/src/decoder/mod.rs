//! A decoder-only transformer for all families, on sequences that lie behind each other without padding.
//!
//! # Shapes
//! `tokens` is the sum of the sequences' lengths; linear layers and norms see `[tokens, width]`. Only attention
//! looks at sequences: those of equal length behind the same cache are `[sequences, heads, length, head_dim]`.

mod attention;
mod cache;
mod kernels;
mod layer;
mod linear;
mod load;
mod mlp;
mod norm;
mod pass;
mod random;
mod rotation;
mod run;
mod spans;

pub use cache::Cache;
pub use run::Run;

use crate::{Architecture, Dtype};
use burn::tensor::{Device, Tensor};
use layer::Layer;
use linear::Linear;
use norm::NormLayer;

/// A loaded model.
pub struct Decoder {
    architecture: Architecture,
    dtype: Dtype,
    device: Device,
    /// `[vocabulary, hidden]`
    embedding: Tensor<2>,
    embedding_norm: Option<NormLayer>,
    layers: Vec<Layer>,
    norm: NormLayer,
    head: Linear,
    unused: Vec<String>,
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
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// Tensors of the checkpoint that the model has no use for; those that are known to be superfluous are not listed.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }
}
