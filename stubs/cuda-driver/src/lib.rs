//! A stand-in for NVIDIA's driver library (`libcuda.so.1`) and a listener in front of NVRTC (`libnvrtc.so`), for tests on
//! machines without a GPU. It is not part of the product, and no emulator: it executes no kernel.
//!
//! A program that loads it finds one device with the properties of an H100. It gets addresses for memory, every launch
//! and wait succeeds at once, and a copy to the host gives zeros. What it checks is what the driver would refuse before
//! anything is executed: sizes of launches, addresses of copies, memory that runs out, PTX newer than the driver.
//!
//! NVRTC is NVIDIA's own: the listener hands every program on to the library that `CUDA_STANDIN_NVRTC` names and notes
//! whether it could be compiled.
//!
//! # What it writes
//! A line of JSON for each call that means something, appended to the file that `CUDA_STANDIN_LOG` names, at once: what
//! was written before a crash is there. Programs may append lines of their own to the same file, such as
//! `{"event":"phase","name":"step 2"}`, between calls. `check.py` next to this crate reads it.
//!
//! # What can be set
//! Environment variables, read when the library is loaded:
//!
//! | Variable | |
//! | --- | --- |
//! | `CUDA_STANDIN_LOG` | the file of events; nothing is written without it |
//! | `CUDA_STANDIN_MEMORY` | bytes that the device has; 79 GiB else |
//! | `CUDA_STANDIN_OUT_OF_MEMORY_ABOVE` | bytes in use above which an allocation fails, whatever the device says it has |
//! | `CUDA_STANDIN_LOST_AFTER` | launches after which every call fails |
//! | `CUDA_STANDIN_LOST_ERROR` | with this number of `CUresult`; 719 else, a launch that failed |
//! | `CUDA_STANDIN_DRIVER` | the CUDA version of the driver, `12080` for 12.8; 13000 else |
//! | `CUDA_STANDIN_DEVICES` | how many devices there are; 1 else |
//! | `CUDA_STANDIN_NVRTC` | the path of NVIDIA's `libnvrtc.so.13` |
//! | `CUDA_STANDIN_PTX` | a folder in which compiled programs are kept for later processes |
//!
//! All other code of this repository is free of `unsafe`. Here every function takes pointers from a caller in C; each
//! block says in a line why it is sound.

#![allow(non_snake_case)]

mod device;
mod errors;
mod memory;
mod nvrtc;
mod record;
mod run;
mod settings;
mod unsupported;

/// A `CUresult`.
pub(crate) type Answer = i32;

/// Puts a value where the caller wants it.
pub(crate) fn give<T>(to: *mut T, value: T) -> Answer {
    if to.is_null() {
        return errors::INVALID_VALUE;
    }
    // SAFETY: the driver's interface has the caller pass memory for one value, and it is not null.
    unsafe { to.write(value) };
    errors::SUCCESS
}
