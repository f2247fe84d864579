//! Builds the datasets and writes Parquet, a dataset card and a manifest.
//!
//! xGeo and xPeo select items from the snapshot, draw distractors and render every language, one file
//! per task. xCOPA, xCSQA and the mini sets are texts that come in parallel, one file per language.
//! Fictional worlds are drawn from a seed.

mod build;
mod builder;
mod card;
mod catalogue;
mod config;
mod distractors;
mod draw;
mod error;
mod fictional;
mod folder;
mod giveaway;
mod lines;
mod parallel;
mod parquet;
mod read;
mod render;
mod report;
mod sources;
mod text_build;
mod text_card;
mod texts;
mod xgeo;
mod xpeo;

pub use build::{Built, Outcome, Project, Sources, build, plan};
pub use builder::TASKS;
pub use catalogue::Plan;
pub use config::{
    DatasetsConfig, DistractorPolicy, EndpointConfig, EngineName, Experiment, GeoConfig,
    PeopleConfig, TranslationConfig,
};
pub use error::DatasetError;
pub use fictional::{
    BuiltWorld, Control, Direction, FictionalConfig, FictionalRow, Kind, NameSource, Names, Splits,
    World, WorldLanguages, WorldRelation, Wrong, build_fictional, check_splits, splits, syllabic,
};
pub use parallel::Parallel;
pub use read::{DatasetFolder, Items, Question, refused};
pub use render::{Row, rows};
pub use report::{Exception, Report};
pub use sources::{COPA, CSQA, Source, read_copa_xml, read_source};
pub use text_build::{Origin, TEXT_TASKS, TextRow, build_texts, mini_items};
pub use texts::{Asks, TextItem, read_copa_lines, read_csqa_lines};
