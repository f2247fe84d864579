//! The conductivity experiment: a model is taught a fictional world, has to pass a gate, and is asked what it was never
//! taught in the other language (CLiKA, §3.1 and §3.2).
//!
//! A [`LanguagePair`] is a world in two languages, with its rows. [`finetune`] runs every pair with every seed: rows to
//! examples, training, answers, scores, report.

mod answer_record;
mod checkpoints;
mod conductivity;
mod config;
mod demo;
mod error;
mod events;
mod examples;
mod experiment;
mod gate;
mod language_pair;
mod log;
mod overlap;
mod recorded;
mod report;
mod results;
mod row_evaluator;
mod run;
mod same_model;
mod scoring;
mod training;
mod weights;
mod worlds;

pub use answer_record::{AnswerMethod, AnswerRecord, Split};
pub use conductivity::{Conductivity, ScoreEstimate};
pub use config::{
    AnswerMethods, AnswerSettings, FinetuneConfig, FullSettings, GateSettings, IntervalSettings,
    LoraSettings, Strategy, TrainingSettings,
};
pub use demo::{
    DEMO, DEMO_FORMAT, DemoConfig, MakingSettings, ShapeSettings, WorldSettings,
    demo_language_pairs, make_demo, read_demo,
};
pub use error::FinetuneError;
pub use examples::{example, row_prompt};
pub use experiment::{Experiment, finetune};
pub use gate::{Gate, GateCheck, Prerequisite};
pub use language_pair::{ControlTest, LanguagePair};
pub use log::LogLine;
pub(crate) use overlap::similarity;
pub use overlap::{NameOverlap, NameSimilarity};
pub use recorded::{RecordedExperiment, RecordedRun};
pub use results::{
    AnswerMethodResult, ControlTestResult, ExperimentResults, Recall, RunResult, TrainingSummary,
    WrittenAnswer,
};
pub use worlds::{WorldSource, language_pairs};

/// The program and version, as manifests name them.
const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));
