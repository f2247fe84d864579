use super::{GgufHeader, GgufProblem, GgufValue, read_gguf_header};
use crate::{
    CheckpointError,
    weights::{MissingWeights, WeightFiles, gguf_parts, names, weight_files},
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

/// A model in GGUF: one file, or its parts in their order.
pub struct GgufFile {
    pub(crate) parts: Vec<GgufPart>,
}

/// A file, and what its header says.
pub(crate) struct GgufPart {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) header: GgufHeader,
}

/// What `general.type` says of files that are no model.
const MODEL: &str = "model";

impl GgufFile {
    /// Opens the model at a path: a file, or a folder whose weights are one GGUF file or the parts of one. `None` for a
    /// folder with weights in another form, or with none.
    ///
    /// # Errors
    /// A file that is not GGUF, is damaged, is an adapter, or is a part of which others are missing.
    pub fn open(path: &Path) -> Result<Option<Self>, CheckpointError> {
        if path.is_dir() {
            return match weight_files(&names(path)?) {
                Ok(WeightFiles::Gguf(files)) => {
                    let paths: Vec<_> = files.iter().map(|name| path.join(name)).collect();
                    Self::of_paths(&paths).map(Some)
                }
                Err(problem) if problem.is_of_gguf() => {
                    Err(CheckpointError::no_weights(path, problem))
                }
                // What is missing of another form is said by whoever reads that form.
                Ok(WeightFiles::Files(_) | WeightFiles::Index(_))
                | Err(
                    MissingWeights::Nothing | MissingWeights::Shard(_) | MissingWeights::Several(_),
                ) => Ok(None),
            };
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            Some(_) | None => Path::new("."),
        };
        let name = path.file_name().map(|name| name.to_string_lossy());
        let parts = match &name {
            Some(name) => gguf_parts(name, &names(folder)?),
            None => Ok(None),
        };
        let parts = parts.map_err(|problem| CheckpointError::no_weights(folder, problem))?;
        let paths = match parts {
            Some(parts) => parts.iter().map(|name| path.with_file_name(name)).collect(),
            None => vec![path.to_owned()],
        };
        Self::of_paths(&paths).map(Some)
    }

    fn of_paths(paths: &[PathBuf]) -> Result<Self, CheckpointError> {
        let parts = paths.iter().map(|path| GgufPart::open(path));
        let model = Self {
            parts: parts.collect::<Result<_, _>>()?,
        };
        model.check_parts()?;
        if let Some(kind) = model.text("general.type")?
            && kind != MODEL
        {
            return Err(CheckpointError::NotAModel {
                path: model.path().to_owned(),
                kind: kind.to_owned(),
            });
        }
        Ok(model)
    }

    /// The first file, which has the metadata.
    pub fn path(&self) -> &Path {
        &self.parts[0].path
    }

    /// What a key says.
    pub fn key(&self, key: &str) -> Option<&GgufValue> {
        self.metadata().get(key)
    }

    pub(super) fn metadata(&self) -> &BTreeMap<String, GgufValue> {
        &self.parts[0].header.metadata
    }

    /// Whether a tensor of this name, in the format's own names, is there.
    pub(super) fn has(&self, name: &str) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.header.tensors.contains_key(name))
    }

    /// Parts of different files, or not all of one, would make another model.
    fn check_parts(&self) -> Result<(), CheckpointError> {
        let several = self.parts.len();
        for (number, part) in self.parts.iter().enumerate() {
            let says = |key: &str| -> Result<Option<usize>, CheckpointError> {
                let Some(value) = part.header.metadata.get(key) else {
                    return Ok(None);
                };
                let count = value.count();
                count
                    .map(Some)
                    .ok_or_else(|| part.damaged(format!("`{key}` is {value}")))
            };
            let (place, count) = (says("split.no")?, says("split.count")?);
            // A whole file may say that it is the only part.
            let fits = match (place, count) {
                (None, None | Some(0)) | (Some(0), Some(0)) => several == 1,
                (Some(place), Some(count)) => place == number && count == several,
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !fits {
                let said = |value: Option<usize>| {
                    value.map_or_else(|| "missing".to_owned(), |value| value.to_string())
                };
                return Err(CheckpointError::OtherPart {
                    path: part.path.clone(),
                    problem: format!(
                        "by its name it is part {} of {several}, but its `split.no` is {} (counted from 0) and its \
                         `split.count` is {}",
                        number + 1,
                        said(place),
                        said(count)
                    ),
                });
            }
            let tensors: usize = self
                .parts
                .iter()
                .map(|part| part.header.tensors.len())
                .sum();
            if several > 1
                && let Some(wanted) = says("split.tensors.count")?
                && wanted != tensors
            {
                return Err(part.damaged(format!(
                    "`split.tensors.count` is {wanted}, and the parts have {tensors} tensors"
                )));
            }
        }
        Ok(())
    }
}

impl GgufPart {
    fn open(path: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |source| CheckpointError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let header = read_gguf_header(BufReader::new(&file), length).map_err(unreadable)?;
        let header = header.map_err(|problem| match problem {
            GgufProblem::Damaged(problem) => CheckpointError::Damaged {
                path: path.to_owned(),
                problem,
            },
            GgufProblem::Element { name, element } => CheckpointError::Element {
                name,
                path: path.to_owned(),
                element,
            },
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            header,
        })
    }

    fn damaged(&self, problem: String) -> CheckpointError {
        CheckpointError::Damaged {
            path: self.path.clone(),
            problem,
        }
    }
}
