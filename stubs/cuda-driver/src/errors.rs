//! The driver's results, as far as they occur here.

use crate::{Answer, give};
use std::ffi::{CStr, c_char};

pub(crate) const SUCCESS: Answer = 0;
pub(crate) const INVALID_VALUE: Answer = 1;
pub(crate) const OUT_OF_MEMORY: Answer = 2;
pub(crate) const NO_DEVICE: Answer = 100;
pub(crate) const INVALID_DEVICE: Answer = 101;
pub(crate) const UNSUPPORTED_PTX_VERSION: Answer = 222;
pub(crate) const INVALID_HANDLE: Answer = 400;
pub(crate) const NOT_FOUND: Answer = 500;
pub(crate) const NOT_SUPPORTED: Answer = 801;

fn named(error: Answer) -> (&'static CStr, &'static CStr) {
    match error {
        SUCCESS => (c"CUDA_SUCCESS", c"no error"),
        INVALID_VALUE => (c"CUDA_ERROR_INVALID_VALUE", c"invalid argument"),
        OUT_OF_MEMORY => (c"CUDA_ERROR_OUT_OF_MEMORY", c"out of memory"),
        46 => (
            c"CUDA_ERROR_DEVICE_UNAVAILABLE",
            c"the device is busy or unavailable",
        ),
        NO_DEVICE => (
            c"CUDA_ERROR_NO_DEVICE",
            c"no CUDA-capable device is detected",
        ),
        INVALID_DEVICE => (c"CUDA_ERROR_INVALID_DEVICE", c"invalid device ordinal"),
        214 => (c"CUDA_ERROR_ECC_UNCORRECTABLE", c"uncorrectable ECC error"),
        UNSUPPORTED_PTX_VERSION => (
            c"CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
            c"the PTX was compiled with a toolchain newer than this driver",
        ),
        INVALID_HANDLE => (c"CUDA_ERROR_INVALID_HANDLE", c"invalid resource handle"),
        NOT_FOUND => (c"CUDA_ERROR_NOT_FOUND", c"named symbol not found"),
        700 => (c"CUDA_ERROR_ILLEGAL_ADDRESS", c"illegal memory access"),
        719 => (c"CUDA_ERROR_LAUNCH_FAILED", c"unspecified launch failure"),
        NOT_SUPPORTED => (c"CUDA_ERROR_NOT_SUPPORTED", c"operation not supported"),
        _ => (c"CUDA_ERROR_UNKNOWN", c"unknown error"),
    }
}

/// Gives the name of a result.
#[unsafe(no_mangle)]
pub extern "C" fn cuGetErrorName(error: Answer, name: *mut *const c_char) -> Answer {
    give(name, named(error).0.as_ptr())
}

/// Gives what a result means.
#[unsafe(no_mangle)]
pub extern "C" fn cuGetErrorString(error: Answer, text: *mut *const c_char) -> Answer {
    give(text, named(error).1.as_ptr())
}
