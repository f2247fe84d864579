use super::{Decoder, training::Trainable};
use crate::{LmError, files, guard::guarded};
use std::path::Path;

impl Decoder {
    /// Writes `model.safetensors` as transformers names and shapes it, in the type of the weights; without the adapter, which
    /// [`Decoder::merge`] adds to them. `config.json` and the tokenizer are the base's.
    pub fn write(&self, folder: &Path) -> Result<(), LmError> {
        guarded(self.device(), || {
            let mut tensors = Vec::new();
            let mut base = self.clone();
            base.detach();
            base.change_parameters(Trainable::All, &mut |name, matrix, value| {
                let (name, numbers) = (name.to_owned(), value.clone());
                tensors.push(if matrix {
                    files::Matrix::new(name, numbers)
                } else {
                    files::Matrix::vector(name, numbers)
                });
                value
            });
            files::write_matrices(&folder.join("model.safetensors"), tensors)
        })
    }
}
