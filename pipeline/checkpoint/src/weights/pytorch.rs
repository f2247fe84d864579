//! PyTorch's `.bin` files, through a reader that runs no code of theirs.

use super::values::StoredDtype;
use pytorch_reader::{DType, PickleError, PytorchError, PytorchReader, Tensor};
use std::{collections::HashMap, path::Path};

/// Why a `.bin` file cannot be read.
pub(super) enum UnreadableFile {
    /// It holds something that the reader has no form for, such as `torch.float8_e4m3fn`.
    Type(String),
    /// It is cut off, or no such file.
    Damaged(String),
}

/// The tensors of a file; their bytes stay in it until they are asked for.
pub(super) fn open(path: &Path) -> Result<HashMap<String, Tensor>, UnreadableFile> {
    match PytorchReader::new(path) {
        Ok(reader) => Ok(reader.into_tensors()),
        Err(PytorchError::Pickle(PickleError::UnsupportedType(name))) => {
            Err(UnreadableFile::Type(name))
        }
        Err(error) => Err(UnreadableFile::Damaged(error.to_string())),
    }
}

/// The element type, where it is one of ours.
pub(super) fn element(tensor: &Tensor) -> Option<StoredDtype> {
    match tensor.dtype() {
        DType::F64 => Some(StoredDtype::F64),
        DType::F32 => Some(StoredDtype::F32),
        DType::F16 => Some(StoredDtype::F16),
        DType::BF16 => Some(StoredDtype::Bf16),
        DType::I64
        | DType::I32
        | DType::I16
        | DType::I8
        | DType::U64
        | DType::U32
        | DType::U16
        | DType::U8
        | DType::Bool => None,
    }
}
