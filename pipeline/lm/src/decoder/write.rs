use super::{Decoder, training::Trained};
use crate::{LmError, files};
use burn::tensor::{DType, Tensor};
use std::path::Path;

impl Decoder {
    /// Writes `model.safetensors` as transformers names and shapes it, in the type of the weights; without the adapter, which
    /// [`Decoder::merge`] adds to them. `config.json` and the tokenizer are the base's.
    pub fn write(&self, folder: &Path) -> Result<(), LmError> {
        let mut tensors = Vec::new();
        self.clone()
            .change_parameters(Trained::All, &mut |name, matrix, value| {
                let shape = if matrix {
                    value.dims().to_vec()
                } else {
                    vec![value.dims()[1]]
                };
                let (dtype, bytes) = bytes(value.clone());
                tensors.push(files::Matrix::of_bytes(
                    name.to_owned(),
                    shape,
                    dtype,
                    bytes,
                ));
                value
            });
        files::write_matrices(&folder.join("model.safetensors"), tensors)
    }
}

fn bytes(x: Tensor<2>) -> (safetensors::Dtype, Vec<u8>) {
    let dtype = match x.dtype() {
        DType::F16 => safetensors::Dtype::F16,
        DType::BF16 => safetensors::Dtype::BF16,
        _ => safetensors::Dtype::F32,
    };
    (dtype, x.into_data().as_bytes().to_vec())
}
