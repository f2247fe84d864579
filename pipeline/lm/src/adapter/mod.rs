//! Low-rank adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors` or `.bin`.

mod attach;
mod config;
mod fields;
mod modules;
mod patterns;
mod plan;
mod tensors;
mod train;
mod tying;

pub use config::{AdapterConfig, ModuleSelection};
pub use fields::{AdapterField, FIELDS, FieldSupport};
pub use train::{LoraConfig, LoraTargets};

use crate::{Dtype, LmError, decoder::matrix, files};
use burn::tensor::Device as BurnDevice;
use clika_checkpoint::{Checkpoint, TensorValues};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A LoRA adapter that is read from files or taken from a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    /// Its configuration.
    pub config: AdapterConfig,
    /// The tensors by their names in the file, without PEFT's prefix.
    tensors: BTreeMap<String, AdapterTensor>,
}

/// A tensor of an adapter.
#[derive(Clone, Debug, PartialEq)]
struct AdapterTensor {
    shape: Vec<usize>,
    /// Row by row.
    values: Vec<f32>,
}

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";
/// As PEFT wrote until 0.6.
const OLD_WEIGHTS: &str = "adapter_model.bin";
/// What PEFT puts before a tensor's name.
const PREFIX: &str = "base_model.model.";

impl Adapter {
    /// Reads an adapter that PEFT or [`Adapter::write`] wrote. Whether it fits a model is checked when it is put on one.
    ///
    /// Weights may be f32, f16 or bf16; NaN and infinity are errors.
    pub fn read(folder: &Path) -> Result<Self, LmError> {
        if folder.is_file() {
            return Err(LmError::Adapter {
                path: folder.to_owned(),
                problem: "it is a file, and an adapter is a folder".to_owned(),
            });
        }
        let [path, weights] = Self::files(folder);
        let config = AdapterConfig::read(&path, &files::read_text(&path)?)?;
        let mut checkpoint = Checkpoint::open_only(&weights)?;
        let mut tensors = BTreeMap::new();
        for (name, shape) in checkpoint.shapes() {
            let Some(short) = name.strip_prefix(PREFIX) else {
                return Err(LmError::AdapterTensor {
                    name,
                    problem: format!("does not begin with `{PREFIX}`"),
                });
            };
            let values = match checkpoint.take(&name, &shape, Dtype::F32)? {
                TensorValues::F32(values) => values,
                TensorValues::F16(_) | TensorValues::Bf16(_) => unreachable!("f32 was asked for"),
            };
            tensors.insert(short.to_owned(), AdapterTensor { shape, values });
        }
        Ok(Self { config, tensors })
    }

    /// The paths of the configuration and the weights of a folder's adapter, whether they exist or not. As in PEFT,
    /// safetensors come before `.bin`.
    pub fn files(folder: &Path) -> [PathBuf; 2] {
        let [weights, old] = [WEIGHTS, OLD_WEIGHTS].map(|name| folder.join(name));
        let weights = if !weights.is_file() && old.is_file() {
            old
        } else {
            weights
        };
        [folder.join(CONFIG), weights]
    }

    /// The names of the layers that it adds matrices to, in order.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        let names = self.tensors.keys();
        names.filter_map(|name| name.strip_suffix(".lora_A.weight"))
    }

    /// Checks that the adapter is plain: it only adds low-rank updates to linear layers. Training makes and continues no
    /// others.
    pub(crate) fn check_plain(&self) -> Result<(), LmError> {
        let other = |name: &&String| {
            !(name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight"))
        };
        let field = self.config.beyond_plain();
        match field.or(self.tensors.keys().find(other).map(String::as_str)) {
            Some(what) => Err(LmError::NotPlain {
                what: what.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Writes both files into a folder that exists; `base` is the name or folder of the model it belongs to.
    pub fn write(&self, folder: &Path, base: &str) -> Result<(), LmError> {
        self.check_plain()?;
        let device = BurnDevice::flex();
        let tensors = self
            .tensors
            .iter()
            .map(|(name, AdapterTensor { shape, values })| {
                let &[rows, columns] = shape.as_slice() else {
                    unreachable!("a plain adapter has matrices");
                };
                let values = matrix(values.clone(), [rows, columns], &device);
                files::NamedTensor::new(format!("{PREFIX}{name}"), values)
            });
        files::write_matrices(&folder.join(WEIGHTS), tensors.collect())?;
        files::write(&folder.join(CONFIG), self.config.to_json(base).as_bytes())
    }
}
