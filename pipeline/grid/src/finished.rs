//! What of a grid is done, from the folders.

use crate::{Cell, CellKind, GridError, GridFolder, Job};
use clika_base::files::{ArtifactError, Manifest, is_scratch, sha256_file};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Whether a cell's results lie in their place, without a look into them.
///
/// # Errors
/// A folder that cannot be read.
pub fn is_cell_there(grid: &GridFolder, cell: &Cell) -> Result<bool, GridError> {
    let out = grid.path().join(&cell.out);
    match (cell.kind, &cell.dataset) {
        (CellKind::Finetune, _) | (CellKind::Evaluate, None) => {
            Ok(cell.expected.iter().all(|name| out.join(name).is_file()))
        }
        (CellKind::Evaluate, Some(dataset)) => {
            let models = folders(&out)?;
            Ok(models
                .iter()
                .any(|model| model.join(dataset).is_dir() && model.join(Manifest::FILE).is_file()))
        }
    }
}

/// Whether every cell of a job has the files that its manifest names, unchanged, and the job its own results over all of them.
///
/// # Errors
/// A file that cannot be read.
pub fn is_job_finished(grid: &GridFolder, job: &Job) -> Result<bool, GridError> {
    for cell in grid.cells_of(job) {
        if !is_cell_there(grid, cell)? {
            return Ok(false);
        }
    }
    let out = grid.path().join(job.out());
    match job.kind {
        CellKind::Finetune => {
            if !holds_its_files(&out)? {
                return Ok(false);
            }
            for cell in grid.cells_of(job) {
                if !holds_its_files(&grid.path().join(&cell.out))? {
                    return Ok(false);
                }
            }
        }
        CellKind::Evaluate => {
            for model in folders(&out)? {
                if !holds_its_files(&model)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Whether a folder has a manifest, and every file that it names as it names it. What else lies there, such as checkpoints, is
/// not looked at.
fn holds_its_files(folder: &Path) -> Result<bool, GridError> {
    let Some(manifest) = Manifest::read(folder)? else {
        return Ok(false);
    };
    for (name, digest) in &manifest.files {
        let path = folder.join(name);
        if !path.is_file() || sha256_file(&path)? != *digest {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The folders in a folder, in order; none where it is not there.
fn folders(path: &Path) -> Result<Vec<PathBuf>, GridError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ArtifactError::read(path)(error).into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(ArtifactError::read(path))?;
        if entry.path().is_dir() && !is_scratch(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
