//! Fictional worlds: coined places in coined continents, and what a model is taught and asked about them.
//!
//! [`WorldNames`] come from syllables or from a language model; a [`World`] says which place lies where; the
//! rows of a language pair follow from both. Everything is a pure function of names, templates and seed.

mod build;
mod card;
mod check;
mod columns;
mod config;
mod leaks;
mod names;
mod read;
mod rows;
mod stems;
mod world;

use crate::registry::{
    Dataset, DatasetKind, Knowledge, ReleaseClusters, ReleaseFiles, ReleaseLines,
};

/// The dataset of fictional worlds.
pub(crate) static DATASET: Dataset = Dataset {
    name: "fictional",
    title: "Fictional",
    content: "made-up places and the continents they lie in",
    knowledge: Knowledge::Fictional,
    kind: DatasetKind::World,
    release: Some(ReleaseFiles {
        folder: "fictional",
        file: "validation.jsonl",
        lines: ReleaseLines::World,
        clusters: ReleaseClusters::Each,
    }),
};

pub use build::{WorldLanguages, build_fictional};
pub use check::{RowFault, check_splits};
pub use config::{Control, FictionalConfig, NameSource, TranslationDirection, WorldRelation};
pub use names::{WorldNames, syllabic};
pub use read::BuiltWorld;
pub use rows::{FictionalRow, RowKind, Splits, splits};
pub use world::World;
