//! Low-rank adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`.

mod attach;
mod config;

pub use config::{AdapterConfig, LoraConfig, Targets};

use crate::{LmError, decoder::matrix, files};
use burn::tensor::Device;
use std::{collections::BTreeMap, path::Path};

/// An adapter apart from any model.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    /// What it is like.
    pub config: AdapterConfig,
    /// The factors of each module, by its name in a checkpoint.
    modules: BTreeMap<String, Factors>,
}

/// The factors of an update `scale · B · A`.
#[derive(Clone, Debug, PartialEq)]
struct Factors {
    /// `[rank, in_features]`, row by row.
    a: Vec<f32>,
    /// `[out_features, rank]`, row by row.
    b: Vec<f32>,
}

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";
/// What PEFT puts before a module's name.
const PREFIX: &str = "base_model.model.";

impl Adapter {
    /// Reads an adapter that PEFT or [`Adapter::write`] wrote.
    ///
    /// Weights may be f32, f16 or bf16.
    pub fn read(folder: &Path) -> Result<Self, LmError> {
        let path = folder.join(CONFIG);
        let config = AdapterConfig::read(&path, &files::read_text(&path)?)?;
        let path = folder.join(WEIGHTS);
        let problem = |problem: String| LmError::Adapter {
            path: path.clone(),
            problem,
        };
        let mut sides: [BTreeMap<String, Vec<f32>>; 2] = Default::default();
        for (name, matrix) in files::read_matrices(&path)? {
            let module = name.strip_prefix(PREFIX);
            let Some((module, factor)) = module.and_then(|name| name.rsplit_once(".lora_")) else {
                return Err(problem(format!("tensor `{name}` belongs to no LoRA")));
            };
            let (side, of_rank) = match factor {
                "A.weight" => (0, matrix.shape[0]),
                "B.weight" => (1, matrix.shape[1]),
                _ => return Err(problem(format!("tensor `{name}` belongs to no LoRA"))),
            };
            if of_rank != config.rank {
                return Err(problem(format!(
                    "tensor `{name}` has shape {:?}, and `r` in {CONFIG} is {}",
                    matrix.shape, config.rank
                )));
            }
            sides[side].insert(module.to_owned(), matrix.values);
        }
        let [of_a, mut of_b] = sides;
        let mut modules = BTreeMap::new();
        for (module, a) in of_a {
            let b = of_b
                .remove(&module)
                .ok_or_else(|| problem(format!("`{module}` has no lora_B")))?;
            modules.insert(module, Factors { a, b });
        }
        if let Some(module) = of_b.keys().next() {
            return Err(problem(format!("`{module}` has no lora_A")));
        }
        if modules.is_empty() {
            return Err(problem("it holds no tensor".to_owned()));
        }
        Ok(Self { config, modules })
    }

    /// The names of its modules in a checkpoint, in order.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// Writes both files into a folder that exists; `base` is the name or folder of the model it belongs to.
    pub fn write(&self, folder: &Path, base: &str) -> Result<(), LmError> {
        let rank = self.config.rank;
        let device = Device::flex();
        let mut tensors = Vec::with_capacity(2 * self.modules.len());
        for (module, Factors { a, b }) in &self.modules {
            for (factor, numbers, shape) in [
                ("A", a, [rank, a.len() / rank]),
                ("B", b, [b.len() / rank, rank]),
            ] {
                let name = format!("{PREFIX}{module}.lora_{factor}.weight");
                tensors.push(files::Matrix::new(
                    name,
                    matrix(numbers.clone(), shape, &device),
                ));
            }
        }
        files::write_matrices(&folder.join(WEIGHTS), tensors)?;
        files::write(&folder.join(CONFIG), self.config.to_json(base).as_bytes())
    }
}
