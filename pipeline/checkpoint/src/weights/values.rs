//! Element types, and their conversion while a tensor is read.

use half::{bf16, f16};
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

/// Bytes that are converted at a time.
const CHUNK: usize = 1 << 20;

impl Values {
    /// Reads `elements` numbers stored as `from` and keeps them as `to`; `read` fills a buffer with the next bytes.
    ///
    /// Also returns how many of them are not finite.
    pub(super) fn read(
        elements: usize,
        from: Dtype,
        to: Dtype,
        mut read: impl FnMut(&mut [u8]) -> io::Result<()>,
    ) -> io::Result<(Self, usize)> {
        let mut bad = 0;
        let values = match to {
            // As they are in the file: straight into their place.
            Dtype::F32 if from == to => {
                let mut values = vec![0_f32; elements];
                for chunk in values.chunks_mut(CHUNK / 4) {
                    read(bytemuck::cast_slice_mut(chunk))?;
                    bad += chunk.iter().filter(|value| !value.is_finite()).count();
                }
                Self::F32(values)
            }
            Dtype::F32 => Self::F32(convert(elements, from, &mut bad, read, |value| value)?),
            Dtype::F16 => Self::F16(convert(elements, from, &mut bad, read, f16::from_f32)?),
            Dtype::Bf16 => Self::Bf16(convert(elements, from, &mut bad, read, bf16::from_f32)?),
        };
        Ok((values, bad))
    }
}

fn convert<T>(
    elements: usize,
    from: Dtype,
    bad: &mut usize,
    mut read: impl FnMut(&mut [u8]) -> io::Result<()>,
    as_kept: fn(f32) -> T,
) -> io::Result<Vec<T>> {
    let mut values = Vec::with_capacity(elements);
    let width = from.bytes();
    let mut buffer = vec![0; CHUNK.min(elements * width)];
    let mut left = elements;
    while left > 0 {
        let now = left.min(CHUNK / width);
        let bytes = &mut buffer[..now * width];
        read(bytes)?;
        let mut keep = |value: f32| {
            *bad += usize::from(!value.is_finite());
            values.push(as_kept(value));
        };
        match from {
            Dtype::F32 => {
                let (numbers, _) = bytes.as_chunks::<4>();
                numbers.iter().for_each(|n| keep(f32::from_le_bytes(*n)));
            }
            Dtype::F16 => {
                let (numbers, _) = bytes.as_chunks::<2>();
                numbers
                    .iter()
                    .for_each(|n| keep(f16::from_le_bytes(*n).to_f32()));
            }
            Dtype::Bf16 => {
                let (numbers, _) = bytes.as_chunks::<2>();
                numbers
                    .iter()
                    .for_each(|n| keep(bf16::from_le_bytes(*n).to_f32()));
            }
        }
        left -= now;
    }
    Ok(values)
}
