use super::{FictionalConfig, FictionalRow, Splits};
use crate::{DatasetError, parquet};
use clika_artifacts::Manifest;
use clika_core::LanguageCode;
use serde::Deserialize;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// A fictional dataset as it lies on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltWorld {
    /// Its folder.
    pub folder: PathBuf,
    /// What it was built from; `targets` are the languages that it has.
    pub config: FictionalConfig,
    /// The seed of its draws.
    pub seed: u64,
}

/// What the manifest of a world says; names of a language model have a key of their own.
#[derive(Deserialize)]
struct Config {
    seed: u64,
    fictional: FictionalConfig,
}

impl BuiltWorld {
    /// Finds the world of a folder that [`build_fictional`](super::build_fictional) wrote.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let none = |problem: &str| DatasetError::NoWorld {
            path: folder.to_owned(),
            problem: problem.to_owned(),
        };
        let manifest = Manifest::read(folder)?.ok_or_else(|| none("there is no manifest"))?;
        if !manifest.stage.starts_with("datasets fictional") {
            return Err(none(&format!("`clika {}` wrote it", manifest.stage)));
        }
        let config: Config = serde_json::from_value(manifest.config)
            .map_err(|error| none(&format!("its manifest is of another version: {error}")))?;
        Ok(Self {
            folder: folder.to_owned(),
            config: config.fictional,
            seed: config.seed,
        })
    }

    /// The rows of a target language.
    pub fn splits(&self, target: &LanguageCode) -> Result<Splits, DatasetError> {
        let read = |split: &str| -> Result<Vec<FictionalRow>, DatasetError> {
            let path = self.folder.join(parquet::file(target, split));
            let wrong = |problem: String| DatasetError::NoWorld {
                path: path.clone(),
                problem,
            };
            let file = File::open(&path).map_err(|error| wrong(error.to_string()))?;
            parquet::decode_fictional(file).map_err(wrong)
        };
        Ok(Splits {
            train: read("train")?,
            gate: read("gate")?,
            test: read("test")?,
        })
    }
}
