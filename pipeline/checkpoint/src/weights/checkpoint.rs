use super::{Dtype, pytorch, safetensors, values::Values};
use crate::CheckpointError;
use clika_core::file_inside;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// The weights of a model's folder. Nothing is in memory until a tensor is taken.
pub struct Checkpoint {
    files: Vec<(PathBuf, File)>,
    tensors: BTreeMap<String, Stored>,
    taken: BTreeSet<String>,
}

/// A tensor in a file.
struct Stored {
    file: usize,
    dtype: Option<Dtype>,
    /// The element type's name, for messages.
    type_name: String,
    shape: Vec<usize>,
    source: Source,
}

enum Source {
    At(u64),
    Pytorch(pytorch_reader::Tensor),
}

/// The files that a checkpoint may consist of, in transformers' order; an index names shards.
const CANDIDATES: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Opens the weights of a folder: safetensors before `.bin`, whole or by index.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let found = CANDIDATES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        let Some(path) = found else {
            return Err(CheckpointError::NoWeights {
                folder: folder.to_owned(),
            });
        };
        let mut checkpoint = Self::empty();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            checkpoint.open_shards(folder, &path)?;
        } else {
            checkpoint.open_file(&path)?;
        }
        Ok(checkpoint)
    }

    /// Opens one file of tensors: PyTorch's if its name ends in `.bin`, else safetensors.
    pub fn open_only(path: &Path) -> Result<Self, CheckpointError> {
        let mut checkpoint = Self::empty();
        checkpoint.open_file(path)?;
        Ok(checkpoint)
    }

    const fn empty() -> Self {
        Self {
            files: Vec::new(),
            tensors: BTreeMap::new(),
            taken: BTreeSet::new(),
        }
    }

    fn open_shards(&mut self, folder: &Path, index: &Path) -> Result<(), CheckpointError> {
        let damaged = |problem: String| CheckpointError::Damaged {
            path: index.to_owned(),
            problem,
        };
        let text = std::fs::read_to_string(index).map_err(|source| CheckpointError::Read {
            path: index.to_owned(),
            source,
        })?;
        let parsed: Index =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        let shards: BTreeSet<_> = parsed.weight_map.values().collect();
        for shard in shards {
            let path = file_inside(folder, shard).map_err(|error| damaged(error.to_string()))?;
            if !path.is_file() {
                return Err(CheckpointError::MissingShard {
                    index: index.to_owned(),
                    shard: shard.clone(),
                });
            }
            self.open_file(&path)?;
        }
        for (name, shard) in &parsed.weight_map {
            if !self.tensors.contains_key(name) {
                return Err(damaged(format!(
                    "it says that `{shard}` holds `{name}`, which it does not"
                )));
            }
        }
        Ok(())
    }

    fn open_file(&mut self, path: &Path) -> Result<(), CheckpointError> {
        let read = |source| CheckpointError::Read {
            path: path.to_owned(),
            source,
        };
        let damaged = |problem| CheckpointError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let mut file = File::open(path).map_err(read)?;
        let number = self.files.len();
        let mut found = Vec::new();
        if path.extension().is_some_and(|extension| extension == "bin") {
            for (name, tensor) in pytorch::open(path).map_err(damaged)? {
                let stored = Stored {
                    file: number,
                    dtype: pytorch::dtype(&tensor),
                    type_name: format!("{:?}", tensor.dtype()),
                    shape: tensor.shape().to_vec(),
                    source: Source::Pytorch(tensor),
                };
                found.push((name, stored));
            }
        } else {
            let header = safetensors::read_header(&mut file).map_err(read)?;
            for (name, entry) in header.map_err(damaged)? {
                let stored = Stored {
                    file: number,
                    dtype: Dtype::of_safetensors(&entry.dtype),
                    type_name: entry.dtype,
                    shape: entry.shape,
                    source: Source::At(entry.bytes.start),
                };
                found.push((name, stored));
            }
        }
        self.files.push((path.to_owned(), file));
        for (name, stored) in found {
            if let Some(other) = self.tensors.insert(name.clone(), stored) {
                return Err(damaged(format!(
                    "`{name}` is in {} too",
                    self.files[other.file].0.display()
                )));
            }
        }
        Ok(())
    }

    /// The names and shapes of all tensors.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let tensors = self.tensors.iter();
        tensors
            .map(|(name, stored)| (name.clone(), stored.shape.clone()))
            .collect()
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The element type that most numbers are stored in; `None` where none is in a type of ours.
    pub fn dtype(&self) -> Option<Dtype> {
        let count = |dtype: Dtype| -> usize {
            let of_type = self
                .tensors
                .values()
                .filter(|stored| stored.dtype == Some(dtype));
            of_type
                .map(|stored| stored.shape.iter().product::<usize>())
                .sum()
        };
        let counted = [Dtype::F32, Dtype::F16, Dtype::Bf16].map(|dtype| (count(dtype), dtype));
        let (most, dtype) = counted.into_iter().max_by_key(|(count, _)| *count)?;
        (most > 0).then_some(dtype)
    }

    /// Reads a tensor's numbers, as `dtype`. Its shape is the one that the configuration asks for.
    ///
    /// Fails if there is no such tensor, if its shape is another, and if one of its numbers is not finite.
    pub fn take(
        &mut self,
        name: &str,
        shape: &[usize],
        dtype: Dtype,
    ) -> Result<Values, CheckpointError> {
        let Some(stored) = self.tensors.get(name) else {
            return Err(CheckpointError::MissingTensor {
                name: name.to_owned(),
                shape: shape.to_vec(),
            });
        };
        if stored.shape != shape {
            return Err(CheckpointError::Shape {
                name: name.to_owned(),
                found: stored.shape.clone(),
                expected: shape.to_vec(),
            });
        }
        let (path, file) = &self.files[stored.file];
        let Some(from) = stored.dtype else {
            return Err(CheckpointError::Damaged {
                path: path.clone(),
                problem: format!(
                    "`{name}` is {}, and weights are f32, f16 or bf16",
                    stored.type_name
                ),
            });
        };
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => CheckpointError::Damaged {
                path: path.clone(),
                problem: format!("`{name}` ends early: {source}"),
            },
            _ => CheckpointError::Read {
                path: path.clone(),
                source,
            },
        };
        let elements = shape.iter().product();
        let (values, bad) = match &stored.source {
            Source::At(start) => Values::read(elements, from, dtype, |place, buffer| {
                file.read_exact_at(buffer, start + place)
            }),
            Source::Pytorch(tensor) => tensor.read().and_then(|bytes| {
                Values::read(elements, from, dtype, |place, buffer| {
                    // Where too few are left, reading ends in an error that says so.
                    let mut rest = &bytes[bytes.len().min(place as usize)..];
                    rest.read_exact(buffer)
                })
            }),
        }
        .map_err(failed)?;
        if bad > 0 {
            return Err(CheckpointError::NotFinite {
                name: name.to_owned(),
                path: path.clone(),
                count: bad,
            });
        }
        self.taken.insert(name.to_owned());
        Ok(values)
    }

    /// The tensors that nobody took.
    pub fn unused(&self) -> Vec<&str> {
        let names = self.tensors.keys();
        names
            .filter(|name| !self.taken.contains(*name))
            .map(String::as_str)
            .collect()
    }
}
