//! Matrices in safetensors files that are written here: adapters, whole models and the state of a training.

use crate::{Dtype, LmError, decoder::is_finite};
use burn::tensor::{DType, Tensor};
use safetensors::{SafeTensorError, SafeTensors, View, tensor::TensorView};
use std::{borrow::Cow, collections::BTreeMap, path::Path};

/// A matrix that was read from a file.
pub(crate) struct StoredMatrix {
    pub(crate) shape: [usize; 2],
    /// Row by row.
    pub(crate) values: Vec<f32>,
}

/// A tensor to write, with its name.
pub(crate) struct NamedTensor {
    name: String,
    shape: Vec<usize>,
    numbers: Tensor<2>,
}

impl NamedTensor {
    fn of_type(&self) -> Dtype {
        match self.numbers.dtype() {
            DType::F32 => Dtype::F32,
            DType::F16 => Dtype::F16,
            DType::BF16 => Dtype::Bf16,
            other => unreachable!("no weight is loaded as {other:?}"),
        }
    }

    pub(crate) fn new(name: String, numbers: Tensor<2>) -> Self {
        let shape = numbers.dims().into();
        Self {
            name,
            shape,
            numbers,
        }
    }

    /// Of `[1, width]`, to be written as `[width]`.
    pub(crate) fn vector(name: String, numbers: Tensor<2>) -> Self {
        let [_, width] = numbers.dims();
        Self {
            shape: vec![width],
            ..Self::new(name, numbers)
        }
    }
}

pub(crate) fn read_text(path: &Path) -> Result<String, LmError> {
    std::fs::read_to_string(path).map_err(|source| unreadable(path, source))
}

/// All matrices of a file by name.
pub(crate) fn read_matrices(path: &Path) -> Result<BTreeMap<String, StoredMatrix>, LmError> {
    let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
    let problem = |problem: String| LmError::Damaged {
        path: path.to_owned(),
        problem,
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| problem(error.to_string()))?;
    let mut matrices = BTreeMap::new();
    for (name, tensor) in tensors.tensors() {
        let &[rows, columns] = tensor.shape() else {
            return Err(problem(format!("tensor `{name}` is not a matrix")));
        };
        let values = numbers(&tensor)
            .ok_or_else(|| problem(format!("tensor `{name}` is {:?}", tensor.dtype())))?;
        let shape = [rows, columns];
        matrices.insert(name, StoredMatrix { shape, values });
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

/// Writes a file of tensors, which transformers and PEFT read as one of PyTorch, a tensor at a time.
///
/// # Errors
/// [`LmError::WouldNotBeFinite`] for NaN and infinity, before anything is written: whoever loaded the file would get a model
/// that answers nothing.
pub(crate) fn write_matrices(path: &Path, tensors: Vec<NamedTensor>) -> Result<(), LmError> {
    for tensor in &tensors {
        if !is_finite(&tensor.numbers)? {
            return Err(LmError::WouldNotBeFinite {
                path: path.to_owned(),
                name: tensor.name.clone(),
                dtype: tensor.of_type(),
            });
        }
    }
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    let tensors = tensors.into_iter().map(|it| (it.name.clone(), it));
    match safetensors::serialize_to_file(tensors, Some(metadata), path) {
        Ok(()) => Ok(()),
        Err(SafeTensorError::IoError(source)) => Err(unwritable(path, source)),
        Err(error) => unreachable!("names differ, and shapes are those of tensors: {error}"),
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), LmError> {
    std::fs::write(path, bytes).map_err(|source| unwritable(path, source))
}

fn unreadable(path: &Path, source: std::io::Error) -> LmError {
    LmError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn unwritable(path: &Path, source: std::io::Error) -> LmError {
    LmError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

impl View for NamedTensor {
    fn dtype(&self) -> safetensors::Dtype {
        match self.of_type() {
            Dtype::F32 => safetensors::Dtype::F32,
            Dtype::F16 => safetensors::Dtype::F16,
            Dtype::Bf16 => safetensors::Dtype::BF16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.numbers.clone().into_data().as_bytes().to_vec())
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.numbers.dtype().size()
    }
}
