//! Translators.

#![allow(clippy::unwrap_used)]

mod checks;
mod libretranslate;
mod names;
mod providers;
mod runs;
