//! xGeo and xPeo: questions on cities and people, from a slice of Wikidata.

mod build;
mod builder;
mod card;
mod catalogue;
mod columns;
mod distractors;
mod giveaway;
mod render;
mod taking_part;
mod xgeo;
mod xpeo;

pub use build::{BuildInputs, build, plan};
pub use catalogue::DatasetPlan;
pub use render::{FactRow, rows};
