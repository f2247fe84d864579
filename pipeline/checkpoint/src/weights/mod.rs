//! Weights on disk: safetensors and PyTorch's `.bin`, one file or shards, read tensor by tensor.

mod checkpoint;
mod files;
mod pytorch;
mod safetensors;
mod stored;
mod values;

pub use checkpoint::Checkpoint;
pub use files::{MissingWeights, WeightFiles, WeightIndex, weight_files};
pub use safetensors::{SafetensorsHeader, TensorEntry, parse_header};
pub use values::{Dtype, TensorValues};
