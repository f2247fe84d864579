//! Models that run here: prompts to tokens, tokens to log-probabilities or texts, these to answers.

mod encode;
mod generate;
mod generation_defaults;
mod kept_answers;
mod model;
mod query;
mod run;
mod stop;
mod thinking;

pub use encode::{EncodedTurn, Wrapping};
pub use generate::GenerationLimits;
pub use kept_answers::KeptAnswers;
pub use model::{LocalModel, ModelHashes};
pub use query::{AnswerMode, Spacing};
pub use run::{LocalSettings, evaluate_local};
pub use stop::StopConditions;
pub use thinking::Thinking;
