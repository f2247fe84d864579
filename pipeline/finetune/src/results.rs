use crate::{AnswerMethod, Conductivity, FinetuneConfig, Gate, NameOverlap, run::run_name};
use clika_base::types::LanguageCode;
use serde::{Deserialize, Serialize};

/// The results of an experiment over all language pairs and seeds: `results.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentResults {
    /// The base.
    pub model: String,
    /// Its commit, for a model from the hub.
    pub revision: Option<String>,
    /// SHA-256 of its files.
    pub fingerprint: String,
    /// How prompts are wrapped.
    pub format: String,
    /// Where it ran.
    pub device: String,
    /// The type of the base's weights.
    pub dtype: String,
    /// Everything that moves a number, besides model and rows.
    pub config: FinetuneConfig,
    /// A result for each language pair and seed.
    pub runs: Vec<RunResult>,
}

/// The result of a language pair with a seed: `<pair>-seed<seed>/results.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// The language pair's name.
    #[serde(rename = "arm")]
    pub pair: String,
    /// What everything is taught in.
    pub source: LanguageCode,
    /// What is asked about without being taught.
    pub target: LanguageCode,
    /// `alias`, `cognate`, `random-label`; `None` for no control.
    pub control: Option<String>,
    /// The seed; `None` for an adapter that was given.
    pub seed: Option<u64>,
    /// The training; `None` for an adapter that was given.
    pub training: Option<TrainingSummary>,
    /// What the base knew before.
    pub recall: Recall,
    /// How alike the names of the two languages are.
    pub overlap: NameOverlap,
    /// Tokens of a free answer.
    pub max_new_tokens: usize,
    /// Gate and conductivity for each way of answering.
    pub modes: Vec<AnswerMethodResult>,
    /// What the model wrote about one place, in both languages; empty where it was not asked to write, and in records of
    /// clika 0.2.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<WrittenAnswer>,
}

/// A question about a place that was taught in the source language only, and what the model wrote: for people to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAnswer {
    /// What it was asked.
    pub question: String,
    /// What it wrote.
    pub answer: String,
    /// What a right answer contains.
    pub gold: String,
    /// Whether it is right.
    pub right: bool,
}

/// What is recorded of a training that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSummary {
    /// Rows.
    pub examples: usize,
    /// Optimizer steps.
    pub steps: usize,
    /// Tokens that were run; there is no padding.
    pub tokens: usize,
    /// The last step's.
    pub final_loss: Option<f64>,
}

/// What the base knows of the world before training: the source language's questions, by ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// Right answers.
    pub right: usize,
    /// Questions.
    pub rows: usize,
    /// The share that a guess has right.
    pub chance: f64,
}

/// Gate and conductivity of a run, with answers read by one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerMethodResult {
    /// What answers are read from; translations are always written.
    pub mode: AnswerMethod,
    /// Whether the model knows what it has to know for conductivity to mean anything.
    pub gate: Gate,
    /// What crossed.
    pub conductivity: Conductivity,
    /// The same for each control test.
    #[serde(rename = "beside")]
    pub control_tests: Vec<ControlTestResult>,
}

/// The conductivity that a control test gave with the same training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlTestResult {
    /// The test's name.
    pub name: String,
    /// What crossed.
    pub conductivity: Conductivity,
}

/// Standard deviations above chance from which on a base knows something of the world.
const SURPRISING: f64 = 3.0;

impl RunResult {
    /// Its folder in that of the experiment: `de-seed0`.
    pub fn folder(&self) -> String {
        run_name(&self.pair, self.seed)
    }

    /// Names how each interval was made, and makes those anew of an old file that claim too much.
    pub(crate) fn with_methods(mut self, level: f64) -> Self {
        for mode in &mut self.modes {
            let tests = mode.control_tests.iter_mut().map(|it| &mut it.conductivity);
            for conductivity in [&mut mode.conductivity].into_iter().chain(tests) {
                *conductivity = conductivity.clone().with_methods(level);
            }
        }
        self
    }
}

impl Recall {
    /// `right / rows`; `None` without rows.
    pub fn share(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.right as f64 / self.rows as f64)
    }

    /// Whether the base has no more right than a guess may: at most three standard deviations above it.
    pub fn is_chance(&self) -> bool {
        let spread = (self.chance * (1.0 - self.chance) / self.rows.max(1) as f64).sqrt();
        self.share()
            .is_none_or(|share| share <= self.chance + SURPRISING * spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_that_guesses_knows_nothing() {
        let recall = |right| Recall {
            right,
            rows: 400,
            chance: 0.05,
        };
        // 20 of 400 by chance, with a standard deviation of √(400 · .05 · .95) = 4.36.
        assert!(recall(20).is_chance() && recall(33).is_chance());
        assert!(!recall(34).is_chance());
        assert_eq!(recall(20).share(), Some(0.05));
    }
}
