//! Whether a model fits, before hours are spent on finding out.

use crate::{Architecture, Dtype, LmError, Place, guard::lower};

mod estimate;
mod outlook;

pub use estimate::{Answered, Need, Work};
pub use outlook::outlook;

const GIB: f64 = (1_u64 << 30) as f64;

/// An error if the weights alone are more than the device has free.
pub(crate) fn check(
    place: &Place,
    architecture: &Architecture,
    dtype: Dtype,
) -> Result<(), LmError> {
    let needed = architecture.parameters() as f64 * dtype.bytes() as f64;
    let Some(free) = free(place)? else {
        return Ok(());
    };
    if needed <= free {
        return Ok(());
    }
    Err(LmError::Memory {
        device: place.to_string(),
        what: format!("the weights in {}", dtype.name()),
        free_gib: free / GIB,
        needed_gib: needed / GIB,
        lower: lower(
            &[],
            dtype == Dtype::F32 && place.check_dtype(Dtype::Bf16).is_ok(),
        ),
    })
}

/// Bytes that are free, where that can be known.
fn free(place: &Place) -> Result<Option<f64>, LmError> {
    match place {
        Place::Cpu { .. } => Ok(available_memory()),
        #[cfg(feature = "cuda")]
        Place::Cuda { index, .. } => crate::cuda::free_memory(*index).map(Some),
        #[cfg(not(feature = "cuda"))]
        Place::Cuda { .. } => unreachable!("only a build with CUDA lists its GPUs"),
        // Vulkan has no question for it.
        Place::Vulkan { .. } => Ok(None),
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
