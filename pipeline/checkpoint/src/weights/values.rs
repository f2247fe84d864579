//! Element types, and their conversion while a tensor is read.

use half::{bf16, f16};
use rayon::prelude::*;
use std::io;

/// An element type that weights are stored or computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 32 bits.
    F32,
    /// 16 bits: 5 of exponent, 10 of fraction.
    F16,
    /// 16 bits: 8 of exponent, 7 of fraction.
    Bf16,
}

impl Dtype {
    /// The name on the command line and in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    pub(super) fn of_safetensors(name: &str) -> Option<Self> {
        match name {
            "F32" => Some(Self::F32),
            "F16" => Some(Self::F16),
            "BF16" => Some(Self::Bf16),
            _ => None,
        }
    }
}

/// Numbers of a tensor in the type they are computed in.
pub enum Values {
    /// 32 bits.
    F32(Vec<f32>),
    /// 16 bits, 10 of them fraction.
    F16(Vec<f16>),
    /// 16 bits, 7 of them fraction.
    Bf16(Vec<bf16>),
}

/// Bytes that a thread reads at a time.
const CHUNK: usize = 1 << 20;

impl Values {
    /// Reads `elements` numbers stored as `from` and keeps them as `to`; `read` fills a buffer with the bytes from a
    /// place on, on several threads: the kernel's copying is what loading a model takes.
    ///
    /// Also returns how many of them are not finite.
    pub(super) fn read(
        elements: usize,
        from: Dtype,
        to: Dtype,
        read: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
    ) -> io::Result<(Self, usize)> {
        Ok(match to {
            // As they are in the file: straight into their place.
            Dtype::F32 if from == to => {
                let mut values = vec![0_f32; elements];
                let chunks = values.par_chunks_mut(CHUNK / 4).enumerate();
                let bad = chunks
                    .map(|(number, chunk)| {
                        read((number * CHUNK) as u64, bytemuck::cast_slice_mut(chunk))?;
                        Ok(chunk.iter().filter(|value| !value.is_finite()).count())
                    })
                    .sum::<io::Result<usize>>()?;
                (Self::F32(values), bad)
            }
            Dtype::F32 => {
                let (values, bad) = convert(elements, from, read, |value| value)?;
                (Self::F32(values), bad)
            }
            Dtype::F16 => {
                let (values, bad) = convert(elements, from, read, f16::from_f32)?;
                (Self::F16(values), bad)
            }
            Dtype::Bf16 => {
                let (values, bad) = convert(elements, from, read, bf16::from_f32)?;
                (Self::Bf16(values), bad)
            }
        })
    }
}

fn convert<T: Copy + Default + Send>(
    elements: usize,
    from: Dtype,
    read: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
    as_kept: fn(f32) -> T,
) -> io::Result<(Vec<T>, usize)> {
    let width = from.bytes();
    let mut values = vec![T::default(); elements];
    let chunks = values.par_chunks_mut(CHUNK / width).enumerate();
    let bad = chunks
        .map(|(number, chunk)| {
            let mut bytes = vec![0; chunk.len() * width];
            read((number * CHUNK) as u64, &mut bytes)?;
            Ok(match from {
                Dtype::F32 => {
                    let numbers = bytes.as_chunks().0.iter();
                    keep(chunk, numbers.map(|n| f32::from_le_bytes(*n)), as_kept)
                }
                Dtype::F16 => {
                    let numbers = bytes.as_chunks().0.iter();
                    let numbers = numbers.map(|n| f16::from_le_bytes(*n).to_f32());
                    keep(chunk, numbers, as_kept)
                }
                Dtype::Bf16 => {
                    let numbers = bytes.as_chunks().0.iter();
                    let numbers = numbers.map(|n| bf16::from_le_bytes(*n).to_f32());
                    keep(chunk, numbers, as_kept)
                }
            })
        })
        .sum::<io::Result<usize>>()?;
    Ok((values, bad))
}

/// Fills `kept`, and counts the numbers that are not finite.
fn keep<T>(
    kept: &mut [T],
    numbers: impl Iterator<Item = f32>,
    as_kept: impl Fn(f32) -> T,
) -> usize {
    let mut bad = 0;
    for (kept, number) in kept.iter_mut().zip(numbers) {
        bad += usize::from(!number.is_finite());
        *kept = as_kept(number);
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Dtype, Values};

    #[test]
    fn what_is_read_in_pieces_is_in_its_place() {
        // Whole numbers that all types hold, and a last piece that is not full.
        let numbers: Vec<f32> = (0..2 * CHUNK / 4 + 3).map(|n| (n % 251) as f32).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let read = |to| {
            Values::read(numbers.len(), Dtype::F32, to, |place, buffer| {
                buffer.copy_from_slice(&bytes[place as usize..][..buffer.len()]);
                Ok(())
            })
            .unwrap()
        };
        let (Values::F32(same), 0) = read(Dtype::F32) else {
            panic!("f32 is what was asked for, and all numbers are finite")
        };
        assert_eq!(same, numbers);
        let (Values::Bf16(shorter), 0) = read(Dtype::Bf16) else {
            panic!("bf16 is what was asked for, and all numbers are finite")
        };
        assert!(
            shorter
                .iter()
                .map(|n| n.to_f32())
                .eq(numbers.iter().copied())
        );
    }
}
