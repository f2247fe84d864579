use super::{Decoder, training::Trainable};
use crate::{LmError, files, guard::catch_device_errors};
use std::path::Path;

impl Decoder {
    /// Writes `model.safetensors` as transformers names and shapes it, in the type of the weights; without the adapter, which
    /// [`Decoder::merge`] adds to them. `config.json` and the tokenizer are the base's.
    pub fn write(&self, folder: &Path) -> Result<(), LmError> {
        catch_device_errors(self.device(), || {
            let mut tensors = Vec::new();
            let mut base = self.clone();
            base.detach();
            let names = &self.architecture.names;
            let head = format!("{}.weight", names.head);
            base.map_parameters(Trainable::All, &mut |name, matrix, value| {
                let name = if name == head {
                    format!("{}.weight", names.stored_head)
                } else {
                    name.to_owned()
                };
                let numbers = value.clone();
                tensors.push(if matrix {
                    files::NamedTensor::new(name, numbers)
                } else {
                    files::NamedTensor::vector(name, numbers)
                });
                value
            });
            files::write_matrices(&folder.join("model.safetensors"), tensors)
        })
    }
}
