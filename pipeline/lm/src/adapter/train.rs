//! New LoRA adapters for training.

use super::AdapterConfig;
use crate::{
    Decoder, LmError, MlpNames, QueryKeyValue, TensorNames,
    decoder::{Linear, Lora, matrix},
};
use burn::tensor::{DType, Device as BurnDevice, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Which linear layers get an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoraTargets {
    /// Those of the paper: queries and values, or the one matrix that contains them.
    Paper,
    /// All of the attention.
    Attention,
    /// All of attention and MLP.
    All,
}

/// The configuration of a LoRA adapter to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoraConfig {
    /// The rank of its low-rank updates; at least 1.
    pub rank: usize,
    /// Updates are multiplied by alpha over rank.
    pub alpha: f64,
    /// The dropout probability on the adapter's input, in training only.
    pub dropout: f64,
    /// The linear layers that get an adapter.
    pub targets: LoraTargets,
}

impl LoraTargets {
    /// The last parts of the modules' names, as PEFT's `target_modules` lists them.
    pub fn modules(self, names: &TensorNames) -> Vec<&'static str> {
        let last = |name: &'static str| match name.rsplit_once('.') {
            Some((_, last)) => last,
            None => name,
        };
        let mut modules: Vec<&str> = match (self, names.query_key_value) {
            (Self::Paper, QueryKeyValue::Separate([query, _, value])) => vec![query, value],
            (Self::Attention | Self::All, QueryKeyValue::Separate(all)) => all.into(),
            (_, QueryKeyValue::Stacked(one) | QueryKeyValue::ByHead(one)) => vec![one],
        };
        if self != Self::Paper {
            modules.push(names.output);
        }
        if self == Self::All {
            match names.mlp {
                MlpNames::Gated { gate, up, down } => modules.extend([gate, up, down]),
                MlpNames::Plain { up, down } => modules.extend([up, down]),
            }
        }
        modules.into_iter().map(last).collect()
    }
}

impl Decoder {
    /// Puts a new adapter on the model, initialized as in PEFT: A uniform in ± 1/√in_features, B zero.
    pub(crate) fn add_new_adapter(
        &mut self,
        config: &LoraConfig,
        seed: u64,
    ) -> Result<(), LmError> {
        if config.rank == 0 {
            return Err(LmError::Rank);
        }
        self.detach();
        let names = config.targets.modules(&self.architecture().names);
        let device = self.device().clone();
        let scale = (config.alpha / config.rank as f64) as f32;
        for (number, linear) in self.linears_mut().into_iter().enumerate() {
            let last = linear.name.rsplit('.').next();
            linear.lora = last
                .is_some_and(|last| names.contains(&last))
                .then(|| new_lora(linear, number, config.rank, scale, seed, &device));
        }
        let names = names.into_iter().map(str::to_owned).collect();
        let LoraConfig {
            rank,
            alpha,
            dropout,
            ..
        } = *config;
        self.adapter_config = Some(AdapterConfig::plain(rank, alpha, dropout, names));
        Ok(())
    }
}

fn new_lora(
    linear: &Linear,
    number: usize,
    rank: usize,
    scale: f32,
    seed: u64,
    device: &BurnDevice,
) -> Lora {
    let [rows, columns] = linear.weight.dims();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // Each layer has its own stream, whether or not other layers have an adapter.
    random.set_stream(number as u64 + 1);
    let bound = 1.0 / (columns as f32).sqrt();
    let a = (0..rank * columns).map(|_| random.random_range(-bound..bound));
    let a = matrix(a.collect(), [rank, columns], device);
    let b = Tensor::zeros([rows, rank], (device, DType::F32));
    Lora::new(a, b, scale)
}
