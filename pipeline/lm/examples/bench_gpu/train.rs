//! Steps of a LoRA training, rank 128 on queries and values as the paper's, on the rows of a file in their order.

use super::{Outcome, answer, losses::Row, reserved_mib, timed};
use clika_lm::{Decoder, LoraConfig, LoraTargets, Trainer, TrainingConfig, TrainingExample};
use serde_json::json;
use std::{fs, path::Path};

/// More steps than anybody asks for.
const EPOCHS: usize = 1000;

/// `batch` rows a step, of which `batch_tokens` tokens are run at a time.
pub(super) fn run(decoder: Decoder, rows: &Path, batch: usize, batch_tokens: usize) -> Outcome<()> {
    let rows: Vec<Row> = serde_json::from_slice(&fs::read(rows)?)?;
    let examples = rows.into_iter().map(TrainingExample::from).collect();
    let config = TrainingConfig {
        lora: Some(LoraConfig {
            rank: 128,
            alpha: 16.0,
            dropout: 0.1,
            targets: LoraTargets::Paper,
        }),
        learning_rate: 2e-4,
        warmup_steps: 0,
        epochs: EPOCHS,
        max_steps: None,
        batch,
        weight_decay: 0.0,
        max_gradient_norm: 1.0,
        seed: 0,
        batch_tokens,
        recompute: false,
    };
    let mut trainer = Trainer::in_order(decoder, examples, &config)?;
    answer(|_| {
        let (seconds, step) = timed(|| {
            let step = trainer.step()?;
            trainer.decoder().device().sync()?;
            Ok(step)
        })?;
        Ok(json!({
            "seconds": seconds,
            // Of whole rows: the last token of each is only a target.
            "tokens": step.tokens + step.examples.len(),
            "loss": step.loss,
            "reserved_mib": reserved_mib(trainer.decoder()),
        }))
    })
}
