//! Scores, tables and comparisons from recorded predictions.

mod compare;
mod error;
mod expression;
mod groups;
mod paper;
mod reproduce;
mod rule;
mod scores;
mod share_table;
mod text;

pub use compare::{
    ComparedRun, Comparison, ComparisonRow, LeftOutItems, OtherScoring, UnsharedTask, compare,
};
pub use error::ReportError;
pub use groups::GroupScore;
pub use paper::{Metric, Paper, PaperModel, PaperRow, PaperTable, TaskGroup, Unit, ValueKind};
pub use reproduce::{CellCounts, CellSummary, PaperCell, Reproduction, reproduce};
pub use scores::Score;
pub use share_table::{IntervalKind, Uncertainty};
pub use text::INTERVAL_RULE;
