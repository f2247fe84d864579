//! Scores models on the multiple-choice datasets: items to prompts, prompts to answers, answers to
//! predictions.

mod error;
mod items;
mod local;
mod parser;
mod pilot;
mod request;
mod run;
mod thought;

pub use clika_datasets::Question;
pub use clika_scores::predictions::LEAST_PROBABILITY;
pub use error::EvaluateError;
pub use items::TaskDataset;
pub use local::{
    AnswerMode, EncodedTurn, GenerationLimits, LocalModel, LocalSettings, ModelHashes, Spacing,
    StopConditions, Thinking, Wrapping, evaluate_local,
};
pub use parser::parse;
pub use pilot::PilotResult;
pub use request::{Api, Constraint, ItemAnswer, RequestMode, RequestOptions};
pub use run::{
    EvaluationSettings, QuestionSet, SCORING_VERSION, SetAnswers, evaluate, question_sha256,
};
pub use thought::is_cut_off;
