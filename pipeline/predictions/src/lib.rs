//! Recorded answers of models: our own Parquet format, and importers for the paper's release and
//! for lm-evaluation-harness.

mod collection;
mod error;
mod folder;
mod harness;
mod jsonl;
mod parquet;
mod release;

pub use collection::{Collection, Key, Prediction};
pub use error::PredictionError;
