//! Whether a model fits, before hours are spent on finding out.

use crate::{Architecture, Device, Dtype, LmError, guard::lower};

mod estimate;
mod outlook;

pub use estimate::{Answered, Need, Work};
pub use outlook::outlook;

const GIB: f64 = (1_u64 << 30) as f64;

/// An error if the weights alone are more than the device has free.
pub(crate) fn check(
    device: &Device,
    architecture: &Architecture,
    dtype: Dtype,
) -> Result<(), LmError> {
    let needed = architecture.parameters() as f64 * dtype.bytes() as f64;
    let Some(free) = free(device)? else {
        return Ok(());
    };
    if needed <= free {
        return Ok(());
    }
    Err(LmError::Memory {
        device: device.to_string(),
        what: format!("the weights in {}", dtype.name()),
        free_gib: free / GIB,
        needed_gib: needed / GIB,
        lower: lower(
            &[],
            dtype == Dtype::F32 && device.check_dtype(Dtype::Bf16).is_ok(),
        ),
    })
}

/// Bytes that are free, where that can be known.
fn free(device: &Device) -> Result<Option<f64>, LmError> {
    match device {
        Device::Cpu { .. } => Ok(available_memory()),
        #[cfg(feature = "cuda")]
        Device::Cuda { index, .. } => crate::cuda::free_memory(*index).map(Some),
        #[cfg(not(feature = "cuda"))]
        Device::Cuda { .. } => unreachable!("only a build with CUDA lists its GPUs"),
        // Vulkan has no question for it.
        Device::Vulkan { .. } => Ok(None),
    }
}

/// What Linux says that it could give without swapping.
fn available_memory() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}
