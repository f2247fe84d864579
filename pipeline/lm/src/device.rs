//! Where a model runs.

use crate::{Dtype, LmError};
use burn::tensor::{DType, Device};
use std::fmt;

/// A device as the user names it: `auto`, `cpu`, `cuda:0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// A GPU by its number.
    Cuda(usize),
}

/// A device that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The processor.
    Cpu {
        /// Threads that are used.
        threads: usize,
    },
    /// A GPU.
    Cuda {
        /// Its number.
        index: usize,
        /// What the driver calls it.
        name: String,
    },
}

impl std::str::FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| "expected auto, cpu or cuda:N".to_owned()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu { .. } => f.write_str("cpu"),
            Self::Cuda { index, .. } => write!(f, "cuda:{index}"),
        }
    }
}

/// The devices of this machine, GPUs first.
pub fn places() -> Vec<Place> {
    let mut places = cuda_places();
    places.push(Place::Cpu {
        threads: rayon::current_num_threads(),
    });
    places
}

#[cfg(not(feature = "cuda"))]
fn cuda_places() -> Vec<Place> {
    Vec::new()
}

#[cfg(feature = "cuda")]
use crate::cuda::cuda_places;

impl DeviceChoice {
    /// The place that is meant, or what there is instead.
    pub fn place(self) -> Result<Place, LmError> {
        let there = places();
        let found = there.iter().find(|place| match (self, place) {
            (Self::Auto, _) => true,
            (Self::Cpu, Place::Cpu { .. }) => true,
            (Self::Cuda(asked), Place::Cuda { index, .. }) => asked == *index,
            (Self::Cpu, Place::Cuda { .. }) | (Self::Cuda(_), Place::Cpu { .. }) => false,
        });
        found.cloned().ok_or_else(|| {
            let names: Vec<_> = there.iter().map(ToString::to_string).collect();
            LmError::Device {
                asked: self.to_string(),
                there: if cfg!(feature = "cuda") {
                    names.join(", ")
                } else {
                    format!(
                        "{} (this binary was built without the feature `cuda`)",
                        names.join(", ")
                    )
                },
            }
        })
    }
}

impl Place {
    /// Whether it is the processor.
    pub const fn is_processor(&self) -> bool {
        matches!(self, Self::Cpu { .. })
    }

    /// burn's handle.
    pub fn device(&self) -> Device {
        match self {
            Self::Cpu { .. } => Device::flex(),
            #[cfg(feature = "cuda")]
            Self::Cuda { index, .. } => Device::cuda(*index),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda { .. } => unreachable!("only a build with CUDA lists GPUs"),
        }
    }

    /// The type that weights are computed in where the user names none: f32 on a processor, which has no faster one, and
    /// what they are stored in on a GPU, except that f16 becomes bf16, whose range no activation leaves.
    pub const fn dtype(&self, stored: Dtype) -> Dtype {
        match (self, stored) {
            (Self::Cpu { .. }, _) | (Self::Cuda { .. }, Dtype::F32) => Dtype::F32,
            (Self::Cuda { .. }, Dtype::F16 | Dtype::Bf16) => Dtype::Bf16,
        }
    }
}

/// burn's name of an element type.
pub(crate) const fn burn_dtype(dtype: Dtype) -> DType {
    match dtype {
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::Bf16 => DType::BF16,
    }
}
