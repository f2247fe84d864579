//! Whether a GPU can be used: what burn's kernels need is tried with an empty one, before hours are spent on a model.
//!
//! The bindings panic where a library or one of its functions is missing, and burn calls them from a thread of its own.

use crate::LmError;
use cudarc::{
    driver::{CudaContext, DriverError, result, sys::CUevent_flags, sys::CUresult},
    nvrtc::{CompileError, CompileOptions, Ptx, compile_ptx_with_opts},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    path::Path,
};

/// What burn's kernels include, each with the places below `include` where it may be: without some of them only some
/// kernels could be compiled, and those for tensor cores were not among them.
const HEADERS: [&[&str]; 6] = [
    &["cuda_fp16.h"],
    &["cuda_bf16.h"],
    &["mma.h"],
    &["crt/mma.h"],
    &["cooperative_groups.h"],
    &["cccl/cuda/barrier", "cuda/barrier"],
];
const KERNEL: &str = "extern \"C\" __global__ void nothing() {}";

const PROCESSOR: &str = "--device cpu runs on the processor";

/// An error that says what is missing if the GPU cannot be used.
pub(crate) fn check(index: usize) -> Result<(), LmError> {
    let unusable = |problem: String, help: &str| LmError::Unusable {
        device: format!("cuda:{index}"),
        problem,
        help: format!("{help}; {PROCESSOR}"),
    };
    check_headers().map_err(|problem| {
        unusable(
            problem,
            "install CUDA's toolkit, or from PyPI nvidia-cuda-runtime, nvidia-cuda-crt and nvidia-cuda-cccl, and set \
             CUDA_PATH to the folder that contains `include`",
        )
    })?;
    let broken = |error: DriverError| {
        let help = "`nvidia-smi` shows whether the driver works, and what else uses the GPU";
        unusable(format!("NVIDIA's driver says: {}", said(error)), help)
    };
    let context = CudaContext::new(index).map_err(broken)?;
    let (major, minor) = context.compute_capability().map_err(broken)?;
    let compiled = quietly(|| compile(major, minor)).map_err(|_| {
        unusable(
            "CUDA's kernel compiler, libnvrtc, was not found".to_owned(),
            "install CUDA's toolkit, or from PyPI nvidia-cuda-nvrtc, and add the folder of libnvrtc.so.13 to LD_LIBRARY_PATH",
        )
    })?;
    let ptx = compiled.map_err(|error| {
        unusable(
            format!("CUDA's libnvrtc cannot compile for compute capability {major}.{minor}: {error}"),
            "install another version of it: CUDA 13's knows all GPUs from compute capability 7.5 to 12.1",
        )
    })?;
    let old = |problem: &str| {
        unusable(
            format!("NVIDIA's driver is too old: {problem}"),
            "CUDA 13 needs a driver of version 580 or newer(`nvidia-smi` shows yours); or install the toolkit of an older CUDA",
        )
    };
    context.load_module(ptx).map_err(|error| match error.0 {
        CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => {
            old("it cannot load what the installed libnvrtc compiles")
        }
        _ => broken(error),
    })?;
    // Functions that older drivers lack are looked up when they are called.
    let times = || -> Result<f32, DriverError> {
        let event = || {
            let stream = context.default_stream();
            stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))
        };
        event()?.elapsed_ms(&event()?)
    };
    quietly(times)
        .map_err(|missing| old(&missing))?
        .map_err(broken)?;
    Ok(())
}

/// Why no GPU is found.
pub(crate) fn missing() -> String {
    match quietly(result::init) {
        Err(_) => {
            "NVIDIA's driver, libcuda.so.1, was not found: install version 580 or newer".to_owned()
        }
        Ok(Err(error)) => format!("NVIDIA's driver says: {}", said(error)),
        Ok(Ok(())) => "NVIDIA's driver finds no other".to_owned(),
    }
}

fn check_headers() -> Result<(), String> {
    let Some(folder) = cubecl_cuda::install::cuda_path() else {
        return Err("CUDA's headers were not found, and CUDA_PATH is not set".to_owned());
    };
    let include = folder.join("include");
    let missing = HEADERS.iter().find(|places| {
        let there = |place: &&str| include.join(Path::new(place)).is_file();
        !places.iter().any(there)
    });
    match missing {
        Some(places) => Err(format!(
            "CUDA's header {} is not in {}",
            places[0],
            include.display()
        )),
        None => Ok(()),
    }
}

/// For the architecture that burn names.
fn compile(major: i32, minor: i32) -> Result<Ptx, String> {
    let kind = if major >= 9 { "a" } else { "" };
    let options = CompileOptions {
        options: vec![format!("--gpu-architecture=sm_{major}{minor}{kind}")],
        ..CompileOptions::default()
    };
    compile_ptx_with_opts(KERNEL, options).map_err(|error| match error {
        CompileError::CompileError { nvrtc, log, .. } => {
            let log = log.to_string_lossy();
            if log.trim().is_empty() {
                nvrtc.to_string()
            } else {
                log.trim().to_owned()
            }
        }
        other => other.to_string(),
    })
}

fn said(error: DriverError) -> String {
    match error.error_string() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(_) => error.to_string(),
    }
}

/// What a call gives, or what it panicked with, which is not printed.
fn quietly<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(call));
    set_hook(hook);
    outcome.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => "the bindings broke off".to_owned(),
    })
}
