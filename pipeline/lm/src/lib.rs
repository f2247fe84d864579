//! Causal language models in burn: Hugging Face's checkpoints, on a processor or a GPU chosen at run time.

mod adapter;
#[cfg(feature = "cuda")]
mod cuda;
mod decoder;
mod device;
mod error;
mod files;
mod functions;
mod generate;
mod guard;
mod matmul_check;
mod memory;
mod prefix;
mod probabilities;
mod score;
mod score_tree;
mod score_whole;
mod simd;
mod train;
mod tree;
#[cfg(feature = "wgpu")]
mod vulkan;

pub use adapter::{
    Adapter, AdapterConfig, AdapterField, FIELDS as ADAPTER_FIELDS, FieldSupport, LoraConfig,
    LoraTargets, ModuleSelection,
};
use clika_checkpoint::{
    Activation, MlpNames, Norm, QueryKeyNorm, QueryKeyValue, Residual, RmsWeight, Rope, RopePairs,
    TensorNames,
};
pub use clika_checkpoint::{Architecture, Checkpoint, CheckpointError, Dtype, read_architecture};
pub use decoder::{Decoder, KvCache, Sequence};
pub use device::{Device, DeviceChoice, devices, missing_features};
pub use error::LmError;
pub use generate::{GenerationConfig, Generator};
pub use guard::panics_are_errors;
pub use memory::{InferenceMode, MemoryEstimate, Workload, report_memory};
pub use probabilities::LogProbabilities;
pub use score::{Scorer, ScoringRequest};
pub use train::{Trainer, TrainingConfig, TrainingExample, TrainingStep};
