use crate::types::LanguageCode;
use std::path::{Path, PathBuf};

/// The project's folder and where things lie in it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `sparql/` and `templates/`.
    pub root: PathBuf,
}

impl Project {
    /// The language files.
    pub fn languages(&self) -> PathBuf {
        self.root.join("templates/languages")
    }

    /// A language's file, however its name is spelled: `de-at.toml` for `de-AT`.
    pub fn language(&self, code: &LanguageCode) -> PathBuf {
        let folder = self.languages();
        let usual = folder.join(format!("{code}.toml"));
        if usual.exists() {
            return usual;
        }
        let is_named = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|it| it.eq_ignore_ascii_case(&format!("{code}.toml")))
        };
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut paths = entries.map(|entry| entry.path());
        paths.find(is_named).unwrap_or(usual)
    }

    /// The SELECT queries of the build.
    pub fn build_queries(&self) -> PathBuf {
        self.root.join("sparql/build")
    }

    /// The CONSTRUCT queries of the refresh.
    pub fn refresh_queries(&self) -> PathBuf {
        self.root.join("sparql/refresh")
    }

    /// The shipped or refreshed slice of Wikidata.
    pub fn snapshot(&self) -> PathBuf {
        self.root.join("sparql/snapshot/wikidata.ttl")
    }

    /// The experiment that builds the datasets.
    pub fn experiment(&self) -> PathBuf {
        self.root.join("experiments/datasets.toml")
    }

    /// The items that were written for the project.
    pub fn items(&self) -> PathBuf {
        self.root.join("templates/items")
    }

    /// Instruction formats.
    pub fn prompts(&self) -> PathBuf {
        self.root.join("templates/prompts")
    }

    /// How texts are wrapped for models.
    pub fn formats(&self) -> PathBuf {
        self.root.join("templates/formats")
    }

    /// What fictional worlds are made of.
    pub fn fictional(&self) -> PathBuf {
        self.root.join("templates/fictional")
    }

    /// Downloaded sources.
    pub fn source_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/sources")
    }

    /// Kept answers of paid services.
    pub fn api_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/api")
    }

    /// Answers of models that run here.
    pub fn local_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/models")
    }

    /// Where predictions go.
    pub fn predictions(&self) -> PathBuf {
        self.root.join("artifacts/predictions")
    }

    /// The paper's printed numbers.
    pub fn paper(&self) -> PathBuf {
        self.root.join("reference/paper")
    }

    /// Where datasets go.
    pub fn datasets(&self) -> PathBuf {
        self.root.join("artifacts/datasets")
    }

    /// The experiment that fine-tunes.
    pub fn finetune_experiment(&self) -> PathBuf {
        self.root.join("experiments/finetune.toml")
    }

    /// The experiment file of `--model demo`.
    pub fn demo_experiment(&self) -> PathBuf {
        self.root.join("experiments/demo.toml")
    }

    /// Where the demo's models are kept.
    pub fn demo(&self) -> PathBuf {
        self.root.join("artifacts/cache/demo")
    }

    /// Where fine-tuned models go.
    pub fn finetune(&self) -> PathBuf {
        self.root.join("artifacts/finetune")
    }

    /// Where exports for other programs go.
    pub fn exports(&self) -> PathBuf {
        self.root.join("artifacts/exports")
    }

    /// The raw answers of the endpoint.
    pub fn sparql_cache(&self) -> PathBuf {
        self.root.join("artifacts/cache/sparql")
    }

    /// A path as the manifest writes it: from the project's folder, if it lies there.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    }
}
