use crate::ExportError;
use clika_artifacts::Manifest;
use clika_core::Task;
use polars::prelude::*;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// A dataset as it lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The name, which is the folder's too: `xgeo`, `fictional-alias`.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// Its configs, languages for the most part, in order.
    pub configs: Vec<String>,
}

impl Dataset {
    /// The task, if the dataset is one of multiple-choice items.
    pub fn task(&self) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.name() == self.name)
    }

    /// Whether the dataset is a fictional world.
    pub fn is_fictional(&self) -> bool {
        self.name == "fictional" || self.name.starts_with("fictional-")
    }

    /// The file of a split, if the config has one.
    pub fn file(&self, config: &str, split: &str) -> Option<PathBuf> {
        let path = self
            .folder
            .join(format!("data/{config}/{split}-00000-of-00001.parquet"));
        path.is_file().then_some(path)
    }
}

/// Finds the datasets that we know how to export: the folder itself, or those in it, by name.
pub fn find(path: &Path) -> Result<Vec<Dataset>, ExportError> {
    let mut found = Vec::new();
    if let Some(dataset) = dataset(path)? {
        found.push(dataset);
    } else {
        for folder in folders(path)? {
            found.extend(dataset(&folder)?);
        }
    }
    found.retain(|dataset| dataset.task().is_some() || dataset.is_fictional());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = found.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(ExportError::Twice {
            name: pair[0].name.clone(),
            first: pair[0].folder.clone(),
            second: pair[1].folder.clone(),
        });
    }
    if found.is_empty() {
        return Err(ExportError::NoDataset {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

fn dataset(folder: &Path) -> Result<Option<Dataset>, ExportError> {
    let Some(manifest) = Manifest::read(folder)? else {
        return Ok(None);
    };
    let Some(name) = manifest.stage.strip_prefix("datasets ") else {
        return Ok(None);
    };
    let configs = folders(&folder.join("data"))?;
    let configs = configs.iter().filter_map(|path| path.file_name()?.to_str());
    Ok(Some(Dataset {
        name: name.to_owned(),
        folder: folder.to_owned(),
        configs: configs.map(str::to_owned).collect(),
    }))
}

/// The folders in a folder, by name.
fn folders(path: &Path) -> Result<Vec<PathBuf>, ExportError> {
    let unreadable = |source| ExportError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut folders = Vec::new();
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ExportError::NoDataset {
                path: path.to_owned(),
            });
        }
        entries => entries.map_err(unreadable)?,
    };
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// Refuses a place where an export would replace or litter something else: a dataset, a folder around or
/// inside one, an export of another kind.
pub(crate) fn check_place(
    out: &Path,
    datasets: &[Dataset],
    stage: &str,
) -> Result<(), ExportError> {
    let refuse = |why: String| {
        Err(ExportError::Place {
            path: out.to_owned(),
            why,
        })
    };
    if let Some(manifest) = Manifest::read(out)?
        && manifest.stage != stage
    {
        return refuse(format!("it holds what `clika {}` wrote", manifest.stage));
    }
    // The export's folder need not be there yet.
    let absolute = |path: &Path| {
        fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .map_err(|source| ExportError::Unreadable {
                path: path.to_owned(),
                source,
            })
    };
    let place = absolute(out)?;
    for dataset in datasets {
        let folder = absolute(&dataset.folder)?;
        if place.starts_with(&folder) || folder.starts_with(&place) {
            return refuse(format!(
                "it and {} lie in each other",
                dataset.folder.display()
            ));
        }
    }
    Ok(())
}

/// Reads a Parquet file.
pub(crate) fn read(path: &Path) -> Result<DataFrame, ExportError> {
    let problem = |problem: String| ExportError::Parquet {
        path: path.to_owned(),
        problem,
    };
    let file = File::open(path).map_err(|error| problem(error.to_string()))?;
    let reader = ParquetReader::new(file);
    reader.finish().map_err(|error| problem(error.to_string()))
}
