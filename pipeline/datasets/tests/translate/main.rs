//! Translators.

mod checks;
mod names;
mod providers;
mod runs;
