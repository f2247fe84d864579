//! What every stage uses: types, the project's folders, files that appear whole or not at all, templates.

pub mod files;
mod project;
pub mod templates;
pub mod types;

pub use project::Project;
