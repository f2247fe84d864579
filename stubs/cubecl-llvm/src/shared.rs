//! What all targets share.

pub mod lowered_features {
    //! What a device may claim to support.

    use cubecl_ir::DeviceProperties;

    /// A kind of GPU.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum GpuTarget {
        /// NVIDIA's.
        Nvptx,
    }

    /// Takes nothing away: only the compiler that is not here would need that.
    pub const fn restrict_features(_properties: &mut DeviceProperties, _target: GpuTarget) {}
}
