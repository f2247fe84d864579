//! Matrices in safetensors files that are written here: adapters, whole models and the state of a training.

use crate::LmError;
use safetensors::{SafeTensors, tensor::TensorView};
use std::{borrow::Cow, collections::BTreeMap, path::Path};

/// A matrix that is read.
pub(crate) struct Read {
    pub(crate) shape: [usize; 2],
    /// Row by row.
    pub(crate) values: Vec<f32>,
}

/// A tensor that is to be written.
pub(crate) struct Matrix {
    name: String,
    shape: Vec<usize>,
    dtype: safetensors::Dtype,
    bytes: Vec<u8>,
}

impl Matrix {
    /// In f32.
    pub(crate) fn new(name: String, shape: [usize; 2], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self::of_bytes(name, shape.into(), safetensors::Dtype::F32, bytes)
    }

    pub(crate) fn of_bytes(
        name: String,
        shape: Vec<usize>,
        dtype: safetensors::Dtype,
        bytes: Vec<u8>,
    ) -> Self {
        Self {
            name,
            shape,
            dtype,
            bytes,
        }
    }
}

pub(crate) fn read_text(path: &Path) -> Result<String, LmError> {
    std::fs::read_to_string(path).map_err(|source| unreadable(path, source))
}

/// All matrices of a file by name.
pub(crate) fn read_matrices(path: &Path) -> Result<BTreeMap<String, Read>, LmError> {
    let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
    let problem = |problem: String| LmError::Adapter {
        path: path.to_owned(),
        problem,
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| problem(error.to_string()))?;
    let mut matrices = BTreeMap::new();
    for (name, tensor) in tensors.tensors() {
        let &[rows, columns] = tensor.shape() else {
            return Err(problem(format!("tensor `{name}` is no matrix")));
        };
        let values = numbers(&tensor)
            .ok_or_else(|| problem(format!("tensor `{name}` is {:?}", tensor.dtype())))?;
        let shape = [rows, columns];
        matrices.insert(name, Read { shape, values });
    }
    Ok(matrices)
}

fn numbers(tensor: &TensorView) -> Option<Vec<f32>> {
    let bytes = tensor.data();
    let (pairs, _) = bytes.as_chunks::<2>();
    let (fours, _) = bytes.as_chunks::<4>();
    match tensor.dtype() {
        safetensors::Dtype::F32 => Some(fours.iter().map(|x| f32::from_le_bytes(*x)).collect()),
        safetensors::Dtype::BF16 => {
            let wide = |x: &[u8; 2]| half::bf16::from_le_bytes(*x).to_f32();
            Some(pairs.iter().map(wide).collect())
        }
        safetensors::Dtype::F16 => {
            let wide = |x: &[u8; 2]| half::f16::from_le_bytes(*x).to_f32();
            Some(pairs.iter().map(wide).collect())
        }
        _ => None,
    }
}

/// Writes a file of tensors, which transformers and PEFT read as one of PyTorch.
pub(crate) fn write_matrices(path: &Path, tensors: Vec<Matrix>) -> Result<(), LmError> {
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    let tensors: Vec<(String, View)> = tensors
        .into_iter()
        .map(|matrix| (matrix.name.clone(), View(matrix)))
        .collect();
    let file =
        safetensors::serialize(tensors, Some(metadata)).map_err(|error| LmError::Compute {
            problem: error.to_string(),
        })?;
    write(path, &file)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), LmError> {
    std::fs::write(path, bytes).map_err(|source| LmError::Unwritable {
        path: path.to_owned(),
        source,
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> LmError {
    LmError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

struct View(Matrix);

impl safetensors::View for View {
    fn dtype(&self) -> safetensors::Dtype {
        self.0.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0.bytes)
    }

    fn data_len(&self) -> usize {
        self.0.bytes.len()
    }
}
