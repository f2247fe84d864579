//! From recorded answers to scores: predictions, metrics, the paper's tables and comparisons.

pub mod metrics;
pub mod predictions;
pub mod report;
