//! GPUs of all makers through wgpu: Vulkan, and Metal on Apple's machines.
//!
//! Shaders are WGSL. burn's feature `vulkan` would compile SPIR-V instead, which crashes on lavapipe and gives wrong
//! products on SwiftShader.

use crate::Device;
use burn::{
    backend::{WgpuBackend, WgpuDevice, WgpuDeviceKind},
    tensor::{
        Device as BurnDevice,
        wgpu::wgpu::{Backends, DeviceType, Instance, InstanceDescriptor},
    },
};
use std::{
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
};

/// A device that wgpu lists.
struct WgpuAdapter {
    kind: WgpuDeviceKind,
    name: String,
}

const BACKEND: (Backends, WgpuBackend) = if cfg!(target_vendor = "apple") {
    (Backends::METAL, WgpuBackend::Metal)
} else {
    (Backends::VULKAN, WgpuBackend::Vulkan)
};

/// The devices that Vulkan lists, GPUs before software.
pub(crate) fn vulkan_devices() -> Vec<Device> {
    let adapters = adapters().iter().enumerate();
    adapters
        .map(|(index, adapter)| Device::Vulkan {
            index,
            name: adapter.name.clone(),
            software: adapter.kind == WgpuDeviceKind::Cpu,
        })
        .collect()
}

/// burn's handle of a device of [`vulkan_devices`].
pub(crate) fn device(index: usize) -> BurnDevice {
    let kind = adapters()[index].kind.clone();
    BurnDevice::new(WgpuDevice::new(kind).on(BACKEND.1))
}

/// Asked for once: some loaders crash when Vulkan is opened and closed while another thread uses it.
fn adapters() -> &'static [WgpuAdapter] {
    static ADAPTERS: OnceLock<Vec<WgpuAdapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let instance = Instance::new(InstanceDescriptor {
            backends: BACKEND.0,
            ..InstanceDescriptor::new_without_display_handle()
        });
        let found = pin!(instance.enumerate_adapters(BACKEND.0));
        // Outside a browser there is nothing to wait for.
        let Poll::Ready(found) = found.poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("it only waits for browsers")
        };
        // burn numbers the devices of each kind by themselves, and all software is one device, the first.
        let mut seen = [0_usize; 4];
        let mut next = |kind: usize| {
            seen[kind] += 1;
            seen[kind] - 1
        };
        let mut adapters = Vec::new();
        for adapter in found {
            let info = adapter.get_info();
            let kind = match info.device_type {
                DeviceType::DiscreteGpu => WgpuDeviceKind::DiscreteGpu(next(0)),
                DeviceType::IntegratedGpu => WgpuDeviceKind::IntegratedGpu(next(1)),
                DeviceType::VirtualGpu => WgpuDeviceKind::VirtualGpu(next(2)),
                DeviceType::Other => WgpuDeviceKind::Other(next(3)),
                DeviceType::Cpu => WgpuDeviceKind::Cpu,
            };
            if adapters
                .iter()
                .all(|known: &WgpuAdapter| known.kind != kind)
            {
                let name = info.name;
                adapters.push(WgpuAdapter { kind, name });
            }
        }
        adapters.sort_by_key(|adapter| match adapter.kind {
            WgpuDeviceKind::DiscreteGpu(_) => 0,
            WgpuDeviceKind::Cpu => 2,
            _ => 1,
        });
        adapters
    })
}
