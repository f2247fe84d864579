use super::{Adapter, AdapterConfig, Factors, LoraConfig};
use crate::{
    Decoder, LmError,
    decoder::{Linear, Low, matrix},
};
use burn::tensor::{DType, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

impl Decoder {
    /// Puts an adapter on the model, instead of one that it has.
    pub fn attach(&mut self, adapter: &Adapter) -> Result<(), LmError> {
        let AdapterConfig { rank, .. } = adapter.config;
        let scale = adapter.config.scale() as f32;
        let device = self.device().clone();
        let linears = self.linears_mut();
        let known: BTreeSet<&str> = linears.iter().map(|linear| linear.name.as_str()).collect();
        if let Some(unknown) = adapter.modules().find(|name| !known.contains(name)) {
            return Err(LmError::OtherBase {
                module: unknown.to_owned(),
                problem: "the model has no such module".to_owned(),
            });
        }
        let mut lows = Vec::new();
        for linear in self.linears_mut() {
            let Some(Factors { a, b }) = adapter.modules.get(&linear.name) else {
                lows.push(None);
                continue;
            };
            let [rows, columns] = linear.weight.dims();
            if (a.len(), b.len()) != (rank * columns, rows * rank) {
                return Err(LmError::OtherBase {
                    module: linear.name.clone(),
                    problem: format!(
                        "the adapter is for [{}, {}], and the model has [{rows}, {columns}]",
                        b.len() / rank,
                        a.len() / rank
                    ),
                });
            }
            lows.push(Some(Low {
                a: matrix(a.clone(), [rank, columns], &device),
                b: matrix(b.clone(), [rows, rank], &device),
                scale,
            }));
        }
        for (linear, low) in self.linears_mut().into_iter().zip(lows) {
            linear.low = low;
        }
        self.adapter_config = Some(adapter.config.clone());
        Ok(())
    }

    /// Takes the adapter off, if there is one.
    pub fn detach(&mut self) {
        for linear in self.linears_mut() {
            linear.low = None;
        }
        self.adapter_config = None;
    }

    /// The adapter that is on the model.
    pub fn adapter(&self) -> Option<Adapter> {
        let config = self.adapter_config.clone()?;
        let mut modules = BTreeMap::new();
        let mut held = self.clone();
        for linear in held.linears_mut() {
            if let Some(low) = linear.low.take() {
                let [a, b] = [low.a, low.b].map(values);
                modules.insert(linear.name.clone(), Factors { a, b });
            }
        }
        Some(Adapter { config, modules })
    }

    /// Adds the adapter to the weights and takes it off.
    pub fn merge(&mut self) {
        for linear in self.linears_mut() {
            if let Some(low) = linear.low.take() {
                let dtype = linear.weight.dtype();
                let update = low.b.matmul(low.a) * low.scale;
                let weight = linear.weight.clone().cast(DType::F32) + update;
                linear.weight = weight.cast(dtype);
            }
        }
        self.adapter_config = None;
    }

    /// Puts on an adapter as PEFT initializes it: A uniform in ± 1/√in_features, B zero.
    pub(crate) fn begin_adapter(&mut self, config: &LoraConfig, seed: u64) -> Result<(), LmError> {
        if config.rank == 0 {
            return Err(LmError::Rank);
        }
        let names = config.targets.modules(&self.architecture().names);
        let device = self.device().clone();
        let scale = (config.alpha / config.rank as f64) as f32;
        for (number, linear) in self.linears_mut().into_iter().enumerate() {
            let last = linear.name.rsplit('.').next();
            linear.low = last
                .is_some_and(|last| names.contains(&last))
                .then(|| begin(linear, number, config.rank, scale, seed, &device));
        }
        self.adapter_config = Some(AdapterConfig {
            rank: config.rank,
            alpha: config.alpha,
            dropout: config.dropout,
            modules: names.into_iter().map(str::to_owned).collect(),
            by_root: false,
        });
        Ok(())
    }
}

fn begin(
    linear: &Linear,
    number: usize,
    rank: usize,
    scale: f32,
    seed: u64,
    device: &burn::tensor::Device,
) -> Low {
    let [rows, columns] = linear.weight.dims();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // A stream for each layer, whatever others have an adapter.
    random.set_stream(number as u64 + 1);
    let bound = 1.0 / (columns as f32).sqrt();
    let a = (0..rank * columns).map(|_| random.random_range(-bound..bound));
    Low {
        a: matrix(a.collect(), [rank, columns], device),
        b: Tensor::zeros([rows, rank], (device, DType::F32)),
        scale,
    }
}

/// A matrix's numbers, row by row.
fn values(x: Tensor<2>) -> Vec<f32> {
    let data = x.into_data();
    data.iter::<f32>().collect()
}
