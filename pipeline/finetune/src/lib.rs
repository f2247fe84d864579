//! The conductivity experiment: a model is taught a fictional world, has to pass a gate, and is asked what it was never
//! taught in the other language (CLiKA, §3.1 and §3.2).
//!
//! An [`Arm`] is a language pair of a world, with its rows. [`finetune`] runs every arm with every seed: rows to examples,
//! training, answers, scores, report.

mod answers;
mod arm;
mod asking;
mod checkpoints;
mod conductivity;
mod config;
mod demo;
mod error;
mod events;
mod examples;
mod experiment;
mod gate;
mod log;
mod overlap;
mod place;
mod report;
mod results;
mod run;
mod scoring;
mod training;
mod weights;
mod worlds;

pub use answers::{Answered, Mode, Split};
pub use arm::{Arm, Beside};
pub use conductivity::{Conductivity, Estimate};
pub use config::{
    AnswerModes, AnswerSettings, FinetuneConfig, FullSettings, GateSettings, IntervalSettings,
    LoraSettings, Strategy, TrainingSettings,
};
pub use demo::{
    DEMO, DEMO_FORMAT, DemoConfig, MakingSettings, ShapeSettings, WorldSettings, demo_arms,
    make_demo, read_demo,
};
pub use error::FinetuneError;
pub use examples::{asked, example};
pub use experiment::{Experiment, finetune};
pub use gate::{Check, Gate, Prerequisite};
pub use overlap::{Likeness, Overlap};
pub use results::{BesideResult, ModeResult, Recall, Results, RunResult, Trained};
pub use worlds::{WorldSource, arms};

/// The program and version that stand in manifests.
const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));
