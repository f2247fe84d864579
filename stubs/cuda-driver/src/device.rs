//! The device, its properties and its context: an H100 80 GB (SXM), from NVIDIA's tables of compute capability 9.0.

use crate::{
    Answer,
    errors::{INVALID_DEVICE, INVALID_VALUE, NO_DEVICE, NOT_FOUND, SUCCESS},
    give,
    record::state,
    settings::settings,
};
use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    sync::atomic::{AtomicUsize, Ordering},
};

const NAME: &CStr = c"stand-in for an H100 80GB (executes nothing)";

/// The handle of the device's one context.
const CONTEXT: usize = 1;

/// Shared memory that a block may have: 227 KB of 228.
pub(crate) const SHARED_OPT_IN: u32 = 227 << 10;
pub(crate) const BLOCK_THREADS: u32 = 1024;
pub(crate) const BLOCK: [u32; 3] = [1024, 1024, 64];
pub(crate) const GRID: [u32; 3] = [i32::MAX as u32, 65535, 65535];

fn attribute(number: c_int) -> Option<c_int> {
    Some(match number {
        1 => BLOCK_THREADS as c_int,
        2..=4 => BLOCK[number as usize - 2] as c_int,
        5..=7 => GRID[number as usize - 5] as c_int,
        // Shared memory of a block without opting in, constant memory.
        8 => 48 << 10,
        9 => 64 << 10,
        // Threads of a warp.
        10 => 32,
        // Pitch, registers of a block, clock in kHz, alignment of textures.
        11 => c_int::MAX,
        12 => 65536,
        13 => 1_980_000,
        14 => 512,
        15 => 1,
        // Multiprocessors.
        16 => 132,
        17 | 18 => 0,
        19 => 1,
        20 => 0,
        30 => 512,
        31 | 32 => 1,
        33..=35 => 0,
        // Clock of the memory in kHz, width of its bus, second-level cache.
        36 => 2_619_000,
        37 => 5120,
        38 => 50 << 20,
        39 => 2048,
        40 => 3,
        41 => 1,
        50 => 0,
        51 => 32,
        // Compute capability.
        75 => 9,
        76 => 0,
        78..=80 => 1,
        81 => 228 << 10,
        82 => 65536,
        83 => 1,
        84..=88 => 0,
        89..=91 => 1,
        95 | 96 => 1,
        97 => SHARED_OPT_IN as c_int,
        98..=101 => 0,
        // Virtual addresses are managed by functions that are not here.
        102 | 103 => 0,
        106 => 32,
        111 => 1 << 10,
        // Stream-ordered allocation.
        115 => 1,
        // Clusters.
        120 => 1,
        _ => return None,
    })
}

fn exists(device: c_int) -> bool {
    (0..settings().devices).contains(&device)
}

/// Prepares nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuInit(_flags: c_uint) -> Answer {
    if settings().devices == 0 {
        return NO_DEVICE;
    }
    SUCCESS
}

/// Gives the version of CUDA that the driver is for.
#[unsafe(no_mangle)]
pub extern "C" fn cuDriverGetVersion(version: *mut c_int) -> Answer {
    give(version, settings().driver)
}

/// Gives the number of devices.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetCount(count: *mut c_int) -> Answer {
    give(count, settings().devices)
}

/// Gives a device by its number.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGet(device: *mut c_int, number: c_int) -> Answer {
    if !exists(number) {
        return INVALID_DEVICE;
    }
    give(device, number)
}

/// Gives the device's name.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, device: c_int) -> Answer {
    if !exists(device) {
        return INVALID_DEVICE;
    }
    text(name, length, NAME)
}

/// Gives an address on the bus.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetPCIBusId(id: *mut c_char, length: c_int, device: c_int) -> Answer {
    if !exists(device) {
        return INVALID_DEVICE;
    }
    text(id, length, c"0000:01:00.0")
}

fn text(to: *mut c_char, length: c_int, text: &CStr) -> Answer {
    let bytes = text.to_bytes_with_nul();
    if to.is_null() || (length as usize) < bytes.len() {
        return INVALID_VALUE;
    }
    // SAFETY: the caller says that there is room for `length` bytes, which are enough.
    unsafe {
        to.cast::<u8>()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
    };
    SUCCESS
}

/// Gives an identity.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetUuid_v2(uuid: *mut [u8; 16], device: c_int) -> Answer {
    if !exists(device) {
        return INVALID_DEVICE;
    }
    give(uuid, [device as u8; 16])
}

/// Gives the memory that there is.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) -> Answer {
    if !exists(device) {
        return INVALID_DEVICE;
    }
    give(bytes, settings().memory as usize)
}

/// Gives a property.
#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetAttribute(value: *mut c_int, number: c_int, device: c_int) -> Answer {
    if !exists(device) {
        return INVALID_DEVICE;
    }
    match attribute(number) {
        Some(found) => give(value, found),
        None => state().refused(
            "cuDeviceGetAttribute",
            &format!("property {number} is unknown"),
        ),
    }
}

/// The context of the calling thread; one stands for all threads, as nothing depends on it.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

/// Gives the device's context.
#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRetain(context: *mut *mut c_void, device: c_int) -> Answer {
    if !exists(device) {
        return INVALID_DEVICE;
    }
    give(context, CONTEXT as *mut c_void)
}

/// Keeps the device's context.
#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRelease_v2(_device: c_int) -> Answer {
    SUCCESS
}

/// Makes a context the current one.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSetCurrent(context: *mut c_void) -> Answer {
    CURRENT.store(context as usize, Ordering::Relaxed);
    SUCCESS
}

/// Gives the current context.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxGetCurrent(context: *mut *mut c_void) -> Answer {
    give(context, CURRENT.load(Ordering::Relaxed) as *mut c_void)
}

/// Waits for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSynchronize() -> Answer {
    let mut state = state();
    state.note("wait", ",\"for\":\"context\"");
    state.alive()
}

/// Gives priorities that streams can have.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxGetStreamPriorityRange(least: *mut c_int, greatest: *mut c_int) -> Answer {
    give(least, 0);
    give(greatest, -5)
}

/// Says that there is no table of functions that NVIDIA does not document. NVRTC asks, and compiles without it.
#[unsafe(no_mangle)]
pub extern "C" fn cuGetExportTable(table: *mut *const c_void, _id: *const c_void) -> Answer {
    give(table, std::ptr::null());
    NOT_FOUND
}
