//! GPUs through NVIDIA's driver.

mod probe;

pub(crate) use probe::{check, missing};

use crate::{Device, LmError};
use burn::tensor::{Device as BurnDevice, DeviceType};
use cudarc::driver::{CudaContext, DriverError, result::device};

/// The GPUs of this machine; none where there is no driver.
///
/// burn looks whether the driver's library is there before it calls it, and opens no GPU to count them.
pub(crate) fn cuda_devices() -> Vec<Device> {
    let count = BurnDevice::enumerate(DeviceType::Cuda).len();
    (0..count)
        .map(|index| Device::Cuda {
            index,
            name: name(index).unwrap_or_else(|error| format!("without a name: {error}")),
        })
        .collect()
}

fn name(index: usize) -> Result<String, DriverError> {
    device::get_name(device::get(index as i32)?)
}

/// Bytes that a model could take on a GPU of [`cuda_devices`]: what the driver has free, and what burn holds without
/// using it.
pub(crate) fn free_memory(index: usize) -> Result<f64, LmError> {
    // Opens the GPU, and keeps it open.
    let pools = BurnDevice::cuda(index).memory_pool_usage();
    let held = pools.map_or(0, |pools| {
        pools.bytes_reserved.saturating_sub(pools.bytes_in_use)
    });
    let free = CudaContext::new(index).and_then(|context| context.mem_get_info());
    match free {
        Ok((free, _total)) => Ok((free as u64 + held) as f64),
        Err(error) => Err(LmError::Compute {
            problem: format!("cuda:{index} does not say how much memory it has: {error}"),
        }),
    }
}
