//! Compiling for NVIDIA's GPUs.

pub mod ptx_version {
    //! Versions of PTX.

    use std::{convert::Infallible, fmt};

    /// A version of PTX; there are no values of this type.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct PtxVersion(Infallible);

    impl PtxVersion {
        /// None: nothing is compiled to PTX here.
        pub const fn for_driver(_driver: i32) -> Option<Self> {
            None
        }
    }

    impl fmt::Display for PtxVersion {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.0 {}
        }
    }
}
