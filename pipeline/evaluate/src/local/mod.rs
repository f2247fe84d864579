//! Models that run here: prompts to tokens, tokens to log-probabilities or texts, these to answers.

mod ask;
mod encode;
mod model;
mod run;

pub use ask::{AnswerMode, Spacing};
pub use encode::Wrapping;
pub use model::LocalModel;
pub use run::{LocalSettings, evaluate_local};
