//! Templates of the repository, and what a typo can break in them.

#![allow(clippy::unwrap_used)]

mod fictional;
mod formats;
mod languages;
