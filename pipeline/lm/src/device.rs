//! The devices that a model can run on: the processor, and GPUs through CUDA or Vulkan.

use crate::{Dtype, LmError, matmul_check};
use burn::tensor::{DType, Device as BurnDevice};
use std::fmt;

/// A device as the user names it: `auto`, `cpu`, `cuda:0`, `vulkan:0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// A GPU by its number, through NVIDIA's driver.
    Cuda(usize),
    /// A GPU by its number, through Vulkan.
    Vulkan(usize),
}

/// A device of this machine that a model can run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu {
        /// Threads that are used.
        threads: usize,
    },
    /// A GPU through NVIDIA's driver.
    Cuda {
        /// Its number.
        index: usize,
        /// What the driver calls it.
        name: String,
    },
    /// A GPU through Vulkan, or Metal on Apple's machines.
    Vulkan {
        /// Its number.
        index: usize,
        /// What the driver calls it.
        name: String,
        /// Whether it is a program that computes on the processor instead of a GPU.
        software: bool,
    },
}

impl std::str::FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            _ => {
                let (api, index) = text.split_once(':').unwrap_or((text, "0"));
                match (api, index.parse()) {
                    ("cuda", Ok(index)) => Ok(Self::Cuda(index)),
                    ("vulkan", Ok(index)) => Ok(Self::Vulkan(index)),
                    _ => Err("expected auto, cpu, cuda:N or vulkan:N".to_owned()),
                }
            }
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::Vulkan(index) => write!(f, "vulkan:{index}"),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu { .. } => f.write_str(self.api()),
            Self::Cuda { index, .. } | Self::Vulkan { index, .. } => {
                write!(f, "{}:{index}", self.api())
            }
        }
    }
}

/// The features that this binary was built without, of those that bring GPUs.
pub fn missing_features() -> Vec<&'static str> {
    let features = [
        ("cuda", cfg!(feature = "cuda")),
        ("wgpu", cfg!(feature = "wgpu")),
    ];
    let missing = features.into_iter().filter(|(_, there)| !there);
    missing.map(|(name, _)| name).collect()
}

/// The devices of this machine, GPUs first.
pub fn devices() -> Vec<Device> {
    let mut devices = cuda_devices();
    let (software, gpus) = vulkan_devices().into_iter().partition(Device::is_software);
    devices.extend::<Vec<_>>(gpus);
    devices.push(Device::Cpu {
        threads: rayon::current_num_threads(),
    });
    devices.extend::<Vec<_>>(software);
    devices
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Vec<Device> {
    Vec::new()
}

#[cfg(feature = "cuda")]
use crate::cuda::cuda_devices;

#[cfg(not(feature = "wgpu"))]
fn vulkan_devices() -> Vec<Device> {
    Vec::new()
}

#[cfg(feature = "wgpu")]
use crate::vulkan::vulkan_devices;

impl DeviceChoice {
    /// Finds the device that is meant and checks that it can be used ([`Device::check`]).
    ///
    /// # Errors
    /// [`LmError::Device`], which lists the devices of this machine, if there is no such device.
    pub fn device(self) -> Result<Device, LmError> {
        let all = devices();
        let found = all.iter().find(|device| match (self, device) {
            // Before any software: the processor comes first.
            (Self::Auto, _) | (Self::Cpu, Device::Cpu { .. }) => true,
            (Self::Cuda(asked), Device::Cuda { index, .. })
            | (Self::Vulkan(asked), Device::Vulkan { index, .. }) => asked == *index,
            (Self::Cpu | Self::Cuda(_) | Self::Vulkan(_), _) => false,
        });
        let Some(device) = found else {
            let names: Vec<_> = all.iter().map(ToString::to_string).collect();
            let mut there = names.join(", ");
            if let Some(why) = self.why_not() {
                there += &format!(" ({why})");
            }
            return Err(LmError::Device {
                asked: self.to_string(),
                there,
            });
        };
        device.check()?;
        Ok(device.clone())
    }

    /// Why a GPU that is asked for is not there.
    fn why_not(self) -> Option<String> {
        let feature = match self {
            Self::Auto | Self::Cpu => return None,
            Self::Cuda(_) => "cuda",
            Self::Vulkan(_) => "wgpu",
        };
        if missing_features().contains(&feature) {
            return Some(format!(
                "this binary was built without the feature `{feature}`"
            ));
        }
        #[cfg(feature = "cuda")]
        if let Self::Cuda(_) = self {
            return Some(crate::cuda::missing());
        }
        None
    }
}

impl Device {
    /// Whether it is the processor.
    pub const fn is_processor(&self) -> bool {
        matches!(self, Self::Cpu { .. })
    }

    /// Whether it is a program that computes on the processor in place of a GPU.
    pub const fn is_software(&self) -> bool {
        matches!(self, Self::Vulkan { software: true, .. })
    }

    /// Checks that the device can be used; the error says what is wrong. A GPU is opened for that. With Vulkan it also
    /// has to multiply matrices as the processor does: some drivers do not, and report no error.
    pub fn check(&self) -> Result<(), LmError> {
        match self {
            Self::Cpu { .. } => Ok(()),
            #[cfg(feature = "cuda")]
            Self::Cuda { index, .. } => crate::cuda::check(*index),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda { .. } => unreachable!("only a build with CUDA lists its GPUs"),
            Self::Vulkan { .. } => matmul_check::check(self),
        }
    }

    /// What computes: `cpu`, `cuda` or `vulkan`.
    pub const fn api(&self) -> &'static str {
        match self {
            Self::Cpu { .. } => "cpu",
            Self::Cuda { .. } => "cuda",
            Self::Vulkan { .. } => "vulkan",
        }
    }

    /// The handle that burn has for it.
    pub fn burn_device(&self) -> BurnDevice {
        match self {
            Self::Cpu { .. } => BurnDevice::flex(),
            #[cfg(feature = "cuda")]
            Self::Cuda { index, .. } => BurnDevice::cuda(*index),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda { .. } => unreachable!("only a build with CUDA lists its GPUs"),
            #[cfg(feature = "wgpu")]
            Self::Vulkan { index, .. } => crate::vulkan::device(*index),
            #[cfg(not(feature = "wgpu"))]
            Self::Vulkan { .. } => unreachable!("only a build with wgpu lists its GPUs"),
        }
    }

    /// The type to compute in if the user names none: f32 on a processor, which has no faster one, and through Vulkan,
    /// which has no bf16; with CUDA the type of the stored weights, except that f16 becomes bf16, whose range no
    /// activation leaves.
    pub(crate) const fn default_dtype(&self, stored: Dtype) -> Dtype {
        match (self, stored) {
            (Self::Cpu { .. } | Self::Vulkan { .. }, _) | (Self::Cuda { .. }, Dtype::F32) => {
                Dtype::F32
            }
            (Self::Cuda { .. }, Dtype::F16 | Dtype::Bf16) => Dtype::Bf16,
        }
    }

    /// An error if the device cannot compute in this type.
    pub(crate) fn check_dtype(&self, dtype: Dtype) -> Result<(), LmError> {
        if self.burn_device().supports_dtype(burn_dtype(dtype)) {
            return Ok(());
        }
        Err(LmError::DeviceDtype {
            device: self.to_string(),
            dtype,
        })
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
