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
    DatasetsConfig, DistractorPolicy, EndpointConfig, ExperimentFile, GeoConfig, PeopleConfig,
    TranslationConfig, TranslationEngine,
};
pub use error::DatasetError;
pub use facts::{BuildInputs, DatasetPlan, FactRow, build, plan, rows};
pub use fictional::{
    BuiltWorld, Control, FictionalConfig, FictionalRow, NameSource, RowFault, RowKind, Splits,
    TranslationDirection, World, WorldLanguages, WorldNames, WorldRelation, build_fictional,
    check_splits, splits, syllabic,
};
pub use output::{BuildOutcome, BuildReport, BuiltDataset, Exception};
pub use read::{DatasetFolder, LanguageItems, Question};
pub use texts::{
    COPA, CSQA, CopaQuestion, DownloadedFile, ParallelTexts, TEXT_TASKS, TextItem, TextOrigin,
    TextRow, build_texts, mini_items, read_copa_xml, read_source,
};
pub use whole::refused;
