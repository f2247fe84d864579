//! Models that run here: prompts to tokens, tokens to log-probabilities or texts, these to answers.

mod ask;
mod encode;
mod ends;
mod generation;
mod model;
mod run;
mod thinking;
mod write;

pub use ask::{AnswerMode, Spacing};
pub use encode::{Turn, Wrapping};
pub use ends::Ends;
pub use model::{Hashes, LocalModel};
pub use run::{LocalSettings, evaluate_local};
pub use thinking::Thinking;
pub use write::Writing;
