//! Templates of the repository, and what a typo can break in them.

mod fictional;
mod formats;
mod languages;
