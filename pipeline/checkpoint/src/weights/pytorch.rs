//! PyTorch's `.bin` files, through a reader that runs no code of theirs.

use super::Dtype;
use pytorch_reader::{DType, PytorchReader, Tensor};
use std::{collections::HashMap, path::Path};

/// The tensors of a file; their bytes stay in it until they are asked for.
pub(super) fn open(path: &Path) -> Result<HashMap<String, Tensor>, String> {
    let reader = PytorchReader::new(path).map_err(|error| error.to_string())?;
    Ok(reader.into_tensors())
}

/// The element type, where it is one of ours.
pub(super) fn dtype(tensor: &Tensor) -> Option<Dtype> {
    match tensor.dtype() {
        DType::F32 => Some(Dtype::F32),
        DType::F16 => Some(Dtype::F16),
        DType::BF16 => Some(Dtype::Bf16),
        _ => None,
    }
}
