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
}

/// An element type that weights are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    Bf16,
}

impl Element {
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

    /// Bytes of an element.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// The type that suits computing with it.
    pub(super) const fn dtype(self) -> Dtype {
        match self {
            Self::F64 | Self::F32 => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::Bf16 => Dtype::Bf16,
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
    /// Also returns how many of them are not finite as they are kept.
    pub(super) fn read(
        elements: usize,
        from: Element,
        to: Dtype,
        read: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
    ) -> io::Result<(Self, usize)> {
        Ok(match to {
            // As they are in the file: straight into their place.
            Dtype::F32 if from == Element::F32 => {
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
                let kept: Kept<f32> = (|value| value, f32::is_finite);
                let (values, bad) = convert(elements, from, read, kept)?;
                (Self::F32(values), bad)
            }
            Dtype::F16 => {
                let (values, bad) = convert(elements, from, read, (f16::from_f32, f16::is_finite))?;
                (Self::F16(values), bad)
            }
            Dtype::Bf16 => {
                let (values, bad) =
                    convert(elements, from, read, (bf16::from_f32, bf16::is_finite))?;
                (Self::Bf16(values), bad)
            }
        })
    }
}

fn convert<T: Copy + Default + Send>(
    elements: usize,
    from: Element,
    read: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
    kept: Kept<T>,
) -> io::Result<(Vec<T>, usize)> {
    let width = from.bytes();
    let mut values = vec![T::default(); elements];
    let chunks = values.par_chunks_mut(CHUNK / width).enumerate();
    let bad = chunks
        .map(|(number, chunk)| {
            let mut bytes = vec![0; chunk.len() * width];
            read((number * CHUNK) as u64, &mut bytes)?;
            Ok(match from {
                // As PyTorch does: to the nearest f32, and from there on.
                Element::F64 => {
                    let numbers = bytes.as_chunks().0.iter();
                    let numbers = numbers.map(|n| f64::from_le_bytes(*n) as f32);
                    keep(chunk, numbers, kept)
                }
                Element::F32 => {
                    let numbers = bytes.as_chunks().0.iter();
                    keep(chunk, numbers.map(|n| f32::from_le_bytes(*n)), kept)
                }
                Element::F16 => {
                    let numbers = bytes.as_chunks().0.iter();
                    let numbers = numbers.map(|n| f16::from_le_bytes(*n).to_f32());
                    keep(chunk, numbers, kept)
                }
                Element::Bf16 => {
                    let numbers = bytes.as_chunks().0.iter();
                    let numbers = numbers.map(|n| bf16::from_le_bytes(*n).to_f32());
                    keep(chunk, numbers, kept)
                }
            })
        })
        .sum::<io::Result<usize>>()?;
    Ok((values, bad))
}

/// Makes the number that is kept, and says whether it is finite.
type Kept<T> = (fn(f32) -> T, fn(T) -> bool);

/// Fills `place`, and counts the numbers that are not finite there: they were none before, or became too large.
fn keep<T: Copy>(
    place: &mut [T],
    numbers: impl Iterator<Item = f32>,
    (as_kept, is_finite): Kept<T>,
) -> usize {
    let mut bad = 0;
    for (place, number) in place.iter_mut().zip(numbers) {
        *place = as_kept(number);
        bad += usize::from(!is_finite(*place));
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Dtype, Element, Values};

    #[test]
    fn what_is_read_in_pieces_is_in_its_place() {
        // Whole numbers that all types hold, and a last piece that is not full.
        let numbers: Vec<f32> = (0..2 * CHUNK / 4 + 3).map(|n| (n % 251) as f32).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let read = |to| {
            Values::read(numbers.len(), Element::F32, to, |place, buffer| {
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
    /// What is kept as `to` of a number in f64, and how many of them are not finite.
    fn of_f64(number: f64, to: Dtype) -> (Values, usize) {
        Values::read(1, Element::F64, to, |_, buffer| {
            buffer.copy_from_slice(&number.to_le_bytes());
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn f64_is_rounded_and_what_is_too_large_is_counted() {
        // By hand: the f32 nearest to 0.1 is 13421773 / 2^27.
        let (Values::F32(values), 0) = of_f64(0.1, Dtype::F32) else {
            panic!("f32 is what was asked for")
        };
        assert_eq!(values, [13_421_773.0 / 134_217_728.0]);
        // 65504 is the largest f16.
        for (number, to, bad) in [
            (1e39, Dtype::F32, 1),
            (70_000.0, Dtype::F16, 1),
            (65_504.0, Dtype::F16, 0),
            (70_000.0, Dtype::Bf16, 0),
            (f64::NAN, Dtype::Bf16, 1),
        ] {
            assert_eq!(of_f64(number, to).1, bad, "{number} as {}", to.name());
        }
    }
}
