//! Scores models on the multiple-choice datasets: items to prompts, prompts to answers, answers to
//! predictions.

mod error;
mod items;
mod local;
mod parser;
mod questions;
mod remote;
mod set_questions;
mod thought;

pub use clika_datasets::Question;
pub use clika_scores::predictions::LEAST_PROBABILITY;
pub use error::EvaluateError;
pub use items::TaskDataset;
pub use local::{
    AnswerMode, EncodedTurn, GenerationLimits, KeptAnswers, LocalModel, LocalSettings, ModelHashes,
    Spacing, StopConditions, Thinking, Wrapping, evaluate_local,
};
pub use parser::AnswerReader;
pub use questions::{
    EvaluationSettings, QuestionSet, SCORING_VERSION, SetAnswers, question_sha256,
};
pub use remote::{
    Api, Constraint, ItemAnswer, PilotResult, RemoteAnswers, RequestMode, RequestOptions,
    evaluate_remote,
};
pub use set_questions::SetQuestions;
pub use thought::is_cut_off;
