use crate::LoraConfig;
use serde::{Deserialize, Serialize};

/// A prompt and its answer to train on: the loss is that of `tokens[answer..]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingExample {
    /// Prompt and answer.
    pub tokens: Vec<u32>,
    /// Where the answer begins; at least 1, and before the end.
    pub answer: usize,
}

/// All that decides the result of a training, besides model and examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// The adapter to train; without one all weights are trained.
    pub lora: Option<LoraConfig>,
    /// The highest learning rate; it goes to 0 along a half cosine.
    pub learning_rate: f64,
    /// Steps in which the rate rises from 0 in a straight line.
    pub warmup_steps: usize,
    /// How often every example is seen.
    pub epochs: usize,
    /// The most steps.
    pub max_steps: Option<usize>,
    /// Examples of a step.
    pub batch: usize,
    /// The weight decay of AdamW, on matrices only.
    pub weight_decay: f64,
    /// Gradients are clipped to this norm, taken over all parameters.
    pub max_gradient_norm: f64,
    /// Decides the initial adapter, the order of the examples and the dropout masks.
    pub seed: u64,
    /// Tokens that are run at a time, or one example if it has more. Changes no result beyond the order of additions and the
    /// dropout masks.
    pub batch_tokens: usize,
    /// Whether layers are computed again in the backward pass instead of keeping their activations (gradient checkpointing):
    /// a third more time for less memory.
    pub recompute: bool,
}

impl TrainingConfig {
    /// The number of steps with so many examples: batches are cut from the examples of all epochs one after the other, so only
    /// the last one may be smaller.
    pub fn steps(&self, examples: usize) -> usize {
        let steps = (examples * self.epochs).div_ceil(self.batch.max(1));
        self.max_steps.map_or(steps, |most| most.min(steps))
    }

    /// The learning rate of a step, from 0: transformers' cosine schedule with warmup.
    pub(crate) fn learning_rate_at(&self, step: usize, steps: usize) -> f64 {
        let (step, warmup, steps) = (step as f64, self.warmup_steps as f64, steps as f64);
        if step < warmup {
            return self.learning_rate * step / warmup.max(1.0);
        }
        let progress = (step - warmup) / (steps - warmup).max(1.0);
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::TrainingConfig;

    fn config() -> TrainingConfig {
        TrainingConfig {
            lora: None,
            learning_rate: 2.0,
            warmup_steps: 4,
            epochs: 3,
            max_steps: None,
            batch: 128,
            weight_decay: 0.0,
            max_gradient_norm: 1.0,
            seed: 0,
            batch_tokens: 1024,
            recompute: false,
        }
    }

    #[test]
    fn the_papers_rows_take_240_steps() {
        // 3 · 10,200 / 128 = 239.06
        assert_eq!(config().steps(10_200), 240);
        let short = TrainingConfig {
            max_steps: Some(7),
            ..config()
        };
        assert_eq!(short.steps(10_200), 7);
    }

    #[test]
    fn the_rate_rises_in_a_line_and_falls_along_a_cosine() {
        // By hand: half of the warmup, its end, and a third, a half and the whole of the 12 steps after it.
        let rates = [2, 4, 8, 10, 16].map(|step| config().learning_rate_at(step, 16));
        for (rate, expected) in rates.into_iter().zip([1.0, 2.0, 1.5, 1.0, 0.0]) {
            assert!((rate - expected).abs() < 1e-12, "{rate}, not {expected}");
        }
    }
}
