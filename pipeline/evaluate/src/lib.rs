//! Scores models on the multiple-choice datasets: items to prompts, prompts to answers, answers to
//! predictions.

mod error;
mod items;
mod local;
mod mode;
mod parser;
mod pilot;
mod run;
mod thought;

pub use clika_datasets::Question;
pub use clika_scores::predictions::LEAST_PROBABILITY;
pub use error::EvaluateError;
pub use items::Dataset;
pub use local::{
    AnswerMode, Ends, Hashes, LocalModel, LocalSettings, Spacing, Thinking, Turn, Wrapping,
    Writing, evaluate_local,
};
pub use mode::{Api, Asked, Constraint, Mode, Wish};
pub use parser::parse;
pub use pilot::Way;
pub use run::{Answers, SCORING_VERSION, Set, Settings, evaluate, question_sha256};
pub use thought::is_cut_off;
