//! Scores models on the multiple-choice datasets: items to prompts, prompts to answers, answers to
//! predictions.

mod error;
mod items;
mod local;
mod mode;
mod parser;
mod run;

pub use error::EvaluateError;
pub use items::{Question, languages, read_dataset};
pub use local::{
    AnswerMode, LocalModel, LocalSettings, Spacing, Turn, Wrapping, Writing, evaluate_local,
};
pub use mode::{Api, Asked, Constraint, Mode, Wish};
pub use parser::parse;
pub use run::{Answers, Set, Settings, evaluate};
