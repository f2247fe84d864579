//! The saved state that an interrupted training goes on from: `state.json` and one file each of parameters and of AdamW's means.

use super::{Moments, Trainer, TrainingConfig, TrainingExample};
use crate::{Decoder, LmError, decoder::matrix, files, guard::catch_device_errors};
use burn::tensor::{DType, Tensor};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

const STATE: &str = "state.json";
const PARAMETERS: &str = "parameters.safetensors";
const MEANS: &str = "means.safetensors";
const SQUARES: &str = "squares.safetensors";

#[derive(PartialEq, Serialize, Deserialize)]
struct TrainingState {
    done: usize,
    config: TrainingConfig,
    /// SHA-256 over the examples' tokens.
    examples: String,
    /// The model's family and sizes.
    model: String,
    dtype: String,
}

impl Trainer {
    fn state(&self) -> TrainingState {
        TrainingState {
            done: self.done,
            config: self.config.clone(),
            examples: digest(&self.examples),
            model: model(&self.decoder),
            dtype: self.decoder.dtype().name().to_owned(),
        }
    }

    /// Writes the state that a training goes on from into an empty folder: the trained parameters, AdamW's means, and the
    /// number of steps taken. Order and dropout follow from the seed and the step.
    pub fn save(&self, folder: &Path) -> Result<(), LmError> {
        catch_device_errors(self.decoder.device(), || self.save_unguarded(folder))
    }

    fn save_unguarded(&self, folder: &Path) -> Result<(), LmError> {
        let mut parameters = BTreeMap::new();
        self.decoder
            .clone()
            .map_parameters(self.trainable, &mut |name, _, value| {
                parameters.insert(name.to_owned(), value.clone());
                value
            });
        for (name, moments) in &self.moments {
            if let Some(master) = &moments.master {
                parameters.insert(name.clone(), master.clone());
            }
        }
        let of = |part: fn(&Moments) -> &Tensor<2>| -> BTreeMap<String, Tensor<2>> {
            let all = self.moments.iter();
            all.map(|(name, moments)| (name.clone(), part(moments).clone()))
                .collect()
        };
        let means = of(|moments| &moments.mean);
        let squares = of(|moments| &moments.square);
        for (file, tensors) in [(PARAMETERS, parameters), (MEANS, means), (SQUARES, squares)] {
            let tensors = tensors
                .into_iter()
                .map(|(name, tensor)| files::NamedTensor::new(name, tensor.cast(DType::F32)));
            files::write_matrices(&folder.join(file), tensors.collect())?;
        }
        let state = serde_json::to_string_pretty(&self.state()).expect("a state is plain data");
        files::write(&folder.join(STATE), state.as_bytes())
    }

    /// Resumes a training from a folder that [`Trainer::save`] wrote, with the same configuration, examples and model. The
    /// trained weights are read from the folder.
    pub fn resume(
        decoder: Decoder,
        examples: Vec<TrainingExample>,
        config: &TrainingConfig,
        folder: &Path,
    ) -> Result<Self, LmError> {
        let mut trainer = Self::new(decoder, examples, config)?;
        let other = |problem: String| LmError::OtherTraining {
            path: folder.to_owned(),
            problem,
        };
        let path = folder.join(STATE);
        let state: TrainingState = serde_json::from_str(&files::read_text(&path)?)
            .map_err(|error| other(error.to_string()))?;
        let now = trainer.state();
        let differs = [
            (state.config != now.config, "another configuration"),
            (state.examples != now.examples, "other examples"),
            (state.model != now.model, "another model"),
            (state.dtype != now.dtype, "another element type"),
        ];
        if let Some((_, what)) = differs.into_iter().find(|(differs, _)| *differs) {
            return Err(other(format!("it was saved with {what}")));
        }
        let mut read = [PARAMETERS, MEANS, SQUARES]
            .map(|file| files::read_matrices(&folder.join(file)))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let device = trainer.decoder.device().clone();
        let narrow = trainer.decoder.dtype() != crate::Dtype::F32 && config.lora.is_none();
        let mut problem = None;
        let mut moments = BTreeMap::new();
        trainer
            .decoder
            .map_parameters(trainer.trainable, &mut |name, _, value| {
                let shape = value.dims();
                let mut take = |file: usize| {
                    let found = read[file].remove(name).filter(|it| it.shape == shape);
                    found.map(|it| matrix(it.values, shape, &device))
                };
                let Some(wide) = take(0) else {
                    problem.get_or_insert_with(|| format!("`{name}` is not in it as {shape:?}"));
                    return value;
                };
                if let (Some(mean), Some(square)) = (take(1), take(2)) {
                    let kept = Moments {
                        mean,
                        square,
                        master: narrow.then(|| wide.clone()),
                    };
                    moments.insert(name.to_owned(), kept);
                }
                wide.cast(value.dtype())
            });
        if let Some(problem) = problem {
            return Err(other(problem));
        }
        trainer.moments = moments;
        trainer.done = state.done;
        Ok(trainer)
    }
}

fn model(decoder: &Decoder) -> String {
    let it = decoder.architecture();
    format!(
        "{} {} x {}, {} of {} heads, {} tokens",
        it.family, it.layers, it.hidden, it.kv_heads, it.heads, it.vocabulary
    )
}

fn digest(examples: &[TrainingExample]) -> String {
    let mut bytes = Vec::new();
    for example in examples {
        bytes.extend((example.answer as u64).to_le_bytes());
        bytes.extend((example.tokens.len() as u64).to_le_bytes());
        bytes.extend(example.tokens.iter().flat_map(|token| token.to_le_bytes()));
    }
    clika_base::files::sha256_hex(bytes)
}
