//! Steps of a LoRA training on rows as long as those of a fictional world.

use super::{Outcome, median, print};
use clika_checkpoint::parse_architecture;
use clika_lm::{Decoder, Dtype, Example, LoraConfig, Place, Targets, Trainer, TrainingConfig};
use serde_json::json;
use std::{fs, path::Path, time::Instant};

/// Steps that are counted, behind two that compile and tune kernels.
const STEPS: usize = 5;

/// Trains on `rows` rows a step. Lengths, ids and answers are as bench_gpu.py's `training_rows` has them.
pub(super) fn run(place: &Place, config: &Path, rows: usize, batch_tokens: usize) -> Outcome<()> {
    let architecture = parse_architecture(config, &fs::read_to_string(config)?)?;
    let vocabulary = architecture.vocabulary;
    let decoder = Decoder::random(&architecture, place, Dtype::Bf16, 1)?;
    let examples = (0..rows).map(|row| {
        let length = 44 + row * 7 % 24;
        Example {
            tokens: (0..length)
                .map(|at| ((row * 31 + at * 7919) % vocabulary) as u32)
                .collect(),
            answer: length - 9,
        }
    });
    let config = TrainingConfig {
        lora: Some(LoraConfig {
            rank: 128,
            alpha: 16.0,
            dropout: 0.1,
            targets: Targets::Paper,
        }),
        learning_rate: 2e-4,
        warmup_steps: 0,
        epochs: STEPS + 2,
        max_steps: None,
        batch: rows,
        weight_decay: 0.0,
        max_gradient_norm: 1.0,
        seed: 0,
        batch_tokens,
        recompute: false,
    };
    let mut trainer = Trainer::in_order(decoder, examples.collect(), &config)?;
    let mut losses = Vec::new();
    let mut seconds = Vec::new();
    let mut tokens = 0;
    for step in 0..STEPS + 2 {
        let begin = Instant::now();
        // The loss is read from the device, and so is the gradient's length: a step has ended when it returns.
        let taken = trainer.step()?;
        trainer.decoder().device().sync()?;
        losses.push(taken.loss);
        if step >= 2 {
            seconds.push(begin.elapsed().as_secs_f64());
        }
        tokens = taken.tokens + taken.examples.len();
    }
    print(&json!({
        "tokens_per_second": tokens as f64 / median(seconds),
        "losses": losses,
    }));
    Ok(())
}
