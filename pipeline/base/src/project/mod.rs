//! The files that a project is made of: its own, and those that the program brings along.

mod built_in;
mod path;
mod unknown;

pub use built_in::BuiltIn;
pub use path::{ProjectPath, ToProjectPath};
pub use unknown::UnknownFile;

use crate::types::LanguageCode;
use std::path::PathBuf;

/// Where everything lies: the files to read, each in the project's folder or built in, and the folders to write to.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder whose files take the place of built-in ones: `sparql/`, `templates/`, `experiments/`, `reference/`.
    pub root: PathBuf,
    /// The folder of everything that is written: `artifacts`.
    pub artifacts: PathBuf,
    /// The files that the folder need not have.
    pub built_in: BuiltIn,
}

impl Project {
    /// A folder that has all files, with its outputs in `artifacts` there.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            artifacts: root.join("artifacts"),
            root,
            built_in: BuiltIn::NONE,
        }
    }

    /// What a project's folder holds one of, at least.
    pub const FOLDERS: [&str; 4] = ["templates", "sparql", "experiments", "reference/paper"];

    /// Whether the project's folder holds a folder of clika's.
    pub fn has_folder(&self) -> bool {
        let mut folders = Self::FOLDERS.iter();
        folders.any(|folder| self.root.join(folder).is_dir())
    }

    /// Whether the folder has everything, as `clika init` and the source have it: then it lists its languages and their items
    /// itself, so that one is left out by removing its file. A folder with less adds to the built-in ones.
    pub fn is_whole(&self) -> bool {
        let mut folders = ["templates/languages", "sparql", "experiments"].into_iter();
        folders.all(|folder| self.root.join(folder).is_dir())
    }

    /// A file, by its name from the project's folder.
    pub fn file(&self, name: &str) -> ProjectPath {
        ProjectPath::new(&self.root, name, (self.built_in, self.is_whole()))
    }

    /// The language files.
    pub fn languages(&self) -> ProjectPath {
        self.file("templates/languages")
    }

    /// A language's file, in whatever case its name is written: `de-at.toml` for `de-AT`.
    pub fn language(&self, code: &LanguageCode) -> ProjectPath {
        self.languages().join(format!("{code}.toml"))
    }

    /// The SELECT queries of the build.
    pub fn build_queries(&self) -> ProjectPath {
        self.file("sparql/build")
    }

    /// The CONSTRUCT queries of the refresh.
    pub fn refresh_queries(&self) -> ProjectPath {
        self.file("sparql/refresh")
    }

    /// The shipped or refreshed slice of Wikidata.
    pub fn snapshot(&self) -> ProjectPath {
        self.file("sparql/snapshot/wikidata.ttl")
    }

    /// The experiment that builds the datasets.
    pub fn experiment(&self) -> ProjectPath {
        self.file("experiments/datasets.toml")
    }

    /// The grids of the paper's tables.
    pub fn grids(&self) -> ProjectPath {
        self.file("experiments/grids")
    }

    /// Where the folders of grids go.
    pub fn grid(&self) -> PathBuf {
        self.artifacts.join("grid")
    }

    /// The items that were written for the project.
    pub fn items(&self) -> ProjectPath {
        self.file("templates/items")
    }

    /// Instruction formats.
    pub fn prompts(&self) -> ProjectPath {
        self.file("templates/prompts")
    }

    /// How texts are wrapped for models.
    pub fn formats(&self) -> ProjectPath {
        self.file("templates/formats")
    }

    /// Which languages are related, for figures.
    pub fn families(&self) -> ProjectPath {
        self.file("templates/report/families.toml")
    }

    /// The report.
    pub fn report(&self) -> PathBuf {
        self.artifacts.join("report")
    }

    /// What fictional worlds are made of.
    pub fn fictional(&self) -> ProjectPath {
        self.file("templates/fictional")
    }

    /// Downloaded sources.
    pub fn source_cache(&self) -> PathBuf {
        self.artifacts.join("cache/sources")
    }

    /// Kept answers of paid services.
    pub fn api_cache(&self) -> PathBuf {
        self.artifacts.join("cache/api")
    }

    /// Answers of models that run here.
    pub fn local_cache(&self) -> PathBuf {
        self.artifacts.join("cache/models")
    }

    /// Where predictions go.
    pub fn predictions(&self) -> PathBuf {
        self.artifacts.join("predictions")
    }

    /// The scores of a model's revisions.
    pub fn learning_curve(&self, model: &str) -> PathBuf {
        let file = format!("{}.csv", model.replace(['/', ':'], "--"));
        self.artifacts.join("learning-curves").join(file)
    }

    /// The paper's printed numbers.
    pub fn paper(&self) -> ProjectPath {
        self.file("reference/paper")
    }

    /// Where datasets go.
    pub fn datasets(&self) -> PathBuf {
        self.artifacts.join("datasets")
    }

    /// The experiment that fine-tunes.
    pub fn finetune_experiment(&self) -> ProjectPath {
        self.file("experiments/finetune.toml")
    }

    /// The experiment file of `--model demo`.
    pub fn demo_experiment(&self) -> ProjectPath {
        self.file("experiments/demo.toml")
    }

    /// Where the demo's models are kept.
    pub fn demo(&self) -> PathBuf {
        self.artifacts.join("cache/demo")
    }

    /// Where fine-tuned models go.
    pub fn finetune(&self) -> PathBuf {
        self.artifacts.join("finetune")
    }

    /// Where exports for other programs go.
    pub fn exports(&self) -> PathBuf {
        self.artifacts.join("exports")
    }

    /// The raw answers of the endpoint.
    pub fn sparql_cache(&self) -> PathBuf {
        self.artifacts.join("cache/sparql")
    }

    /// A path as the manifest writes it: from the project's folder, if it lies there or is built in.
    pub fn relative(&self, path: &ProjectPath) -> String {
        path.name_in(&self.root)
    }
}
