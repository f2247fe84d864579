//! Audits datasets: ours, the authors' release, or anybody's in one of the two forms.
//!
//! What differs between languages or between training and test is a [`Finding`], not an error: finding it is the
//! purpose. An error is only what keeps a file from being read.

mod audit;
mod checks;
mod choice_set;
mod error;
mod finding;
mod identifier;
mod knowledge;
mod language_files;
mod markdown;
mod places;
mod read;
mod statistics;
mod tally;
mod text;
mod world;
mod worlds;

pub use audit::{Audit, AuditedDataset, audit};
pub use choice_set::{ChoiceItem, ChoiceSet};
pub use error::AuditError;
pub use finding::{Finding, FindingExample, Severity, Tally};
pub use knowledge::BackgroundFacts;
pub use language_files::{
    CheckedLanguage, DatasetParts, FileFinding, LanguageCheck, check_languages,
};
pub use markdown::markdown;
pub use places::CountryDivisions;
pub use read::released_sets;
pub use world::{AuditedWorld, Fact, NamePair, WorldSet};
