//! The trainings of tests/fixtures-training against what PEFT gave, step by step, as tests/training.rs compares them.

use super::{Outcome, answer, distance, logits, parse_dtype};
use clika_base::types::NoProgress;
use clika_lm::{
    Adapter, Decoder, Device, Dtype, LoraConfig, LoraTargets, Sequence, Trainer, TrainingConfig,
    TrainingExample,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// What a training needs, and what it gave.
#[derive(Deserialize)]
struct Training {
    base: String,
    targets: String,
    rank: usize,
    alpha: f64,
    learning_rate: f64,
    warmup_steps: usize,
    weight_decay: f64,
    max_gradient_norm: f64,
    steps: usize,
    batches: Vec<Vec<Row>>,
    losses: Vec<f64>,
    gradient_norms: Vec<f64>,
    prompt: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
pub(super) struct Row {
    tokens: Vec<u32>,
    answer: usize,
}

impl From<Row> for TrainingExample {
    fn from(row: Row) -> Self {
        Self {
            tokens: row.tokens,
            answer: row.answer,
        }
    }
}

pub(super) fn run(device: &Device, fixtures: &Path, trainings: &Path) -> Outcome<()> {
    answer(|line| {
        let (name, dtype) = line.split_once(' ').ok_or("a type is missing")?;
        compare(device, fixtures, &trainings.join(name), parse_dtype(dtype)?)
    })
}

fn compare(device: &Device, fixtures: &Path, folder: &Path, dtype: Dtype) -> Outcome<Value> {
    let mut training: Training = serde_json::from_slice(&fs::read(folder.join("training.json"))?)?;
    let decoder = Decoder::load(
        &fixtures.join(&training.base),
        device,
        Some(dtype),
        &NoProgress,
    )?;
    let mut trainer = training.trainer(decoder, folder)?;
    let (mut loss, mut gradient) = (0.0_f64, 0.0_f64);
    for (expected, norm) in training.losses.iter().zip(&training.gradient_norms) {
        // A loss that is not finite ends it.
        let step = trainer.step()?;
        loss = loss.max((step.loss - expected).abs());
        gradient = gradient.max((step.gradient_norm / norm - 1.0).abs());
    }
    let sequence = Sequence {
        tokens: &training.prompt,
        past: None,
    };
    let found = logits(trainer.decoder(), &[sequence])?;
    let logits = distance(&found, &training.logits.concat())?;
    Ok(json!({
        "steps": trainer.done(),
        "loss": loss,
        "gradient": gradient,
        "logits": logits,
    }))
}

impl Training {
    fn trainer(&mut self, decoder: Decoder, folder: &Path) -> Outcome<Trainer> {
        let targets = match self.targets.as_str() {
            "paper" => Some(LoraTargets::Paper),
            "attention" => Some(LoraTargets::Attention),
            "all" => Some(LoraTargets::All),
            "full" => None,
            other => return Err(format!("unknown targets {other}").into()),
        };
        let config = TrainingConfig {
            lora: targets.map(|targets| LoraConfig {
                rank: self.rank,
                alpha: self.alpha,
                dropout: 0.0,
                targets,
            }),
            learning_rate: self.learning_rate,
            warmup_steps: self.warmup_steps,
            epochs: self.steps / self.batches.len(),
            max_steps: None,
            batch: self.batches[0].len(),
            weight_decay: self.weight_decay,
            max_gradient_norm: self.max_gradient_norm,
            seed: 0,
            batch_tokens: 1024,
            recompute: false,
        };
        let rows = std::mem::take(&mut self.batches).into_iter().flatten();
        let examples = rows.map(TrainingExample::from).collect();
        let mut trainer = Trainer::in_order(decoder, examples, &config)?;
        if config.lora.is_some() {
            trainer.begin_from(&Adapter::read(&folder.join("initial"))?)?;
        }
        Ok(trainer)
    }
}
