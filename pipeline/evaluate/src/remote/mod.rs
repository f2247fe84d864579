//! Models at endpoints: how one is asked, found out by a pilot, and its answers.

mod pilot;
mod request;
mod run;

pub use pilot::PilotResult;
pub use request::{Api, Constraint, ItemAnswer, RequestMode, RequestOptions};
pub use run::{RemoteAnswers, evaluate_remote};
