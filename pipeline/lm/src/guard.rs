//! What a device says when it fails, as errors.
//!
//! A GPU works on a queue, and a failure shows when a number is read that depends on what failed: cubecl remembers with
//! the memory that was not written why it was not, so that nothing wrong is ever read. Some failures are panics instead,
//! on this thread or on the device's own; the latter reach this one through the read. The processor has neither.

use crate::{Decoder, Dtype, LmError};
use burn::tensor::{DType, Device as BurnDevice};
use std::{
    any::Any,
    cell::Cell,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    /// Whether a panic of this thread becomes an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may fail on a device.
///
/// # Errors
/// Those of `work`; [`LmError::DeviceLost`] and [`LmError::OutOfMemory`] for what the device says and for panics.
pub(crate) fn guarded<T>(
    device: &BurnDevice,
    work: impl FnOnce() -> Result<T, LmError>,
) -> Result<T, LmError> {
    #[cfg(test)]
    let work = || {
        let done = work();
        planted::failure().map_or(done, Err)
    };
    if *device == BurnDevice::flex() && !device.is_autodiff() {
        return work();
    }
    let outer = GUARDED.replace(true);
    let done = caught(work);
    GUARDED.set(outer);
    match done {
        Err(LmError::Compute { problem }) => Err(failure(device, problem)),
        done => done,
    }
}

/// The cause of a read that failed, for [`guarded`] to tell what it means.
pub(crate) fn failed(error: impl Display) -> LmError {
    LmError::Compute {
        problem: error.to_string(),
    }
}

/// Whether a panic of this thread, which is about to be reported, becomes an error instead: it is of a device's own
/// thread, or of one that waits for a device. Then its text is for those who look for its cause only.
pub fn panics_are_errors() -> bool {
    // cubecl's name of a device's threads.
    let of_device = |name: &str| name.starts_with("DSU-") || name.starts_with("DSD-");
    GUARDED.get() || std::thread::current().name().is_some_and(of_device)
}

fn caught<T>(work: impl FnOnce() -> Result<T, LmError>) -> Result<T, LmError> {
    // What a panic leaves half changed is dropped with the error: a step begins anew, a training is read from its state.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(failed(text(panic.as_ref()))),
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(owned).unwrap_or("it panicked")
}

/// What cubecl, CUDA and wgpu call too little memory.
const MEMORY: [&str; 5] = [
    "out of device memory",
    "out-of-memory",
    "out of memory",
    "can't allocate",
    // With wgpu, which tells why to the device's thread only.
    "was never allocated",
];

/// The error for what a device said: a device that does not come to an end of its work is lost.
fn failure(device: &BurnDevice, problem: String) -> LmError {
    let end = caught(|| device.sync().map_err(failed));
    if let Err(LmError::Compute { problem }) = end {
        tracing::debug!("the device said last: {problem}");
        return LmError::DeviceLost {
            problem: brief(&problem),
        };
    }
    tracing::debug!("the device said: {problem}");
    let small = problem.to_lowercase();
    if MEMORY.iter().any(|name| small.contains(name)) {
        return LmError::OutOfMemory {
            over: "the work".to_owned(),
            lower: memory_advice(&[], false),
        };
    }
    LmError::Compute {
        problem: brief(&problem),
    }
}

/// The causes in one line, without the calls that led to them.
fn brief(text: &str) -> String {
    let is_call = |line: &str| {
        let number = line.split(':').next().unwrap_or(line);
        line.starts_with("at ") || number.parse::<u32>().is_ok()
    };
    let named = ["Caused by:", "Backtrace", "Asked at:", "No backtrace"];
    let mut causes: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !is_call(line))
        .filter(|line| !named.iter().any(|name| line.starts_with(name)))
        .collect();
    causes.dedup();
    // The last cause is the first one in time.
    let from = causes.len().saturating_sub(2);
    causes[from..].join(": ")
}

impl LmError {
    /// The same error over what could not be made smaller, if memory ran out.
    pub(crate) fn over(self, over: impl FnOnce() -> String, hint: impl FnOnce() -> String) -> Self {
        match self {
            Self::OutOfMemory { .. } => Self::OutOfMemory {
                over: over(),
                lower: hint(),
            },
            other => other,
        }
    }
}

/// Advice on options that take less memory, the mildest first: `options` of the command itself, then those of every command.
/// `narrow` says whether bf16 would take less.
pub(crate) fn memory_advice(options: &[&str], narrow: bool) -> String {
    let narrow = narrow.then_some("--dtype bf16");
    let all = options.iter().copied().chain(narrow);
    let all: String = all.map(|option| format!("{option}, ")).collect();
    format!("take {all}a smaller model or another --device")
}

impl Decoder {
    /// Advice on what takes less memory with this model; `options` are those of the command.
    pub(crate) fn memory_advice(&self, options: &[&str]) -> String {
        let wide = self.dtype() == Dtype::F32;
        memory_advice(options, wide && self.device().supports_dtype(DType::BF16))
    }
}

/// Half of the tokens that are run at a time, if the items of a part can still be parted. `parts` are the tokens of each
/// item of each part.
pub(crate) fn halved<'a>(parts: impl IntoIterator<Item = &'a [usize]>) -> Option<usize> {
    let parts = parts.into_iter().filter(|items| items.len() > 1);
    let most = parts.map(|items| items.iter().sum::<usize>()).max()?;
    Some((most / 2).max(1))
}

#[cfg(test)]
pub(crate) mod planted;
#[cfg(test)]
mod tests;
