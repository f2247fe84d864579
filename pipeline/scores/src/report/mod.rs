//! Scores, tables and comparisons from recorded predictions.

mod compare;
mod error;
mod expression;
mod groups;
mod panel;
mod paper;
mod reproduce;
mod rule;
mod scores;
mod text;

pub use compare::{Comparison, ComparisonRow, OtherScoring, Run, Unshared, compare};
pub use error::ReportError;
pub use groups::GroupScore;
pub use panel::{IntervalKind, Uncertainty};
pub use paper::Paper;
pub use reproduce::{Cell, Counts, Reproduction, Summary, reproduce};
pub use scores::Score;
