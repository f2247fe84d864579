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

use crate::{ShotPlan, Shots};
use clika_base::templates::PromptTemplate;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A program that reads an export. Each has a file, and its line in [`EXPORTERS`].
pub struct Exporter {
    /// Its name on the command line and the export's folder: `lm-eval`.
    pub name: &'static str,
    /// What it gets, for the help.
    pub about: &'static str,
    /// Why it shows no exemplars; `None` for one that does.
    pub without_exemplars: Option<&'static str>,
    /// Writes datasets into a folder.
    pub write: fn(&[ExportedDataset], &ExportOptions, &Path) -> Result<Export, ExportError>,
}

/// Every program.
pub static EXPORTERS: &[&Exporter] = &[&lm_eval::EXPORTER, &llama_factory::EXPORTER];

/// How items with lettered choices are prompted.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// The template.
    pub prompt: PromptTemplate,
    /// Its name.
    pub prompt_name: String,
    /// The answered items before each.
    pub shots: Option<Shots>,
}

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
