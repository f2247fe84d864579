//! What the environment says.

use std::{env, path::PathBuf, sync::OnceLock};

const GIB: u64 = 1 << 30;

pub(crate) struct Settings {
    pub(crate) log: Option<PathBuf>,
    pub(crate) memory: u64,
    pub(crate) out_of_memory_above: u64,
    pub(crate) lost_after: u64,
    pub(crate) lost_error: i32,
    pub(crate) driver: i32,
    pub(crate) devices: i32,
    pub(crate) nvrtc: Option<PathBuf>,
    pub(crate) ptx: Option<PathBuf>,
}

pub(crate) fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| Settings {
        log: path("CUDA_STANDIN_LOG"),
        // About what an H100 of 80 GB has for programs.
        memory: number("CUDA_STANDIN_MEMORY").unwrap_or(79 * GIB),
        out_of_memory_above: number("CUDA_STANDIN_OUT_OF_MEMORY_ABOVE").unwrap_or(u64::MAX),
        lost_after: number("CUDA_STANDIN_LOST_AFTER").unwrap_or(u64::MAX),
        lost_error: number("CUDA_STANDIN_LOST_ERROR").map_or(719, |error| error as i32),
        driver: number("CUDA_STANDIN_DRIVER").map_or(13000, |version| version as i32),
        devices: number("CUDA_STANDIN_DEVICES").map_or(1, |devices| devices as i32),
        nvrtc: path("CUDA_STANDIN_NVRTC"),
        ptx: path("CUDA_STANDIN_PTX"),
    })
}

fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from)
}

/// A test that sets nonsense is to fail, not to run without what it sets.
fn number(name: &str) -> Option<u64> {
    let text = env::var_os(name)?;
    let text = text.to_string_lossy();
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => {
            eprintln!("stand-in for the driver: {name}={text} is not a number");
            std::process::abort()
        }
    }
}
