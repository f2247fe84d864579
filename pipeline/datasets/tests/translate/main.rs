//! Translators.

mod checks;
mod coin;
mod providers;
mod runs;
