//! A tensor in a file, whichever kind of file it is.

use super::values::StoredDtype;
use crate::gguf::GgufChange;
use std::{fs::File, io, io::Read, os::unix::fs::FileExt};

/// A tensor in a file.
pub(super) struct StoredTensor {
    /// The file's number.
    pub(super) file: usize,
    pub(super) element: Option<StoredDtype>,
    /// The element type's name, for messages.
    pub(super) type_name: String,
    pub(super) shape: Vec<usize>,
    /// How it differs from what is used.
    pub(super) change: Option<GgufChange>,
    pub(super) source: TensorLocation,
}

/// Where the bytes of a tensor are.
pub(super) enum TensorLocation {
    /// Bytes in the file.
    At { start: u64, length: u64 },
    /// What the reader of `.bin` files knows.
    Pytorch(pytorch_reader::Tensor),
}

/// A tensor's bytes, from which pieces are read.
pub(super) enum TensorBytes<'a> {
    InFile {
        file: &'a File,
        start: u64,
        length: u64,
    },
    InMemory(Vec<u8>),
}

impl StoredTensor {
    /// The bytes; `file` is the tensor's.
    pub(super) fn bytes<'a>(&self, file: &'a File) -> io::Result<TensorBytes<'a>> {
        Ok(match &self.source {
            &TensorLocation::At { start, length } => TensorBytes::InFile {
                file,
                start,
                length,
            },
            TensorLocation::Pytorch(tensor) => TensorBytes::InMemory(tensor.read()?),
        })
    }

    /// Whether both hold the same numbers in the same type and shape.
    pub(super) fn equals(&self, file: &File, other: &Self, its_file: &File) -> io::Result<bool> {
        if (&self.type_name, &self.shape) != (&other.type_name, &other.shape) {
            return Ok(false);
        }
        let (one, two) = (self.bytes(file)?, other.bytes(its_file)?);
        if one.length() != two.length() {
            return Ok(false);
        }
        let mut place = 0;
        while place < one.length() {
            let piece = (one.length() - place).min(PIECE) as usize;
            let mut pieces = [vec![0; piece], vec![0; piece]];
            one.read(place, &mut pieces[0])?;
            two.read(place, &mut pieces[1])?;
            if pieces[0] != pieces[1] {
                return Ok(false);
            }
            place += PIECE;
        }
        Ok(true)
    }
}

/// Bytes that are compared at a time.
const PIECE: u64 = 1 << 20;

impl TensorBytes<'_> {
    /// Fills `buffer` with the bytes from a place of the tensor on.
    pub(super) fn read(&self, place: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::InFile { file, start, .. } => file.read_exact_at(buffer, start + place),
            Self::InMemory(bytes) => {
                // Where too few are left, reading ends in an error that says so.
                let mut rest = &bytes[bytes.len().min(place as usize)..];
                rest.read_exact(buffer)
            }
        }
    }

    fn length(&self) -> u64 {
        match self {
            Self::InFile { length, .. } => *length,
            Self::InMemory(bytes) => bytes.len() as u64,
        }
    }
}
