//! Reads and checks the folder `templates/`. A language is one file, and adding one needs no code.

mod error;
mod languages;

pub use error::TemplateError;
pub use languages::load_languages;
