//! What every stage uses: types, the project's folders, the environment, files that appear whole or not at all, templates,
//! how texts are compared, and what CLDR knows about languages.

pub mod cldr;
mod environment;
pub mod files;
mod project;
mod section;
pub mod templates;
pub mod text;
mod toml_file;
pub mod types;

pub use environment::variable;
pub use project::{BuiltIn, Project, ProjectPath, ToProjectPath, UnknownFile};
pub use section::{KeySpec, Section, SectionSpec, ValueSpec};
pub use toml_file::{
    TomlProblem, TomlText, known_names, nearest, parse_toml, parse_toml_with, toml_texts,
};
