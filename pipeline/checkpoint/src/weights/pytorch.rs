//! PyTorch's `.bin` files, through a reader that runs no code of theirs.

use super::values::Element;
use pytorch_reader::{DType, PickleError, PytorchError, PytorchReader, Tensor};
use std::{collections::HashMap, path::Path};

/// Why a file cannot be read.
pub(super) enum Refused {
    /// It holds something that the reader has no form for, such as `torch.float8_e4m3fn`.
    Type(String),
    /// It is cut off, or no such file.
    Damaged(String),
}

/// The tensors of a file; their bytes stay in it until they are asked for.
pub(super) fn open(path: &Path) -> Result<HashMap<String, Tensor>, Refused> {
    match PytorchReader::new(path) {
        Ok(reader) => Ok(reader.into_tensors()),
        Err(PytorchError::Pickle(PickleError::UnsupportedType(name))) => Err(Refused::Type(name)),
        Err(error) => Err(Refused::Damaged(error.to_string())),
    }
}

/// The element type, where it is one of ours.
pub(super) fn element(tensor: &Tensor) -> Option<Element> {
    match tensor.dtype() {
        DType::F64 => Some(Element::F64),
        DType::F32 => Some(Element::F32),
        DType::F16 => Some(Element::F16),
        DType::BF16 => Some(Element::Bf16),
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
