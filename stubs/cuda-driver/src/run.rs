//! Modules, launches, streams and events.

use crate::{
    Answer,
    device::{BLOCK, BLOCK_THREADS, GRID, SHARED_OPT_IN},
    errors::{INVALID_HANDLE, INVALID_VALUE, NOT_FOUND, SUCCESS, UNSUPPORTED_PTX_VERSION},
    give,
    record::{Function, quoted, state},
    settings::settings,
};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

/// What every launch is said to take. Nothing is executed, so nothing takes time; but what measures the speed of a device
/// adds work until it takes so long.
const MILLISECONDS: f32 = 20.0;
/// The same for burn's kernels that are timed by the host's clock: it would add work without end.
const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_millis(25);

/// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
const DYNAMIC_SHARED: c_int = 8;

/// Reads the names of the kernels in a module of PTX. A module for a newer driver is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadData(
    module: *mut *mut c_void,
    image: *const c_void,
) -> Answer {
    if image.is_null() {
        return INVALID_VALUE;
    }
    // SAFETY: the caller loads PTX, which ends with a zero.
    let ptx = unsafe { CStr::from_ptr(image.cast()) }.to_string_lossy();
    let after = |line: &str, word: &str| line.split_once(word).map(|(_, rest)| rest.to_owned());
    let version = ptx.lines().find_map(|line| after(line, ".version "));
    let entries = ptx.lines().filter_map(|line| after(line, ".entry "));
    let entries: Vec<String> = entries
        .map(|rest| rest.trim_end_matches(['(', ')']).trim().to_owned())
        .collect();
    let mut state = state();
    if state.alive() != SUCCESS {
        return state.alive();
    }
    let major = version.and_then(|version| version.split('.').next()?.trim().parse::<i32>().ok());
    let Some(major) = major else {
        return state.refused("cuModuleLoadData", "this is no PTX");
    };
    // PTX 9 is CUDA 13's, PTX 8 is CUDA 12's; minor versions are not looked at.
    if major > settings().driver / 1000 - 4 {
        state.note("newer ptx", &format!(",\"major\":{major}"));
        return UNSUPPORTED_PTX_VERSION;
    }
    let names: Vec<String> = entries.iter().map(|name| quoted(name)).collect();
    state.note("load", &format!(",\"kernels\":[{}]", names.join(",")));
    state.modules.push(entries);
    give(module, state.modules.len() as *mut c_void)
}

/// Keeps the module.
#[unsafe(no_mangle)]
pub extern "C" fn cuModuleUnload(_module: *mut c_void) -> Answer {
    SUCCESS
}

/// Gives a kernel of a module by its name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: *mut *mut c_void,
    module: *mut c_void,
    name: *const c_char,
) -> Answer {
    if name.is_null() {
        return INVALID_VALUE;
    }
    // SAFETY: the caller passes a name that ends with a zero.
    let name = unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned();
    let mut state = state();
    let Some(entries) = (module as usize)
        .checked_sub(1)
        .and_then(|at| state.modules.get(at))
    else {
        return INVALID_HANDLE;
    };
    if !entries.contains(&name) {
        return NOT_FOUND;
    }
    let shared = 48 << 10;
    state.functions.push(Function { name, shared });
    give(function, state.functions.len() as *mut c_void)
}

/// Lets a kernel have more shared memory.
#[unsafe(no_mangle)]
pub extern "C" fn cuFuncSetAttribute(function: *mut c_void, number: c_int, value: c_int) -> Answer {
    let mut state = state();
    if number != DYNAMIC_SHARED {
        return state.refused(
            "cuFuncSetAttribute",
            &format!("property {number} is unknown"),
        );
    }
    if !(0..=SHARED_OPT_IN as c_int).contains(&value) {
        return state.refused(
            "cuFuncSetAttribute",
            &format!("{value} bytes of shared memory"),
        );
    }
    let at = (function as usize).checked_sub(1);
    match at.and_then(|at| state.functions.get_mut(at)) {
        Some(function) => {
            function.shared = function.shared.max(value as u32);
            SUCCESS
        }
        None => INVALID_HANDLE,
    }
}

/// Launches nothing, if the driver would launch it.
#[unsafe(no_mangle)]
pub extern "C" fn cuLaunchKernel(
    function: *mut c_void,
    grid_x: c_uint,
    grid_y: c_uint,
    grid_z: c_uint,
    block_x: c_uint,
    block_y: c_uint,
    block_z: c_uint,
    shared: c_uint,
    _stream: *mut c_void,
    _parameters: *mut *mut c_void,
    _extra: *mut *mut c_void,
) -> Answer {
    let mut state = state();
    let found = (function as usize)
        .checked_sub(1)
        .and_then(|at| state.functions.get(at));
    let Some(Function { name, shared: most }) = found else {
        return INVALID_HANDLE;
    };
    let (name, most) = (quoted(name), *most);
    let (grid, block) = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
    let fits = |sizes: [u32; 3], most: [u32; 3]| {
        sizes
            .iter()
            .zip(most)
            .all(|(size, most)| (1..=most).contains(size))
    };
    let threads = block.iter().map(|&size| u64::from(size)).product::<u64>();
    if !fits(grid, GRID) || !fits(block, BLOCK) || threads > BLOCK_THREADS.into() || shared > most {
        let why =
            format!("{name}: grid {grid:?}, block {block:?}, {shared} bytes of shared memory");
        return state.refused("cuLaunchKernel", &why);
    }
    state.launches += 1;
    state.measuring = name.contains("throughput");
    state.note("launch", &format!(",\"kernel\":{name}"));
    state.alive()
}

/// Gives a stream.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamCreate(stream: *mut *mut c_void, _flags: c_uint) -> Answer {
    let mut state = state();
    let handle = state.handle();
    state.note("stream", "");
    give(stream, handle as *mut c_void)
}

/// Gives a stream.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamCreateWithPriority(
    stream: *mut *mut c_void,
    flags: c_uint,
    _priority: c_int,
) -> Answer {
    cuStreamCreate(stream, flags)
}

/// Takes a stream back.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamDestroy_v2(_stream: *mut c_void) -> Answer {
    SUCCESS
}

/// Waits for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamSynchronize(_stream: *mut c_void) -> Answer {
    let mut state = state();
    state.note("wait", ",\"for\":\"stream\"");
    state.alive()
}

/// Lets a stream wait for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamWaitEvent(
    _stream: *mut c_void,
    _event: *mut c_void,
    _flags: c_uint,
) -> Answer {
    state().alive()
}

/// Gives an event.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventCreate(event: *mut *mut c_void, _flags: c_uint) -> Answer {
    let mut state = state();
    let handle = state.handle();
    give(event, handle as *mut c_void)
}

/// Takes an event back.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventDestroy_v2(event: *mut c_void) -> Answer {
    state().events.remove(&(event as usize));
    SUCCESS
}

/// Records an event.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventRecord(event: *mut c_void, _stream: *mut c_void) -> Answer {
    let mut state = state();
    let launches = state.launches;
    state.events.insert(event as usize, launches);
    state.alive()
}

/// Waits for nothing, and notes how many launches the device would still have to do after the wait.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventSynchronize(event: *mut c_void) -> Answer {
    let mut state = state();
    let before = state.events.get(&(event as usize)).copied();
    let after = state.launches - before.unwrap_or(0);
    if std::mem::take(&mut state.measuring) {
        std::thread::sleep(LONG_ENOUGH);
    }
    state.note(
        "wait",
        &format!(",\"for\":\"event\",\"launches_after\":{after}"),
    );
    state.alive()
}

/// Says that an event is over.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventQuery(_event: *mut c_void) -> Answer {
    state().alive()
}

/// Gives a time that means nothing. Only a measurement asks, so this shows that kernels were being chosen.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventElapsedTime_v2(
    milliseconds: *mut f32,
    start: *mut c_void,
    end: *mut c_void,
) -> Answer {
    let mut state = state();
    let [start, end] = [start, end].map(|event| state.events.get(&(event as usize)).copied());
    let launches = match (start, end) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => return INVALID_HANDLE,
    };
    state.note("measured", &format!(",\"launches\":{launches}"));
    give(milliseconds, MILLISECONDS * launches.max(1) as f32)
}

/// Gives a time that means nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventElapsedTime(
    milliseconds: *mut f32,
    start: *mut c_void,
    end: *mut c_void,
) -> Answer {
    cuEventElapsedTime_v2(milliseconds, start, end)
}

/// A `CUtensorMap`.
#[repr(C, align(64))]
#[allow(missing_docs, reason = "it holds nothing")]
pub struct TensorMap([u64; 16]);

/// Describes a tensor to nobody. What the driver checks of it is checked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuTensorMapEncodeTiled(
    map: *mut TensorMap,
    _kind: c_int,
    rank: c_uint,
    address: *mut c_void,
    _sizes: *const u64,
    strides: *const u64,
    tile: *const c_uint,
    _steps: *const c_uint,
    _interleave: c_int,
    _swizzle: c_int,
    _promotion: c_int,
    _fill: c_int,
) -> Answer {
    let rank = rank as usize;
    if !(1..=5).contains(&rank) || strides.is_null() || tile.is_null() {
        return state().refused("cuTensorMapEncodeTiled", &format!("{rank} dimensions"));
    }
    // SAFETY: the caller passes a stride for every dimension but the first, and a size of the tile for every dimension.
    let (strides, tile) = unsafe {
        (
            std::slice::from_raw_parts(strides, rank - 1),
            std::slice::from_raw_parts(tile, rank),
        )
    };
    let aligned =
        strides.iter().all(|stride| stride % 16 == 0) && (address as usize).is_multiple_of(16);
    if !aligned || tile.iter().any(|size| !(1..=256).contains(size)) {
        let why = format!("strides {strides:?}, tile {tile:?}");
        return state().refused("cuTensorMapEncodeTiled", &why);
    }
    give(map, TensorMap([0; 16]))
}
