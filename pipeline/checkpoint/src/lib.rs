//! Checkpoints on disk, Hugging Face's and GGUF: configuration to an [`Architecture`], weights tensor by tensor.
//!
//! Knows nothing of what computes with them, so that it compiles in seconds and can be fuzzed.

mod architecture;
mod error;
mod families;
pub mod gguf;
mod rope;
mod settings;
pub mod tokenizer;
mod weights;

pub use architecture::{
    Activation, Architecture, Biases, LayerNorms, MlpNames, Norm, PositionEncoding, QueryKeyNorm,
    QueryKeyValue, Residual, RmsWeight, TensorNames,
};
pub use error::CheckpointError;
pub use families::{parse_architecture, read_architecture};
pub use rope::{Rope, RopePairs, RopeScaling};
pub use settings::settings_file;
pub use weights::{
    Checkpoint, Dtype, MissingWeights, SafetensorsHeader, TensorEntry, TensorValues, WeightFiles,
    WeightIndex, gguf_of, gguf_stem, parse_header, weight_files,
};
