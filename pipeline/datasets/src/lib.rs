//! Builds the datasets: selects items from the snapshot, draws distractors, renders every language
//! and writes Parquet, a dataset card and a manifest. One file per task.

mod build;
mod builder;
mod card;
mod catalogue;
mod config;
mod distractors;
mod draw;
mod error;
mod giveaway;
mod parquet;
mod render;
mod report;
mod xgeo;
mod xpeo;

pub use build::{Built, Outcome, Project, Sources, build, plan};
pub use builder::TASKS;
pub use catalogue::Plan;
pub use config::{
    DatasetsConfig, DistractorPolicy, EndpointConfig, Experiment, GeoConfig, PeopleConfig,
};
pub use error::DatasetError;
pub use render::{Row, rows};
pub use report::{Exception, Report};
