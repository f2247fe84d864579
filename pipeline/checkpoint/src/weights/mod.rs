//! Weights on disk: safetensors and PyTorch's `.bin`, one file or shards, read tensor by tensor.

mod checkpoint;
mod pytorch;
mod safetensors;
mod values;

pub use checkpoint::Checkpoint;
pub use safetensors::{Header, TensorEntry, parse_header};
pub use values::{Dtype, Values};
