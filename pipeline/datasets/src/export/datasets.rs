use crate::Task;
use crate::export::ExportError;
use crate::{BuiltWorld, DatasetFolder};
use clika_base::files::{Manifest, is_scratch, recover_folders};
use clika_base::types::LanguageCode;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A dataset that is to be exported.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedDataset(pub(crate) DatasetFolder);

impl ExportedDataset {
    /// The name: `xgeo`, `fictional-alias`.
    pub(crate) fn name(&self) -> &str {
        self.0.name()
    }

    /// The task, if the dataset is one of multiple-choice items.
    pub(crate) fn task(&self) -> Option<Task> {
        self.0.task()
    }

    /// The questions of a config's test, checked: how many there are, and the file.
    pub(crate) fn test(&self, config: &str) -> Result<Option<(usize, Vec<u8>)>, ExportError> {
        let Some(name) = self.0.file(config, "test") else {
            return Ok(None);
        };
        let count = match self.task() {
            Some(task) => self.0.items(task, &language(config)?)?.questions.len(),
            None if self.0.file(config, "train").is_some() => {
                self.world()?.splits(&language(config)?)?.test.len()
            }
            None => self.world()?.questions(config)?.len(),
        };
        Ok(Some((count, self.0.bytes(&name)?)))
    }

    /// The fictional world.
    pub(crate) fn world(&self) -> Result<BuiltWorld, ExportError> {
        Ok(BuiltWorld::of(self.0.clone())?)
    }
}

/// A config as a language.
pub(crate) fn language(config: &str) -> Result<LanguageCode, ExportError> {
    LanguageCode::try_from(config.to_owned()).map_err(|problem| ExportError::Config {
        config: config.to_owned(),
        problem,
    })
}

/// Finds the datasets that we know how to export: the folder itself, or those in it, by name.
pub fn find(path: &Path) -> Result<Vec<ExportedDataset>, ExportError> {
    let mut found = Vec::new();
    if let Some(dataset) = dataset(path)? {
        found.push(dataset);
    } else {
        for folder in folders(path)? {
            found.extend(dataset(&folder)?);
        }
    }
    found.retain(|dataset: &ExportedDataset| dataset.task().is_some() || dataset.0.is_fictional());
    found.sort_by(|a, b| a.name().cmp(b.name()));
    if let Some([a, b]) = found
        .windows(2)
        .find(|pair| pair[0].name() == pair[1].name())
    {
        return Err(ExportError::Twice {
            name: a.name().to_owned(),
            first: a.0.path().to_owned(),
            second: b.0.path().to_owned(),
        });
    }
    if found.is_empty() {
        return Err(ExportError::NoDataset {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

fn dataset(folder: &Path) -> Result<Option<ExportedDataset>, ExportError> {
    Ok(DatasetFolder::find(folder)?.map(ExportedDataset))
}

/// The folders in a folder, by name, but drafts.
fn folders(path: &Path) -> Result<Vec<PathBuf>, ExportError> {
    let unreadable = |source| ExportError::Unreadable {
        path: path.to_owned(),
        source,
    };
    recover_folders(path)?;
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
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if path.is_dir() && !is_scratch(&entry.file_name().to_string_lossy()) {
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
    datasets: &[ExportedDataset],
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
        return refuse(format!("it contains what `clika {}` wrote", manifest.stage));
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
        let folder = absolute(dataset.0.path())?;
        if place.starts_with(&folder) || folder.starts_with(&place) {
            return refuse(format!(
                "it and {} are not separate folders",
                dataset.0.path().display()
            ));
        }
    }
    Ok(())
}
