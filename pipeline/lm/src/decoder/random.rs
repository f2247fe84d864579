use super::{
    Decoder,
    load::{Loader, Source},
};
use crate::{
    Architecture, Device, Dtype, LmError, device::burn_dtype, guard::catch_device_errors, memory,
};
use burn::tensor::{DType, Device as BurnDevice, Distribution, Tensor};
use clika_base::types::NoProgress;

/// The standard deviation of initial weights in Hugging Face's configurations (`initializer_range`).
const DEVIATION: f64 = 0.02;

impl Decoder {
    /// A model with random weights, drawn on the device itself, to measure time without a checkpoint.
    ///
    /// The draw depends on the seed and on the device.
    pub fn random(
        architecture: &Architecture,
        device: &Device,
        dtype: Dtype,
        seed: u64,
    ) -> Result<Self, LmError> {
        device.check_dtype(dtype)?;
        memory::check_weights(device, architecture, dtype)?;
        let on = device.burn_device();
        on.seed(seed);
        let loader = Loader {
            prefix: "",
            source: Source::Random,
            architecture,
            dtype,
            device: &on,
        };
        let decoder = catch_device_errors(&on, || loader.decoder(&NoProgress))?;
        decoder.check_loaded()?;
        Ok(decoder)
    }
}

/// Matrices are normal with mean 0, the weights of norms 1 and biases 0.
pub(super) fn tensor<const D: usize>(
    name: &str,
    shape: [usize; D],
    dtype: Dtype,
    device: &BurnDevice,
) -> Tensor<D> {
    let options = (device, DType::F32);
    let tensor: Tensor<D> = if D > 1 {
        Tensor::random(shape, Distribution::Normal(0.0, DEVIATION), options)
    } else if name.ends_with(".bias") {
        Tensor::zeros(shape, options)
    } else {
        Tensor::ones(shape, options)
    };
    tensor.cast(burn_dtype(dtype))
}
