//! Turns the failures of a device into errors.
//!
//! A GPU works on a queue, so a failure shows only when a result that depends on it is read: cubecl remembers with the memory
//! that was not written why it was not, and nothing wrong is ever read. Some failures are panics instead, on this thread or
//! on the device's own; those of the device's thread reach this one through the read. The processor has neither.

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

/// Runs `work` on a device, and turns failures and panics of the device into errors.
///
/// # Errors
/// Those of `work`; [`LmError::DeviceLost`] and [`LmError::OutOfMemory`] for what the device says and for panics.
pub(crate) fn catch_device_errors<T>(
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
    let done = catch_panics(work);
    GUARDED.set(outer);
    match done {
        Err(LmError::Compute { problem }) => Err(classify(device, problem)),
        done => done,
    }
}

/// [`catch_device_errors`] of work that has threads do much: on a processor a thread of their pool does it, so that not every
/// product is handed over.
pub(crate) fn run_in_pool<T: Send>(
    device: &BurnDevice,
    work: impl FnOnce() -> Result<T, LmError> + Send,
) -> Result<T, LmError> {
    let on_processor = *device == BurnDevice::flex() && !device.is_autodiff();
    catch_device_errors(device, || {
        if on_processor {
            rayon::scope(|_| work())
        } else {
            work()
        }
    })
}

/// The error for a read that failed; [`catch_device_errors`] finds out what it means.
pub(crate) fn compute_error(error: impl Display) -> LmError {
    LmError::Compute {
        problem: error.to_string(),
    }
}

/// Whether a panic of this thread becomes an error, so that its text need not be printed: the thread is a device's own, or
/// it waits for a device.
pub fn panics_are_errors() -> bool {
    // cubecl's name of a device's threads.
    let of_device = |name: &str| name.starts_with("DSU-") || name.starts_with("DSD-");
    GUARDED.get() || std::thread::current().name().is_some_and(of_device)
}

fn catch_panics<T>(work: impl FnOnce() -> Result<T, LmError>) -> Result<T, LmError> {
    // Data that a panic left half changed is not used: a step starts again, and a training is resumed from its state.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(compute_error(panic_text(panic.as_ref()))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(owned).unwrap_or("it panicked")
}

/// What cubecl, CUDA and wgpu say when memory runs out.
const OUT_OF_MEMORY: [&str; 5] = [
    "out of device memory",
    "out-of-memory",
    "out of memory",
    "can't allocate",
    // With wgpu, which tells why to the device's thread only.
    "was never allocated",
];

/// The error for what a device said. A device that cannot be synchronized is lost.
fn classify(device: &BurnDevice, problem: String) -> LmError {
    let end = catch_panics(|| device.sync().map_err(compute_error));
    if let Err(LmError::Compute { problem }) = end {
        tracing::debug!("the device said last: {problem}");
        return LmError::DeviceLost {
            problem: brief(&problem),
        };
    }
    tracing::debug!("the device said: {problem}");
    let small = problem.to_lowercase();
    if OUT_OF_MEMORY.iter().any(|name| small.contains(name)) {
        return LmError::OutOfMemory {
            over: "the work".to_owned(),
            advice: memory_advice(&[], false),
        };
    }
    LmError::Compute {
        problem: brief(&problem),
    }
}

/// The causes of an error in one line, without the backtrace.
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
    /// If memory ran out: the same error with what was run and what to change.
    pub(crate) fn with_memory_details(
        self,
        over: impl FnOnce() -> String,
        hint: impl FnOnce() -> String,
    ) -> Self {
        match self {
            Self::OutOfMemory { .. } => Self::OutOfMemory {
                over: over(),
                advice: hint(),
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
    format!("use {all}a smaller model or another --device")
}

impl Decoder {
    /// Advice on what takes less memory with this model; `options` are those of the command.
    pub(crate) fn memory_advice(&self, options: &[&str]) -> String {
        let wide = self.dtype() == Dtype::F32;
        memory_advice(options, wide && self.device().supports_dtype(DType::BF16))
    }
}

/// Half of the tokens that are run at a time, if there is a batch that can be split. `parts` are the tokens of each item of
/// each batch.
pub(crate) fn half_of_tokens<'a>(parts: impl IntoIterator<Item = &'a [usize]>) -> Option<usize> {
    let parts = parts.into_iter().filter(|items| items.len() > 1);
    let most = parts.map(|items| items.iter().sum::<usize>()).max()?;
    Some((most / 2).max(1))
}

#[cfg(test)]
pub(crate) mod planted;
#[cfg(test)]
mod tests;
