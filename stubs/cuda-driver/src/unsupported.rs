//! Functions that the bindings may ask for and that are not needed: each says so, in the log too.

use crate::{Answer, errors::NOT_SUPPORTED, record::state};

/// In C a function may be called with arguments that it does not look at.
macro_rules! unsupported {
    ($($name:ident)*) => {$(
        /// Is not here.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name() -> Answer {
            state().refused(stringify!($name), "is not in the stand-in");
            NOT_SUPPORTED
        }
    )*};
}

unsupported! {
    cuCtxCreate_v4 cuCtxDestroy_v2 cuCtxGetLimit cuCtxSetLimit cuCtxGetCacheConfig cuCtxSetCacheConfig cuCtxSetFlags
    cuDestroyExternalMemory cuDeviceGetDefaultMemPool cuDeviceGetMemPool cuDeviceGetUuid cuDeviceSetMemPool
    cuExternalMemoryGetMappedBuffer cuFuncGetAttribute cuFuncSetCacheConfig cuGraphDestroy cuGraphExecDestroy
    cuGraphGetNodes cuGraphInstantiateWithFlags cuGraphLaunch cuGraphNodeGetType cuGraphUpload cuImportExternalMemory
    cuLaunchCooperativeKernel cuLaunchHostFunc cuMemAdvise_v2 cuMemAllocFromPoolAsync cuMemAllocManaged cuMemHostAlloc
    cuMemPoolCreate cuMemPoolDestroy cuMemPoolGetAttribute cuMemPoolSetAttribute cuMemPoolTrimTo cuMemPrefetchAsync_v2
    cuMemcpyDtoD_v2 cuMemcpyPeerAsync cuMemsetD8_v2 cuModuleGetGlobal_v2 cuModuleLoad
    cuOccupancyAvailableDynamicSMemPerBlock cuOccupancyMaxActiveBlocksPerMultiprocessor
    cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags cuOccupancyMaxActiveClusters cuOccupancyMaxPotentialBlockSize
    cuOccupancyMaxPotentialBlockSizeWithFlags cuOccupancyMaxPotentialClusterSize cuStreamAttachMemAsync
    cuStreamBeginCapture_v2 cuStreamEndCapture cuStreamIsCapturing cuTensorMapEncodeIm2col cuTensorMapEncodeIm2colWide
}
