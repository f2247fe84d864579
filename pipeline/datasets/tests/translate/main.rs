//! Translators.

#![allow(clippy::unwrap_used)]

mod checks;
mod names;
mod providers;
mod runs;
