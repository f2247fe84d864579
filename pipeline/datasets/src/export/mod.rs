//! Our datasets in the forms that other programs read unchanged: lm-evaluation-harness and LLaMA-Factory.
//!
//! An export is a folder that stands on its own: it holds the data, names them by relative paths, and may be
//! moved.

mod datasets;
mod error;
mod few_shot;
mod llama_factory;
mod lm_eval;

pub use datasets::{ExportedDataset, find};
pub use error::ExportError;
pub use llama_factory::llama_factory;
pub use lm_eval::lm_eval;

use crate::ShotPlan;
use std::{collections::BTreeMap, path::PathBuf};

/// An export that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The folder.
    pub folder: PathBuf,
    /// Names that the other program knows the data by, with the number of their rows.
    pub entries: Vec<(String, usize)>,
    /// Where exemplars are shown, those of each dataset; `None` of one whose questions have no choices with letters.
    pub exemplars: BTreeMap<String, Option<ShotPlan>>,
}

/// The program and version, as manifests name them.
const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));
