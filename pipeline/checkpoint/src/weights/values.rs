//! Element types, and their conversion while a tensor is read.

use crate::gguf::BlockType;
use clika_base::named_enum;
use half::{bf16, f16};
use rayon::prelude::*;
use std::io;

named_enum! {
    /// An element type that weights are stored or computed in.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Dtype {
        /// 32 bits.
        F32 = ("f32", "32 bits"),
        /// 16 bits: 8 of exponent, 7 of fraction.
        Bf16 = ("bf16", "16 bits with the range of f32"),
        /// 16 bits: 5 of exponent, 10 of fraction.
        F16 = ("f16", "16 bits with more precision and less range"),
    }
}

impl Dtype {
    /// What to do where a model gives NaN or infinity in this type.
    pub const fn beyond_range(self) -> &'static str {
        match self {
            Self::F16 => "f16 overflows: try bf16 or f32",
            Self::F32 | Self::Bf16 => {
                "use another checkpoint or adapter; if clika trained it, train again with a lower learning rate"
            }
        }
    }

    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}

/// An element type that weights may have on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredDtype {
    F64,
    F32,
    F16,
    Bf16,
    /// Blocks of a scale and small whole numbers.
    Quantized(BlockType),
}

impl StoredDtype {
    /// By the format's type.
    pub(super) const fn of_gguf(block: BlockType) -> Self {
        match block {
            BlockType::F32 => Self::F32,
            BlockType::F16 => Self::F16,
            BlockType::Bf16 => Self::Bf16,
            other => Self::Quantized(other),
        }
    }

    /// By safetensors' name.
    pub(super) fn of_safetensors(name: &str) -> Option<Self> {
        match name {
            "F64" => Some(Self::F64),
            "F32" => Some(Self::F32),
            "F16" => Some(Self::F16),
            "BF16" => Some(Self::Bf16),
            _ => None,
        }
    }

    /// The numbers that are stored together, one but for blocks, and their bytes.
    pub(super) const fn size(self) -> (usize, usize) {
        match self {
            Self::F64 => (1, 8),
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Quantized(block) => block.size(),
        }
    }

    /// The type that suits computing with it.
    pub(super) const fn dtype(self) -> Dtype {
        match self {
            // What a block's numbers are is defined in f32.
            Self::F64 | Self::F32 | Self::Quantized(_) => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::Bf16 => Dtype::Bf16,
        }
    }
}

/// Numbers of a tensor in the type they are computed in.
pub enum TensorValues {
    /// 32 bits.
    F32(Vec<f32>),
    /// 16 bits, 10 of them fraction.
    F16(Vec<f16>),
    /// 16 bits, 7 of them fraction.
    Bf16(Vec<bf16>),
}

/// Numbers of a tensor that cannot be computed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UnusableValues {
    /// NaN or infinity in the file.
    pub(super) stored: usize,
    /// Finite in the file, and beyond the range of the type they are computed in.
    pub(super) overflowing: usize,
}

impl std::iter::Sum for UnusableValues {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            stored: sum.stored + part.stored,
            overflowing: sum.overflowing + part.overflowing,
        })
    }
}

/// Bytes that a thread reads at a time, straight into their place.
const CHUNK: usize = 1 << 20;

/// Numbers that a thread converts at a time: few enough that a tensor of a small model is work for several.
const CONVERTED: usize = 1 << 16;

/// Numbers that are in f32 at a time while they are converted: a whole number of blocks of any type.
const PIECE: usize = 1 << 10;

impl TensorValues {
    /// Reads `elements` numbers stored as `from` and keeps them as `to`; `read` fills a buffer with the bytes from a
    /// place on, on several threads: the kernel's copying is what loading a model takes.
    ///
    /// Also returns how many of them are not finite, in the file or as they are kept.
    pub(super) fn read(
        elements: usize,
        from: StoredDtype,
        to: Dtype,
        read: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
    ) -> io::Result<(Self, UnusableValues)> {
        Ok(match to {
            // As they are in the file: straight into their place.
            Dtype::F32 if from == StoredDtype::F32 => {
                let mut values = vec![0_f32; elements];
                let chunks = values.par_chunks_mut(CHUNK / 4).enumerate();
                let unusable = chunks
                    .map(|(number, chunk)| {
                        read((number * CHUNK) as u64, bytemuck::cast_slice_mut(chunk))?;
                        let finite = chunk
                            .iter()
                            .fold(true, |all, value| all & value.is_finite());
                        let stored = if finite {
                            0
                        } else {
                            chunk.iter().filter(|value| !value.is_finite()).count()
                        };
                        Ok(UnusableValues {
                            stored,
                            overflowing: 0,
                        })
                    })
                    .sum::<io::Result<UnusableValues>>()?;
                (Self::F32(values), unusable)
            }
            Dtype::F32 => {
                let (values, unusable) = convert(elements, from, read)?;
                (Self::F32(values), unusable)
            }
            Dtype::F16 => {
                let (values, unusable) = convert(elements, from, read)?;
                (Self::F16(values), unusable)
            }
            Dtype::Bf16 => {
                let (values, unusable) = convert(elements, from, read)?;
                (Self::Bf16(values), unusable)
            }
        })
    }
}

/// A number as it is kept.
pub(super) trait Number: Copy + Default + Send {
    fn of(number: f32) -> Self;
    fn wide(self) -> f32;
    fn is_finite(self) -> bool;
}

impl Number for f32 {
    fn of(number: f32) -> Self {
        number
    }

    fn wide(self) -> f32 {
        self
    }

    fn is_finite(self) -> bool {
        Self::is_finite(self)
    }
}

impl Number for f16 {
    fn of(number: f32) -> Self {
        Self::from_f32(number)
    }

    fn wide(self) -> f32 {
        self.to_f32()
    }

    fn is_finite(self) -> bool {
        Self::is_finite(self)
    }
}

impl Number for bf16 {
    fn of(number: f32) -> Self {
        Self::from_f32(number)
    }

    fn wide(self) -> f32 {
        self.to_f32()
    }

    fn is_finite(self) -> bool {
        Self::is_finite(self)
    }
}

fn convert<T: Number>(
    elements: usize,
    from: StoredDtype,
    read: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
) -> io::Result<(Vec<T>, UnusableValues)> {
    let (count, size) = from.size();
    let mut values = vec![T::default(); elements];
    let chunks = values.par_chunks_mut(CONVERTED).enumerate();
    let unusable = chunks
        .map(|(number, chunk)| {
            let mut bytes = vec![0; chunk.len() / count * size];
            read((number * (CONVERTED / count * size)) as u64, &mut bytes)?;
            let pieces = bytes.chunks(PIECE / count * size);
            let mut numbers = [0.0; PIECE];
            Ok(chunk
                .chunks_mut(PIECE)
                .zip(pieces)
                .map(|(kept, bytes)| {
                    let numbers = &mut numbers[..kept.len()];
                    let beyond = widen(bytes, from, numbers);
                    let mut unusable = keep(kept, numbers);
                    unusable.stored -= beyond;
                    unusable.overflowing += beyond;
                    unusable
                })
                .sum())
        })
        .sum::<io::Result<UnusableValues>>()?;
    Ok((values, unusable))
}

/// Turns stored numbers into f32, and counts those that are finite in the file alone.
fn widen(bytes: &[u8], from: StoredDtype, numbers: &mut [f32]) -> usize {
    match from {
        // As PyTorch does: to the nearest f32, and from there on.
        StoredDtype::F64 => {
            let wide = bytes.as_chunks().0.iter();
            let wide = wide.map(|bytes| f64::from_le_bytes(*bytes));
            let mut beyond = 0;
            for (number, wide) in numbers.iter_mut().zip(wide) {
                *number = wide as f32;
                beyond += usize::from(wide.is_finite() && !number.is_finite());
            }
            return beyond;
        }
        StoredDtype::F32 => BlockType::F32.dequantize(bytes, numbers),
        StoredDtype::F16 => BlockType::F16.dequantize(bytes, numbers),
        StoredDtype::Bf16 => BlockType::Bf16.dequantize(bytes, numbers),
        StoredDtype::Quantized(block) => block.dequantize(bytes, numbers),
    }
    0
}

/// Fills `kept`, and counts the numbers that are not finite.
fn keep<T: Number>(kept: &mut [T], numbers: &[f32]) -> UnusableValues {
    let mut unusable = UnusableValues::default();
    let mut all_finite = true;
    for (kept, number) in kept.iter_mut().zip(numbers) {
        *kept = T::of(*number);
        all_finite &= number.is_finite() & kept.is_finite();
    }
    if all_finite {
        return unusable;
    }
    for (kept, number) in kept.iter().zip(numbers) {
        let stored = !number.is_finite();
        unusable.stored += usize::from(stored);
        unusable.overflowing += usize::from(!stored && !kept.is_finite());
    }
    unusable
}

#[cfg(test)]
mod tests {
    use super::{BlockType, CHUNK, CONVERTED, Dtype, StoredDtype, TensorValues, UnusableValues};

    #[test]
    fn what_is_read_in_pieces_is_in_its_place() {
        // Whole numbers that all types hold, and a last piece that is not full.
        let numbers: Vec<f32> = (0..2 * CHUNK / 4 + 3).map(|n| (n % 251) as f32).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let read = |to| {
            TensorValues::read(numbers.len(), StoredDtype::F32, to, |place, buffer| {
                buffer.copy_from_slice(&bytes[place as usize..][..buffer.len()]);
                Ok(())
            })
            .unwrap()
        };
        let none = UnusableValues::default();
        let (TensorValues::F32(same), found) = read(Dtype::F32) else {
            panic!("f32 is what was asked for")
        };
        assert_eq!(found, none);
        assert_eq!(same, numbers);
        let (TensorValues::Bf16(shorter), found) = read(Dtype::Bf16) else {
            panic!("bf16 is what was asked for")
        };
        assert_eq!(found, none);
        assert!(
            shorter
                .iter()
                .map(|n| n.to_f32())
                .eq(numbers.iter().copied())
        );
    }

    #[test]
    fn quantized_numbers_that_are_read_in_pieces_are_in_their_places() {
        // Blocks of 32 whole numbers with the scale 1, which is 0x3C00 in f16; the last piece is not full.
        let code = |n: usize| (n % 251) as u8;
        let count = 32 * (3 * CONVERTED / 32 + 5);
        let mut bytes = Vec::new();
        for block in 0..count / 32 {
            bytes.extend([0x00, 0x3C]);
            bytes.extend((0..32).map(|n| code(32 * block + n)));
        }
        let from = StoredDtype::Quantized(BlockType::Q8_0);
        let (values, found) = TensorValues::read(count, from, Dtype::F32, |place, buffer| {
            buffer.copy_from_slice(&bytes[place as usize..][..buffer.len()]);
            Ok(())
        })
        .unwrap();
        let TensorValues::F32(values) = values else {
            panic!("f32 is what was asked for")
        };
        assert_eq!(found, UnusableValues::default());
        let expected = (0..count).map(|n| f32::from(code(n).cast_signed()));
        assert!(values.iter().copied().eq(expected));
    }

    #[test]
    fn numbers_beyond_a_types_range_are_counted_apart() {
        // IEEE 754: f16 ends at 65504, and 65520 is the first number that is rounded to infinity; bf16 has f32's range but
        // for its last half step.
        let numbers = [65_504.0, 65_519.0, 65_520.0, -1e6, f32::NAN, f32::MAX];
        let bytes: Vec<u8> = numbers.iter().flat_map(|n: &f32| n.to_le_bytes()).collect();
        let unusable = |to| {
            let (_, found) =
                TensorValues::read(numbers.len(), StoredDtype::F32, to, |place, buffer| {
                    buffer.copy_from_slice(&bytes[place as usize..][..buffer.len()]);
                    Ok(())
                })
                .unwrap();
            (found.stored, found.overflowing)
        };
        assert_eq!(unusable(Dtype::F32), (1, 0));
        assert_eq!(unusable(Dtype::F16), (1, 3));
        assert_eq!(unusable(Dtype::Bf16), (1, 1));
    }

    #[test]
    fn f64_is_rounded_to_the_nearest_f32() {
        // By hand: the f32 nearest to 0.1 is 13421773 / 2^27.
        let read = |number: f64| {
            TensorValues::read(1, StoredDtype::F64, Dtype::F32, |_, buffer| {
                buffer.copy_from_slice(&number.to_le_bytes());
                Ok(())
            })
            .unwrap()
        };
        let (TensorValues::F32(values), found) = read(0.1) else {
            panic!("f32 is what was asked for")
        };
        assert_eq!(values, [13_421_773.0 / 134_217_728.0]);
        assert_eq!(found, UnusableValues::default());
        // The largest f32 is about 3.4e38.
        for (number, stored, overflowing) in [(-1e39, 0, 1), (f64::INFINITY, 1, 0)] {
            let (_, found) = read(number);
            assert_eq!((found.stored, found.overflowing), (stored, overflowing));
        }
    }
}
