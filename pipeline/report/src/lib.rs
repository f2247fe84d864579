//! Scores, tables and comparisons from recorded predictions.

mod compare;
mod error;
mod expression;
mod panel;
mod paper;
mod reproduce;
mod scores;
mod text;

pub use compare::{Comparison, ComparisonRow, Run, compare};
pub use error::ReportError;
pub use panel::{IntervalKind, Uncertainty};
pub use paper::Paper;
pub use reproduce::{Cell, Reproduction, Summary, reproduce};
pub use scores::Score;
