//! Estimates the memory that a model takes, to say whether it fits before hours are spent on finding out.

use crate::{Architecture, Device, Dtype, LmError, guard::memory_advice};

mod estimate;
mod limits;
mod report;

pub use estimate::{InferenceMode, MemoryEstimate, Workload};
pub use report::report_memory;

const GIB: f64 = (1_u64 << 30) as f64;

/// Checks that the device has enough free memory for the weights alone.
pub(crate) fn check_weights(
    device: &Device,
    architecture: &Architecture,
    dtype: Dtype,
) -> Result<(), LmError> {
    let needed = architecture.parameters() as f64 * dtype.bytes() as f64;
    let Some(free) = free_memory(device)? else {
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
        advice: memory_advice(
            &[],
            dtype == Dtype::F32 && device.check_dtype(Dtype::Bf16).is_ok(),
        ),
    })
}

/// Bytes that are free on a device, where that can be known.
fn free_memory(device: &Device) -> Result<Option<f64>, LmError> {
    match device {
        Device::Cpu { .. } => Ok(available_memory()),
        #[cfg(feature = "cuda")]
        Device::Cuda { index, .. } => crate::cuda::free_memory(*index).map(Some),
        #[cfg(not(feature = "cuda"))]
        Device::Cuda { .. } => unreachable!("only a build with CUDA lists its GPUs"),
        // Vulkan does not tell.
        Device::Vulkan { .. } => Ok(None),
    }
}

/// Bytes that Linux could give without swapping, and within the limits of the process.
fn available_memory() -> Option<f64> {
    let of_machine = of_machine()?;
    Some(limits::within_limits().map_or(of_machine, |within| within.min(of_machine)))
}

fn of_machine() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}
