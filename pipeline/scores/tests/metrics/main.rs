//! Formulas of scores, intervals and tests.

#![allow(clippy::unwrap_used)]

mod answers;
mod bootstrap;
mod edge;
mod properties;
mod reference;
mod scores;
mod significance;
