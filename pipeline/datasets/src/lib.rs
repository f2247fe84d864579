//! Builds the datasets and writes Parquet, a dataset card and a manifest.
//!
//! `registry.rs` says what there is to know about a dataset, and `sets/` has a folder for each. Datasets of facts select items
//! from the snapshot, draw wrong choices and write every language. Those of texts come in parallel, one file a language.
//! Fictional worlds are drawn from a seed.

mod config;
mod draw;
mod error;
pub mod export;
mod facts;
mod fictional;
mod languages;
mod output;
pub mod parquet;
mod read;
mod registry;
mod sets;
mod shots;
mod texts;
pub mod translate;
mod whole;
pub mod wikidata;

pub use config::{
    DatasetsConfig, DistractorPolicy, EndpointConfig, ExperimentFile, TranslationConfig,
    TranslationEngine,
};
pub use error::DatasetError;
pub use facts::{
    BuildInputs, Choice, DatasetPlan, FactColumns, FactRow, FactsDataset, Item, Names, build, plan,
    rows,
};
pub use fictional::{
    BuiltWorld, Control, FictionalConfig, FictionalRow, NameSource, RowFault, RowKind, Splits,
    TranslationDirection, World, WorldLanguages, WorldNames, WorldRelation, build_fictional,
    check_splits, splits, syllabic,
};
pub use languages::{load_languages, load_sound_languages, min_population};
pub use output::{BuildOutcome, BuildReport, BuiltDataset, Exception};
pub use read::{DatasetFolder, ItemFile, LanguageItems, Question};
pub use registry::{
    AskedFact, Dataset, DatasetKind, Knowledge, ReleaseClusters, ReleaseFiles, ReleaseLines, Task,
    language_sections,
};
pub use sets::{COPA, CSQA, read_copa_xml};
pub use shots::{ShotPlan, Shots};
pub use texts::{
    CopaQuestion, DownloadedFile, ParallelTexts, TextItem, TextOrigin, TextRow, TextsDataset,
    TextsOrigin, TextsSource, build_texts, mini_items, read_source,
};
pub use whole::refused;
