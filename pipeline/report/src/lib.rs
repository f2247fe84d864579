//! The report: recorded answers, fine-tuning runs and audits as one page that opens without a network, and as files for a
//! paper.
//!
//! [`write_report`] reads the folders ([`Inputs`]), makes tables and figures of them, and writes `report.html`, an SVG and
//! the numbers of every figure, and every table as CSV, Markdown and LaTeX. Scores, intervals and tests are those of
//! `clika-scores`: nothing is computed here that another command would compute otherwise.

mod browser;
mod error;
mod families;
pub mod figures;
mod page;
mod plots;
mod provenance;
mod sources;
mod summary;
mod tables;
mod write;

pub use error::ReportError;
pub use families::{LanguageFamily, read_families};
pub use sources::{Inputs, LabelledFolder, experiments_in};
pub use tables::{Cell, Column, Estimate, Table};
pub use write::{WrittenReport, write_report};
