//! Weights on disk: safetensors and PyTorch's `.bin` and GGUF, one file or shards, read tensor by tensor.

mod changes;
mod checkpoint;
mod files;
mod pytorch;
mod safetensors;
mod stored;
mod values;

pub use checkpoint::Checkpoint;
pub use files::{MissingWeights, WeightFiles, WeightIndex, gguf_of, gguf_stem, weight_files};
pub(crate) use files::{gguf_parts, names};
pub use safetensors::{SafetensorsHeader, TensorEntry, parse_header};
pub use values::{Dtype, TensorValues};
