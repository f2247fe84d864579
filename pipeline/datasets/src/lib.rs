//! Builds the datasets and writes Parquet, a dataset card and a manifest.
//!
//! xGeo and xPeo select items from the snapshot, draw distractors and render every language, one file
//! per task. xCOPA, xCSQA and the mini sets are texts that come in parallel, one file per language.
//! Fictional worlds are drawn from a seed.

mod config;
mod draw;
mod error;
pub mod export;
mod facts;
mod fictional;
mod output;
pub mod parquet;
mod read;
mod texts;
pub mod translate;
mod whole;
pub mod wikidata;

pub use config::{
    DatasetsConfig, DistractorPolicy, EndpointConfig, EngineName, Experiment, GeoConfig,
    PeopleConfig, TranslationConfig,
};
pub use error::DatasetError;
pub use facts::{Plan, Row, Sources, build, plan, rows};
pub use fictional::{
    BuiltWorld, Control, Direction, FictionalConfig, FictionalRow, Kind, NameSource, Names, Splits,
    World, WorldLanguages, WorldRelation, Wrong, build_fictional, check_splits, splits, syllabic,
};
pub use output::{Built, Exception, Outcome, Report};
pub use read::{DatasetFolder, Items, Question};
pub use texts::{
    Asks, COPA, CSQA, Origin, Parallel, Source, TEXT_TASKS, TextItem, TextRow, build_texts,
    mini_items, read_copa_lines, read_copa_xml, read_csqa_lines, read_source,
};
pub use whole::refused;
