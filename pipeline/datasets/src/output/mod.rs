//! A dataset's folder as it is written: files that appear together, a manifest, a card, a report.

mod folder;
mod front_matter;
mod report;
mod yaml;

pub(crate) use folder::{DatasetDraft, build};
pub(crate) use front_matter::{FrontMatter, front_matter};
pub use report::{BuildReport, Exception};
pub(crate) use yaml::scalar;

use clika_base::files::Manifest;
use std::path::PathBuf;

/// The program and version, as manifests and cards name them.
pub(crate) const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));

/// What became of a dataset.
#[derive(Clone, Debug)]
pub struct BuiltDataset {
    /// The dataset's name, its folder's too: `xgeo`.
    pub name: String,
    /// The dataset's folder.
    pub folder: PathBuf,
    /// Whether it was written, or was there already.
    pub outcome: BuildOutcome,
    /// The manifest of the folder.
    pub manifest: Manifest,
}

/// Whether a dataset was written.
#[derive(Clone, Debug)]
pub enum BuildOutcome {
    /// The files were written, and this is what there is to say about them.
    Written(Box<BuildReport>),
    /// The files were there, unchanged and from the same inputs.
    UpToDate,
}
