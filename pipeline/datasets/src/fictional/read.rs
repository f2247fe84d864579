use super::{
    FictionalConfig, FictionalRow, Splits,
    check::{RowFault, check_rows, check_splits},
    columns::decode_fictional,
};
use crate::{DatasetError, DatasetFolder, parquet};
use clika_base::files::Manifest;
use clika_base::types::LanguageCode;
use serde::Deserialize;
use std::path::Path;

/// A fictional dataset as it lies on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltWorld {
    /// Its folder.
    pub folder: DatasetFolder,
    /// What it was built from; `targets` are the languages that it has.
    pub config: FictionalConfig,
    /// The seed of its draws.
    pub seed: u64,
}

/// What the manifest of a world says; names of a language model have a key of their own.
#[derive(Deserialize)]
#[serde(expecting = "the manifest of a fictional world")]
struct WorldManifest {
    seed: u64,
    fictional: FictionalConfig,
}

impl BuiltWorld {
    /// Finds the world of a folder that [`build_fictional`](super::build_fictional) wrote.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        if let Some(folder) = DatasetFolder::find(path)? {
            return Self::of(folder);
        }
        let problem = match Manifest::read(path)? {
            Some(manifest) => format!("`clika {}` wrote it", manifest.stage),
            None => "there is no manifest".to_owned(),
        };
        Err(DatasetError::NoWorld {
            path: path.to_owned(),
            problem,
        })
    }

    /// The world of a dataset's folder.
    pub fn of(folder: DatasetFolder) -> Result<Self, DatasetError> {
        let none = |problem: String| DatasetError::NoWorld {
            path: folder.path().to_owned(),
            problem,
        };
        if !folder.is_fictional() {
            return Err(none(format!("it is the dataset `{}`", folder.name())));
        }
        let config = folder.manifest().config.clone();
        let config: WorldManifest = serde_json::from_value(config)
            .map_err(|error| none(format!("its manifest is of another version: {error}")))?;
        Ok(Self {
            folder,
            config: config.fictional,
            seed: config.seed,
        })
    }

    /// The rows of a target language.
    ///
    /// Fails on a row that cannot be taught or asked, and where the training set teaches what is tested.
    pub fn splits(&self, target: &LanguageCode) -> Result<Splits, DatasetError> {
        let code = target.as_str();
        let splits = Splits {
            train: self.read(code, "train")?,
            gate: self.read(code, "gate")?,
            test: self.read(code, "test")?,
        };
        check_splits(&splits, &self.config, target).map_err(|wrong| self.wrong(code, wrong))?;
        Ok(splits)
    }

    /// The questions of a config that teaches nothing: the source language's.
    pub fn questions(&self, config: &str) -> Result<Vec<FictionalRow>, DatasetError> {
        let rows = self.read(config, "test")?;
        check_rows("test", &rows, &[config], self.config.continents)
            .map_err(|wrong| self.wrong(config, wrong))?;
        Ok(rows)
    }

    fn read(&self, config: &str, split: &str) -> Result<Vec<FictionalRow>, DatasetError> {
        let name = parquet::file_name(config, split);
        let bytes = self.folder.bytes(&name)?;
        decode_fictional(bytes).map_err(|problem| self.folder.no_rows(&name, problem))
    }

    fn wrong(&self, config: &str, (split, row, problem): RowFault) -> DatasetError {
        let name = parquet::file_name(config, split);
        self.folder.row(&name, row, problem)
    }
}
