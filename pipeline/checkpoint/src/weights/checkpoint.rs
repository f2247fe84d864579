use super::{
    Dtype, WeightFiles, WeightIndex,
    files::names,
    pytorch, safetensors,
    stored::{StoredTensor, TensorLocation},
    values::{StoredDtype, TensorValues},
    weight_files,
};
use crate::{
    CheckpointError,
    gguf::{GgufChange, GgufFile},
};
use clika_base::types::file_inside;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The weights of a model. Nothing is in memory until a tensor is taken.
pub struct Checkpoint {
    files: Vec<WeightFile>,
    tensors: BTreeMap<String, StoredTensor>,
    taken: BTreeSet<String>,
    /// Whether the format has no place for tensors that the model does not use.
    exact: bool,
}

impl Checkpoint {
    /// Opens the weights of a GGUF file, or of a folder those that [`weight_files`] takes.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        if let Some(model) = GgufFile::open(folder)? {
            return Self::of_gguf(model);
        }
        let none = |problem| CheckpointError::no_weights(folder, problem);
        let mut checkpoint = Self::empty();
        match weight_files(&names(folder)?).map_err(none)? {
            WeightFiles::Files(files) => {
                let mut copies = Vec::new();
                for file in files {
                    copies.extend(checkpoint.open_file(&folder.join(file))?);
                }
                checkpoint.choose(copies, None)?;
            }
            WeightFiles::Index(name) => checkpoint.open_shards(folder, &folder.join(name))?,
            WeightFiles::Gguf(_) => unreachable!("it was opened as GGUF"),
        }
        Ok(checkpoint)
    }

    /// Opens one file of tensors: PyTorch's if its name ends in `.bin`, else safetensors.
    pub fn open_only(path: &Path) -> Result<Self, CheckpointError> {
        let mut checkpoint = Self::empty();
        let copies = checkpoint.open_file(path)?;
        checkpoint.choose(copies, None)?;
        Ok(checkpoint)
    }

    /// The tensors of a model in GGUF, under Hugging Face's names.
    fn of_gguf(model: GgufFile) -> Result<Self, CheckpointError> {
        let architecture = model.architecture()?;
        let mut tensors = BTreeMap::new();
        for (number, part) in model.parts.iter().enumerate() {
            for (name, tensor) in &part.header.tensors {
                let Some(renamed) = model.renamed(&architecture, name)? else {
                    continue;
                };
                let stored = StoredTensor {
                    file: number,
                    element: Some(StoredDtype::of_gguf(tensor.block)),
                    type_name: tensor.block.name().to_owned(),
                    shape: tensor.shape.clone(),
                    change: renamed.change,
                    source: TensorLocation::At {
                        start: tensor.bytes.start,
                        length: tensor.bytes.end - tensor.bytes.start,
                    },
                };
                if tensors.insert(renamed.name, stored).is_some() {
                    return Err(model.problem(format!("it has the tensor `{name}` twice")));
                }
            }
        }
        let parts = model.parts.into_iter();
        Ok(Self {
            files: parts
                .map(|part| WeightFile::new(part.path, part.file))
                .collect::<Result<_, _>>()?,
            tensors,
            taken: BTreeSet::new(),
            exact: true,
        })
    }

    const fn empty() -> Self {
        Self {
            files: Vec::new(),
            tensors: BTreeMap::new(),
            taken: BTreeSet::new(),
            exact: false,
        }
    }

    fn open_shards(&mut self, folder: &Path, path: &Path) -> Result<(), CheckpointError> {
        let damaged = |problem: String| CheckpointError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let text = std::fs::read(path).map_err(unreadable(path))?;
        let index = WeightIndex::parse(&text).map_err(|error| damaged(error.to_string()))?;
        if index.weight_map.is_empty() {
            return Err(damaged("it names no weights".to_owned()));
        }
        let mut copies = Vec::new();
        for shard in index.files() {
            let file = file_inside(folder, shard).map_err(|error| damaged(error.to_string()))?;
            if !file.is_file() {
                return Err(CheckpointError::MissingShard {
                    index: path.to_owned(),
                    shard: shard.to_owned(),
                });
            }
            copies.extend(self.open_file(&file)?);
        }
        for (name, shard) in &index.weight_map {
            if !self.tensors.contains_key(name) {
                return Err(damaged(format!(
                    "it says that `{shard}` contains `{name}`, which it does not"
                )));
            }
        }
        self.choose(copies, Some((folder, &index)))
    }

    /// Adds the tensors of a file. Returns those that another file has too, which this one's replace.
    fn open_file(&mut self, path: &Path) -> Result<Vec<(String, StoredTensor)>, CheckpointError> {
        let damaged = |problem| CheckpointError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let mut file = File::open(path).map_err(unreadable(path))?;
        let number = self.files.len();
        let mut found = Vec::new();
        if path.extension().is_some_and(|extension| extension == "bin") {
            let tensors = pytorch::open(path).map_err(|refused| match refused {
                pytorch::UnreadableFile::Damaged(problem) => damaged(problem),
                pytorch::UnreadableFile::Type(element) => CheckpointError::Unreadable {
                    path: path.to_owned(),
                    element,
                },
            })?;
            for (name, tensor) in tensors {
                let stored = StoredTensor {
                    file: number,
                    element: pytorch::element(&tensor),
                    type_name: format!("{:?}", tensor.dtype()),
                    shape: tensor.shape().to_vec(),
                    change: None,
                    source: TensorLocation::Pytorch(tensor),
                };
                found.push((name, stored));
            }
        } else {
            let header = safetensors::read_header(&mut file).map_err(unreadable(path))?;
            for (name, entry) in header.map_err(damaged)? {
                let stored = StoredTensor {
                    file: number,
                    element: StoredDtype::of_safetensors(&entry.dtype),
                    type_name: entry.dtype,
                    shape: entry.shape,
                    change: None,
                    source: TensorLocation::At {
                        start: entry.bytes.start,
                        length: entry.bytes.end - entry.bytes.start,
                    },
                };
                found.push((name, stored));
            }
        }
        self.files.push(WeightFile::new(path.to_owned(), file)?);
        let mut copies = Vec::new();
        for (name, stored) in found {
            if let Some(other) = self.tensors.insert(name.clone(), stored) {
                copies.push((name, other));
            }
        }
        Ok(copies)
    }

    /// Decides which of several tensors of one name counts: all are alike, or the index names the last file that has it.
    ///
    /// transformers takes the last file's, whatever the index says; where the two differ, nobody knows what is meant.
    fn choose(
        &self,
        copies: Vec<(String, StoredTensor)>,
        index: Option<(&Path, &WeightIndex)>,
    ) -> Result<(), CheckpointError> {
        for (name, copy) in copies {
            let Some(last) = self.tensors.get(&name) else {
                continue;
            };
            let path = &self.files[last.file].path;
            let named = index.and_then(|(folder, index)| {
                let shard = index.weight_map.get(&name)?;
                Some(folder.join(shard))
            });
            if named.as_ref() != Some(path) && !self.equal(last, &copy)? {
                return Err(CheckpointError::Twice {
                    name,
                    first: self.files[copy.file].path.clone(),
                    second: path.clone(),
                });
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

    fn equal(&self, one: &StoredTensor, other: &StoredTensor) -> Result<bool, CheckpointError> {
        let WeightFile { path, file, .. } = &self.files[one.file];
        one.equals(file, other, &self.files[other.file].file)
            .map_err(unreadable(path))
    }

    /// The files that hold the tensors, wherever below the folder they lie.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Checks, once all tensors were taken, that they are those of one model: fails if a file was changed since it was
    /// opened, and for a GGUF file with tensors that nobody took, which llama.cpp refuses too. Such tensors are part of
    /// the arithmetic of a model that its metadata do not describe.
    pub fn check_taken(&self) -> Result<(), CheckpointError> {
        let unused = self.unused();
        if let (true, Some(first)) = (self.exact && !unused.is_empty(), self.files.first()) {
            return Err(CheckpointError::TooManyTensors {
                path: first.path.clone(),
                names: unused.into_iter().map(str::to_owned).collect(),
            });
        }
        for WeightFile { path, file, opened } in &self.files {
            if state(path, file)? != *opened {
                return Err(CheckpointError::Changed { path: path.clone() });
            }
        }
        Ok(())
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Whether two tensors hold the same numbers in the same type and shape; `None` unless both are there.
    pub fn alike(&self, one: &str, other: &str) -> Result<Option<bool>, CheckpointError> {
        match (self.tensors.get(one), self.tensors.get(other)) {
            (Some(one), Some(other)) => self.equal(one, other).map(Some),
            (Some(_) | None, None) | (None, Some(_)) => Ok(None),
        }
    }

    /// Says that the model has no need of this tensor, whose numbers another one has too.
    pub fn pass_over(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// The type that suits computing with most of the numbers; `None` where none is in a type of ours.
    pub fn dtype(&self) -> Option<Dtype> {
        let count = |dtype: Dtype| -> usize {
            let of_type = self
                .tensors
                .values()
                .filter(|stored| stored.element.map(StoredDtype::dtype) == Some(dtype));
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
    /// Fails if there is no such tensor, if its shape is another, if it is stored in a type that is not read, and if one of
    /// its numbers is not finite, in the file or as `dtype`.
    pub fn take(
        &mut self,
        name: &str,
        shape: &[usize],
        dtype: Dtype,
    ) -> Result<TensorValues, CheckpointError> {
        let Some(stored) = self.tensors.get(name) else {
            return Err(self.missing(name, shape));
        };
        let WeightFile { path, file, .. } = &self.files[stored.file];
        // Before the shape: what is packed has another one.
        let Some(from) = stored.element else {
            return Err(CheckpointError::Element {
                name: name.to_owned(),
                path: path.clone(),
                element: stored.type_name.clone(),
            });
        };
        if stored.shape != shape {
            return Err(CheckpointError::Shape {
                path: path.clone(),
                name: name.to_owned(),
                found: stored.shape.clone(),
                expected: shape.to_vec(),
            });
        }
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
        let bytes = stored.bytes(file).map_err(failed)?;
        // A number that is taken off is taken off before the rest is rounded.
        let read_as = match stored.change {
            Some(GgufChange::OnePlus) => Dtype::F32,
            Some(GgufChange::HalvesInTurn { .. } | GgufChange::PartsOfHeads { .. }) | None => dtype,
        };
        let (mut values, unusable) =
            TensorValues::read(elements, from, read_as, |place, buffer| {
                bytes.read(place, buffer)
            })
            .map_err(failed)?;
        if let Some(change) = stored.change {
            values = values
                .changed(change, shape)
                .ok_or_else(|| CheckpointError::Damaged {
                    path: path.clone(),
                    problem: format!("`{name}` cannot be split into the heads of the model"),
                })?
                .narrowed(dtype);
        }
        if unusable.stored > 0 {
            return Err(CheckpointError::NotFinite {
                name: name.to_owned(),
                path: path.clone(),
                count: unusable.stored,
            });
        }
        if unusable.overflowing > 0 {
            return Err(CheckpointError::Overflow {
                name: name.to_owned(),
                path: path.clone(),
                count: unusable.overflowing,
                dtype,
            });
        }
        self.taken.insert(name.to_owned());
        Ok(values)
    }

    /// Why a tensor is not there: a quantizer has put others in its place, or for no reason that is known.
    fn missing(&self, name: &str, shape: &[usize]) -> CheckpointError {
        let module = name.strip_suffix(".weight").unwrap_or(name);
        let packed = QUANTIZED.map(|end| format!("{module}.{end}"));
        let found = packed.into_iter().find_map(|packed| {
            let stored = self.tensors.get(&packed)?;
            Some((packed, self.files[stored.file].path.clone()))
        });
        match found {
            Some((found, path)) => CheckpointError::Quantized {
                path,
                name: name.to_owned(),
                found,
            },
            None => CheckpointError::MissingTensor {
                files: self.files().map(Path::to_owned).collect(),
                name: name.to_owned(),
                shape: shape.to_vec(),
            },
        }
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

/// A file of weights.
struct WeightFile {
    path: PathBuf,
    file: File,
    /// What it was when it was opened.
    opened: FileState,
}

/// The length of a file, and when it was last changed.
type FileState = (u64, Option<SystemTime>);

impl WeightFile {
    fn new(path: PathBuf, file: File) -> Result<Self, CheckpointError> {
        let opened = state(&path, &file)?;
        Ok(Self { path, file, opened })
    }
}

fn state(path: &Path, file: &File) -> Result<FileState, CheckpointError> {
    let metadata = file.metadata().map_err(unreadable(path))?;
    // Not every file system knows when.
    Ok((metadata.len(), metadata.modified().ok()))
}

/// What stands for `weight` in quantized models: GPTQ's and AWQ's, and that of compressed-tensors.
const QUANTIZED: [&str; 2] = ["qweight", "weight_packed"];

fn unreadable(path: &Path) -> impl Fn(io::Error) -> CheckpointError {
    move |source| CheckpointError::Read {
        path: path.to_owned(),
        source,
    }
}
