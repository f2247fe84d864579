//! Training: batches, gradients, AdamW, and the state from which an interrupted training goes on.

mod accumulate;
mod config;
#[cfg(test)]
mod failing;
mod order;
mod state;

pub use config::{TrainingConfig, TrainingExample};

use crate::{
    Adapter, Decoder, LmError, Sequence,
    decoder::{AdamW, Gradients, Trainable, adamw, zeros},
    guard::catch_device_errors,
};
use accumulate::BatchGradients;
use burn::tensor::{DType, Tensor};
use order::ExampleOrder;
use std::collections::BTreeMap;

/// A training of a model, step by step.
pub struct Trainer {
    decoder: Decoder,
    examples: Vec<TrainingExample>,
    config: TrainingConfig,
    order: ExampleOrder,
    trainable: Trainable,
    /// Tokens that are run at a time: the configuration's, or fewer since memory ran out.
    budget: usize,
    /// Steps taken.
    done: usize,
    moments: BTreeMap<String, Moments>,
}

/// What AdamW keeps for a parameter, f32: the means of its gradient and of the gradient's square.
struct Moments {
    mean: Tensor<2>,
    square: Tensor<2>,
    /// The parameter itself, where the model holds it in fewer bits.
    master: Option<Tensor<2>>,
}

/// A report on one step of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingStep {
    /// From 1.
    pub number: usize,
    /// The mean cross-entropy of the batch's answer tokens before the step.
    pub loss: f64,
    /// The norm of all gradients, before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// Tokens of the batch's examples, without padding; on a processor those that several begin with are run once.
    pub tokens: usize,
    /// The numbers of the batch's examples.
    pub examples: Vec<usize>,
}

impl Trainer {
    /// Prepares to train. An adapter that the model has is taken off; with [`TrainingConfig::lora`] a new one is put on.
    pub fn new(
        mut decoder: Decoder,
        examples: Vec<TrainingExample>,
        config: &TrainingConfig,
    ) -> Result<Self, LmError> {
        for (number, example) in examples.iter().enumerate() {
            if example.answer == 0 || example.answer >= example.tokens.len() {
                return Err(LmError::NoAnswer { number });
            }
            decoder.fits(example.tokens.len() - 1)?;
        }
        let steps = config.steps(examples.len());
        if steps == 0 {
            return Err(LmError::NothingToLearn);
        }
        let trainable = match &config.lora {
            Some(lora) => {
                decoder.add_new_adapter(lora, config.seed)?;
                Trainable::Adapter
            }
            None => {
                decoder.detach();
                decoder.unpack();
                Trainable::All
            }
        };
        Ok(Self {
            order: ExampleOrder::new(examples.len(), config.seed),
            decoder,
            examples,
            config: config.clone(),
            trainable,
            budget: config.batch_tokens,
            done: 0,
            moments: BTreeMap::new(),
        })
    }

    /// Like [`Trainer::new`], but every epoch has the examples in the given order.
    pub fn in_order(
        decoder: Decoder,
        examples: Vec<TrainingExample>,
        config: &TrainingConfig,
    ) -> Result<Self, LmError> {
        let order = ExampleOrder::as_given(examples.len());
        Ok(Self {
            order,
            ..Self::new(decoder, examples, config)?
        })
    }

    /// Begins from this adapter instead of a new one; to be called before the first step. The adapter may add to linear layers
    /// only.
    pub fn begin_from(&mut self, adapter: &Adapter) -> Result<(), LmError> {
        adapter.check_plain()?;
        let mut adapted = self.decoder.clone();
        adapted.attach(adapter)?;
        if adapted.adapter_config.is_none() {
            return Err(LmError::NotPlain {
                what: adapted.head.name,
            });
        }
        self.decoder = adapted;
        Ok(())
    }

    /// The number of all steps.
    pub fn steps(&self) -> usize {
        self.config.steps(self.examples.len())
    }

    /// Steps taken.
    pub const fn done(&self) -> usize {
        self.done
    }

    /// The model as it is now.
    pub const fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The trained model, with the adapter on it.
    pub fn into_decoder(mut self) -> Decoder {
        self.decoder.pack();
        self.decoder
    }

    /// Takes a step. A loss or gradient that is NaN or infinite ends the training with [`LmError::Diverged`] before any weight
    /// is changed; so do weights after the last step that give NaN. If memory runs out, micro-batches become smaller.
    ///
    /// After an error of a device, some weights may have been changed and others not: resume the training from its saved state.
    pub fn step(&mut self) -> Result<TrainingStep, LmError> {
        let numbers = self.batch();
        let number = self.done + 1;
        let BatchGradients {
            gradients,
            norm: gradient_norm,
            loss,
            tokens,
        } = self.batch_gradients(number, &numbers)?;
        if !loss.is_finite() || !gradient_norm.is_finite() {
            return Err(LmError::Diverged {
                step: number,
                loss,
                gradient_norm,
                dtype: self.decoder.dtype(),
                examples: numbers,
            });
        }
        let learning_rate = self.config.learning_rate_at(self.done, self.steps());
        self.update(&gradients, gradient_norm, learning_rate, number)?;
        self.done = number;
        if number == self.steps() {
            self.check_trained(numbers[0], gradient_norm)?;
        }
        Ok(TrainingStep {
            number,
            loss,
            gradient_norm,
            learning_rate,
            tokens,
            examples: numbers,
        })
    }

    /// Checks that the trained weights give finite logits. After every other step, the next loss shows that.
    fn check_trained(&self, example: usize, gradient_norm: f64) -> Result<(), LmError> {
        let tokens = &self.examples[example].tokens;
        let sequence = Sequence {
            tokens: &tokens[..tokens.len() - 1],
            past: None,
        };
        let (states, _) = self.decoder.forward_last(&[sequence], false)?;
        match self.decoder.log_probabilities(states) {
            Err(LmError::NotFinite { dtype, .. }) => Err(LmError::Diverged {
                step: self.done,
                loss: f64::NAN,
                gradient_norm,
                dtype,
                examples: vec![example],
            }),
            Err(other) => Err(other),
            Ok(_) => Ok(()),
        }
    }

    /// The examples of the next step.
    fn batch(&self) -> Vec<usize> {
        let all = self.examples.len() * self.config.epochs;
        let from = self.done * self.config.batch;
        let to = (from + self.config.batch).min(all);
        self.order.of(from..to)
    }

    fn update(
        &mut self,
        gradients: &Gradients,
        norm: f64,
        rate: f64,
        step: usize,
    ) -> Result<(), LmError> {
        // As PyTorch clips.
        let clip = (self.config.max_gradient_norm / (norm + 1e-6)).min(1.0) as f32;
        let decay = self.config.weight_decay;
        let device = self.decoder.device().clone();
        let (decoder, moments) = (&mut self.decoder, &mut self.moments);
        catch_device_errors(&device, || {
            decoder.map_parameters(self.trainable, &mut |name, matrix, value| {
                let Some(gradient) = gradients.get(name) else {
                    return value;
                };
                let dtype = value.dtype();
                let (shape, device) = (value.dims(), value.device());
                let Moments {
                    mean,
                    square,
                    master,
                } = moments.remove(name).unwrap_or_else(|| Moments {
                    mean: zeros(shape, &device),
                    square: zeros(shape, &device),
                    master: None,
                });
                let wide = master.unwrap_or_else(|| value.cast(DType::F32));
                let adamw_step = AdamW {
                    rate,
                    weight_decay: if matrix { decay } else { 0.0 },
                    step,
                };
                let [wide, mean, square] = adamw([wide, mean, square], gradient, clip, adamw_step);
                let narrow = dtype != DType::F32;
                let value = wide.clone().cast(dtype);
                let kept = Moments {
                    mean,
                    square,
                    master: narrow.then_some(wide),
                };
                moments.insert(name.to_owned(), kept);
                value
            });
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Trainer, TrainingConfig, TrainingExample};
    use crate::{Decoder, DeviceChoice, LoraConfig, LoraTargets};
    use burn::tensor::Device as BurnDevice;
    use clika_base::types::NoProgress;
    use std::path::Path;

    fn config(lora: bool) -> TrainingConfig {
        TrainingConfig {
            lora: lora.then_some(LoraConfig {
                rank: 4,
                alpha: 8.0,
                dropout: 0.0,
                targets: LoraTargets::All,
            }),
            learning_rate: 1e-2,
            warmup_steps: 0,
            epochs: 3,
            max_steps: None,
            batch: 6,
            weight_decay: 0.1,
            max_gradient_norm: 1.0,
            seed: 5,
            batch_tokens: 40,
            recompute: false,
        }
    }

    fn fixture(name: &str) -> Decoder {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name);
        let cpu = DeviceChoice::Cpu.device().expect("there is a processor");
        Decoder::load(&folder, &cpu, None, &NoProgress).expect("fixtures can be loaded")
    }

    #[test]
    fn a_step_is_cut_into_parts_of_like_size_that_threads_can_share() {
        let rows = |count: usize, length: usize| -> Vec<usize> {
            // Tokens are counted without the last one, which predicts nothing; no row begins as another.
            let examples = (0..count).map(|number| TrainingExample {
                tokens: (0..=length)
                    .map(|at| ((number + at) % 30 + 3) as u32)
                    .collect(),
                answer: 2,
            });
            let config = TrainingConfig {
                batch: count,
                batch_tokens: 2048,
                ..config(true)
            };
            let trainer = Trainer::new(fixture("llama-gqa"), examples.collect(), &config)
                .expect("it can be trained");
            let all: Vec<usize> = (0..count).collect();
            trainer.micro_batches(&all).iter().map(Vec::len).collect()
        };
        // By hand: 600 tokens are four parts of 150 on average, which a row of 60 ends at 180, 300 and 480.
        assert_eq!(rows(10, 60), [3, 2, 3, 2]);
        // 300 tokens are two parts of at least 128, and 120 are one.
        assert_eq!(rows(5, 60), [3, 2]);
        assert_eq!(rows(2, 60), [2]);
        // 1,560 tokens are four parts of at most 512 each.
        assert_eq!(rows(26, 60), [7, 6, 7, 6]);
    }

    /// Losses and lengths of gradients of some steps, by our kernels or by burn's operations, which do not take the first.
    fn steps(name: &str, lora: bool, by_kernels: bool) -> Vec<[f64; 2]> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name);
        let cpu = DeviceChoice::Cpu.device().expect("there is a processor");
        let device = if by_kernels {
            BurnDevice::flex()
        } else {
            BurnDevice::flex().autodiff()
        };
        let decoder = Decoder::load_on(&folder, &cpu, &device, None, &NoProgress)
            .expect("fixtures can be loaded");
        assert_eq!(decoder.on_processor(), by_kernels);
        let examples = (0..6_usize).map(|number| TrainingExample {
            tokens: (0..7 + number / 2)
                .map(|at| ((7 * number + 5 * at) % 40 + 3) as u32)
                .collect(),
            answer: 2,
        });
        let mut trainer =
            Trainer::new(decoder, examples.collect(), &config(lora)).expect("it can be trained");
        let mut step = || trainer.step().expect("it is tame");
        (0..3)
            .map(|_| step())
            .map(|step| [step.loss, step.gradient_norm])
            .collect()
    }

    #[test]
    fn burns_operations_learn_what_the_kernels_do() {
        let families = [
            "llama-gqa",
            "mistral-sliding",
            "qwen2",
            "qwen3",
            "bloom-post-residual",
            "baichuan2-7b-like",
            "baichuan2-13b-like",
            "gemma2",
            "gemma3",
            "olmo2",
            "cohere2",
            "gpt-neox",
            "gpt-neox-sequential",
        ];
        for name in families {
            for lora in [true, false] {
                let pairs = steps(name, lora, true)
                    .into_iter()
                    .zip(steps(name, lora, false));
                for (ours, burns) in pairs {
                    for (a, b) in ours.into_iter().zip(burns) {
                        assert!((a - b).abs() < 1e-3 * b, "{name}: {ours:?}, {burns:?}");
                    }
                }
            }
        }
    }
}
