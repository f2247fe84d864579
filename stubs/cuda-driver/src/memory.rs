//! Memory and copies.

use crate::{
    Answer,
    errors::{INVALID_VALUE, OUT_OF_MEMORY, SUCCESS},
    give,
    record::{State, state},
    settings::settings,
};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    ffi::{c_uchar, c_uint, c_void},
};

/// Of pinned memory of the host.
const ALIGNMENT: usize = 4096;

/// Reserves an address.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemAlloc_v2(address: *mut u64, bytes: usize) -> Answer {
    match state().allocate(bytes as u64) {
        Ok(found) => give(address, found),
        Err(error) => error,
    }
}

/// Reserves an address.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemAllocAsync(address: *mut u64, bytes: usize, _stream: *mut c_void) -> Answer {
    cuMemAlloc_v2(address, bytes)
}

/// Gives an address back.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemFree_v2(address: u64) -> Answer {
    state().free(address)
}

/// Gives an address back.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemFreeAsync(address: u64, _stream: *mut c_void) -> Answer {
    state().free(address)
}

/// Gives the bytes that are free and those that there are.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> Answer {
    let state = state();
    give(free, (settings().memory - state.in_use) as usize);
    give(total, settings().memory as usize)
}

/// Gives memory of the host.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemAllocHost_v2(to: *mut *mut c_void, bytes: usize) -> Answer {
    let Ok(layout) = Layout::from_size_align(bytes.max(1), ALIGNMENT) else {
        return INVALID_VALUE;
    };
    // SAFETY: the layout has at least a byte.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        return OUT_OF_MEMORY;
    }
    let mut state = state();
    state.pinned.insert(memory as usize, layout.size());
    state.note("pin", &format!(",\"bytes\":{bytes}"));
    give(to, memory.cast())
}

/// Takes memory of the host back.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemFreeHost(memory: *mut c_void) -> Answer {
    let Some(bytes) = state().pinned.remove(&(memory as usize)) else {
        return INVALID_VALUE;
    };
    let Ok(layout) = Layout::from_size_align(bytes, ALIGNMENT) else {
        return INVALID_VALUE;
    };
    // SAFETY: it was given out with this layout, and is given back once: it was in the table.
    unsafe { dealloc(memory.cast(), layout) };
    SUCCESS
}

/// Notes a copy of so many bytes to device memory.
fn to_device(state: &mut State, address: u64, bytes: u64) -> Answer {
    if !state.holds(address, bytes) {
        return state.refused("copy to the device", "the memory was not given out");
    }
    state.note("copy", &format!(",\"to\":\"device\",\"bytes\":{bytes}"));
    state.alive()
}

/// Notes a copy of so many bytes from device memory, which hold zeros.
fn to_host(state: &mut State, to: *mut u8, address: u64, bytes: u64) -> Answer {
    if !state.holds(address, bytes) {
        return state.refused("copy to the host", "the memory was not given out");
    }
    // SAFETY: the caller of a copy has room for its bytes.
    unsafe { to.write_bytes(0, bytes as usize) };
    state.note("copy", &format!(",\"to\":\"host\",\"bytes\":{bytes}"));
    state.alive()
}

/// Notes a copy.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyHtoDAsync_v2(
    to: u64,
    _from: *const c_void,
    bytes: usize,
    _stream: *mut c_void,
) -> Answer {
    to_device(&mut state(), to, bytes as u64)
}

/// Notes a copy.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyHtoD_v2(to: u64, _from: *const c_void, bytes: usize) -> Answer {
    to_device(&mut state(), to, bytes as u64)
}

/// Gives zeros.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoHAsync_v2(
    to: *mut c_void,
    from: u64,
    bytes: usize,
    _stream: *mut c_void,
) -> Answer {
    to_host(&mut state(), to.cast(), from, bytes as u64)
}

/// Gives zeros, after a wait for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: u64, bytes: usize) -> Answer {
    let mut state = state();
    state.note("wait", ",\"for\":\"copy\"");
    to_host(&mut state, to.cast(), from, bytes as u64)
}

/// Notes a copy.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoDAsync_v2(
    to: u64,
    from: u64,
    bytes: usize,
    _stream: *mut c_void,
) -> Answer {
    let mut state = state();
    let bytes = bytes as u64;
    if !state.holds(to, bytes) || !state.holds(from, bytes) {
        return state.refused("copy on the device", "the memory was not given out");
    }
    state.note("copy", &format!(",\"to\":\"itself\",\"bytes\":{bytes}"));
    state.alive()
}

/// Writes nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemsetD8Async(
    to: u64,
    _value: c_uchar,
    bytes: usize,
    _stream: *mut c_void,
) -> Answer {
    let mut state = state();
    if !state.holds(to, bytes as u64) {
        return state.refused("fill", "the memory was not given out");
    }
    state.note("fill", &format!(",\"bytes\":{bytes}"));
    state.alive()
}

/// CUDA_MEMCPY2D: rows of a matrix.
#[repr(C)]
#[allow(missing_docs, reason = "NVIDIA's names, in their order")]
pub struct Rows {
    from_x: usize,
    from_y: usize,
    from_kind: c_uint,
    from_host: *const c_void,
    from_device: u64,
    from_array: *mut c_void,
    from_pitch: usize,
    to_x: usize,
    to_y: usize,
    to_kind: c_uint,
    to_host: *mut c_void,
    to_device: u64,
    to_array: *mut c_void,
    to_pitch: usize,
    width: usize,
    height: usize,
}

/// CU_MEMORYTYPE_HOST and CU_MEMORYTYPE_DEVICE
const HOST: c_uint = 1;
const DEVICE: c_uint = 2;

/// Notes a copy of rows; those to the host get zeros.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpy2DAsync_v2(copy: *const Rows, _stream: *mut c_void) -> Answer {
    if copy.is_null() {
        return INVALID_VALUE;
    }
    // SAFETY: the caller passes such a description.
    let copy = unsafe { &*copy };
    let mut state = state();
    let span = |pitch: usize| (copy.height.saturating_sub(1) * pitch + copy.width) as u64;
    let bytes = (copy.width * copy.height) as u64;
    match (copy.from_kind, copy.to_kind) {
        (HOST, DEVICE) => {
            if !state.holds(copy.to_device, span(copy.to_pitch)) {
                return state.refused("copy to the device", "the memory was not given out");
            }
            state.note("copy", &format!(",\"to\":\"device\",\"bytes\":{bytes}"));
        }
        (DEVICE, HOST) => {
            if !state.holds(copy.from_device, span(copy.from_pitch)) {
                return state.refused("copy to the host", "the memory was not given out");
            }
            for row in 0..copy.height {
                // SAFETY: the caller has room for `height` rows of `width` bytes, `to_pitch` apart.
                unsafe {
                    let to = copy.to_host.cast::<u8>().add(row * copy.to_pitch);
                    to.write_bytes(0, copy.width);
                }
            }
            state.note("copy", &format!(",\"to\":\"host\",\"bytes\":{bytes}"));
        }
        _ => return state.refused("cuMemcpy2DAsync", "neither to nor from the host"),
    }
    state.alive()
}
