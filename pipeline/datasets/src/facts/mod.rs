//! What all datasets of questions on entities of Wikidata share: build, card, columns, rows.

mod build;
mod card;
mod catalogue;
mod columns;
mod dataset;
mod giveaway;
mod item;
mod render;
mod taking_part;

pub use build::{BuildInputs, build, plan};
pub use catalogue::DatasetPlan;
pub(crate) use catalogue::{Catalogue, DrawnDistractors};
pub use dataset::{FactColumns, FactsDataset, Names};
pub(crate) use giveaway::PlaceNames;
pub use item::{Choice, Item};
pub use render::{FactRow, rows};
