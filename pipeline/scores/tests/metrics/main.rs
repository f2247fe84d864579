//! Formulas of scores, intervals and tests.

mod answers;
mod bootstrap;
mod properties;
mod reference;
mod scores;
mod significance;
