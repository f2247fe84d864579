//! What every stage uses: types, the project's folders, the environment, files that appear whole or not at all, templates,
//! and how texts are compared.

mod environment;
pub mod files;
mod project;
pub mod templates;
pub mod text;
pub mod types;

pub use environment::variable;
pub use project::Project;
