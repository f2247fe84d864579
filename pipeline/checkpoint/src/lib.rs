//! Hugging Face's checkpoints on disk: `config.json` to an [`Architecture`], weights tensor by tensor.
//!
//! Knows nothing of what computes with them, so that it compiles in seconds and can be fuzzed.

mod architecture;
mod error;
mod families;
mod rope;
pub mod tokenizer;
mod weights;

pub use architecture::{
    Activation, Architecture, Biases, MlpNames, Norm, PositionEncoding, QueryKeyValue, TensorNames,
};
pub use error::CheckpointError;
pub use families::{parse_architecture, read_architecture};
pub use rope::{Rope, RopeScaling};
pub use weights::{
    Checkpoint, Dtype, MissingWeights, SafetensorsHeader, TensorEntry, TensorValues, WeightFiles,
    WeightIndex, parse_header, weight_files,
};
