//! Recorded answers of models: our own Parquet format, and importers for the paper's release and
//! for lm-evaluation-harness.

mod align;
mod collection;
mod error;
mod exemplars;
mod folder;
mod harness;
mod identity;
mod jsonl;
mod parquet;
mod release;
mod runs;

pub use collection::{Collection, Prediction, PredictionKey, is_model_name};
pub use error::PredictionError;
pub(crate) use exemplars::{set_aside, shots_of};
pub use identity::item_sha256;
pub(crate) use runs::other_questions;
pub use runs::{
    LEAST_PROBABILITY, OneLetter, difference, one_letter, one_letter_answers, other_dataset,
    weak_letters,
};
