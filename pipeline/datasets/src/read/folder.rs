use crate::Task;
use crate::{DatasetError, parquet};
use clika_base::files::{ArtifactError, Manifest, sha256_hex};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// The folder of a dataset of ours.
///
/// A file is read only where its SHA-256 is the one in the manifest, so that nobody is asked, taught or handed rows
/// other than those that the manifest describes.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetFolder {
    path: PathBuf,
    name: String,
    manifest: Box<Manifest>,
}

/// How the stage of a dataset's manifest begins.
const STAGE: &str = "datasets ";

impl DatasetFolder {
    /// Opens a dataset's folder; `None` where something else lies there, or nothing.
    ///
    /// Fails where there are rows without a manifest, and where a Parquet file lies among them that it does not name.
    pub fn find(path: &Path) -> Result<Option<Self>, DatasetError> {
        let Some(manifest) = Manifest::read(path)? else {
            if row_files(path)?.is_empty() {
                return Ok(None);
            }
            return Err(DatasetError::NoManifest {
                folder: path.to_owned(),
            });
        };
        let Some(name) = manifest.stage.strip_prefix(STAGE) else {
            return Ok(None);
        };
        let folder = Self {
            path: path.to_owned(),
            name: name.to_owned(),
            manifest: Box::new(manifest),
        };
        folder.check_name()?;
        folder.check_strays()?;
        Ok(Some(folder))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The dataset's name: `xgeo`, `fictional-alias`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a fictional world.
    pub fn is_fictional(&self) -> bool {
        self.name == "fictional" || self.name.starts_with("fictional-")
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 over the names and contents of all rows, in every language.
    pub fn content_sha256(&self) -> String {
        let rows = self.manifest.files.iter();
        let rows = rows.filter(|(name, _)| is_rows(name));
        let text: String = rows
            .map(|(name, hash)| format!("{name} {hash}\n"))
            .collect();
        sha256_hex(text)
    }

    /// Its configs, languages for the most part, in order.
    pub fn configs(&self) -> Vec<&str> {
        let names = self.manifest.files.keys().filter(|name| is_rows(name));
        let configs: BTreeSet<_> = names.filter_map(|name| name.split('/').nth(1)).collect();
        configs.into_iter().collect()
    }

    /// The name of a split's file, if the config has one.
    pub fn file(&self, config: &str, split: &str) -> Option<String> {
        let name = parquet::file_name(config, split);
        self.manifest.files.contains_key(&name).then_some(name)
    }

    /// The content of a file that the manifest names.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, DatasetError> {
        let (path, command) = (self.path.join(name), self.command());
        let Some(hash) = self.manifest.files.get(name) else {
            return Err(DatasetError::Stray { path, command });
        };
        match fs::read(&path) {
            Ok(bytes) if sha256_hex(&bytes) == *hash => Ok(bytes),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ArtifactError::read(&path)(error).into())
            }
            Ok(_) | Err(_) => Err(DatasetError::Changed { path, command }),
        }
    }

    /// What rebuilds it.
    pub(crate) fn command(&self) -> String {
        if self.is_fictional() {
            "`clika datasets fictional --force`, with the options that it was built with,"
                .to_owned()
        } else {
            format!("`clika datasets {} --force`", self.name)
        }
    }

    /// An error at a row of a file, counted from 0.
    pub(crate) fn row(&self, name: &str, row: usize, problem: String) -> DatasetError {
        DatasetError::Row {
            path: self.path.join(name),
            row: row + 1,
            problem,
            command: self.command(),
            folder: self.path.clone(),
        }
    }

    /// An error of a whole file.
    pub(crate) fn no_rows(&self, name: &str, problem: String) -> DatasetError {
        DatasetError::NoRows {
            path: self.path.join(name),
            problem,
            command: self.command(),
        }
    }

    /// A folder that is called after a task holds that task.
    fn check_name(&self) -> Result<(), DatasetError> {
        let called = folder_name(&self.path);
        let task = called.filter(|name| Task::named(name).is_some());
        match task {
            Some(expected) if expected != self.name => Err(DatasetError::OtherDataset {
                folder: self.path.clone(),
                found: self.name.clone(),
                expected,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Rows that the manifest does not name would be left out without a word.
    fn check_strays(&self) -> Result<(), DatasetError> {
        let files = row_files(&self.path)?;
        let known = |path: &PathBuf| {
            let name = path.strip_prefix(&self.path).unwrap_or(path);
            self.manifest
                .files
                .contains_key(name.to_string_lossy().as_ref())
        };
        match files.into_iter().find(|path| !known(path)) {
            None => Ok(()),
            Some(path) => Err(DatasetError::Stray {
                path,
                command: self.command(),
            }),
        }
    }
}

/// The Parquet files among a dataset's rows, whoever put them there.
fn row_files(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut files = Vec::new();
    for config in entries(&folder.join("data"))? {
        files.extend(entries(&config)?);
    }
    files.retain(|file| file.extension().is_some_and(|it| it == "parquet"));
    Ok(files)
}

/// Whether a file of a dataset holds rows.
fn is_rows(name: &str) -> bool {
    name.starts_with("data/") && name.ends_with(".parquet")
}

/// What lies in a folder, by name; nothing where there is no folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error| ArtifactError::read(folder)(error);
    let mut paths = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

/// A folder's last name, also of `.`.
pub(crate) fn folder_name(folder: &Path) -> Option<String> {
    let full = std::path::absolute(folder).ok()?;
    let name = full.file_name()?;
    Some(name.to_string_lossy().into_owned())
}
