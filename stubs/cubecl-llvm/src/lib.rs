//! Takes the place of cubecl-llvm, which cubecl-cuda always depends on.
//!
//! The published crate's build script downloads a build of LLVM from another server than the registry, so nothing that
//! depends on it builds from the registry alone. cubecl-cuda needs it for one of its two compilers only. The other one,
//! which the feature `cubecl-cuda/cpp` makes the default, writes CUDA C++ and has CUDA's NVRTC compile it. What is here
//! are the names that cubecl-cuda 0.11.3 needs to be compiled; none of it runs as long as that feature is on, and if it
//! is not, every kernel fails with an error that says why.
//!
//! The workspace's `[patch.crates-io]` points here. On an update of burn, compare with what the new cubecl-cuda names
//! (`grep -rn cubecl_llvm` in its source), or drop this folder if LLVM has become optional.

pub mod nvptx;
pub mod shared;

use cubecl_environment::backtrace::BackTrace;
use cubecl_ir::{attributes::BufferIOAttr, nvidia::SmArch};
use cubecl_runtime::{compiler::CompilationError, kernel::KernelDefinition};
use nvptx::ptx_version::PtxVersion;
use std::{convert::Infallible, ffi::c_char};

/// The compiler that is not here.
#[derive(Clone, Debug)]
pub struct PlironCompiler {
    /// What it would compile for.
    pub target: LlvmTarget,
}

/// What a [`PlironCompiler`] compiles for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LlvmTarget {
    /// PTX.
    Nvptx,
}

/// Options of a [`PlironCompiler`].
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// An AMD architecture: always `None`.
    pub arch: Option<Infallible>,
    /// The GPU's architecture.
    pub sm_arch: Option<SmArch>,
    /// The PTX to write.
    pub ptx_version: Option<PtxVersion>,
    /// How parameters are passed.
    pub grid_constants: bool,
}

/// What a [`PlironCompiler`] would return; there are no values of this type.
#[derive(Clone, Debug)]
pub enum PlironArtifact {
    /// PTX.
    NvptxCode(NvptxModule),
}

/// A compiled kernel; there are no values of this type.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// The code, ending in a NUL.
    pub ptx: Vec<c_char>,
    /// What it was made from.
    pub ir: String,
    /// In bytes.
    pub shared_memory_size: usize,
    /// What it does with its buffers.
    pub io: Vec<BufferIOAttr>,
    /// Keeps the type empty.
    pub never: Infallible,
}

impl PlironCompiler {
    /// Fails.
    pub fn compile(
        &mut self,
        _kernel: KernelDefinition,
        _options: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason: "built without LLVM; switch on the feature `cpp` of cubecl-cuda".to_owned(),
            backtrace: BackTrace::capture(),
        })
    }

    /// The name of its language.
    pub const fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
