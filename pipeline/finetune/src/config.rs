use crate::FinetuneError;
use clika_base::types::FilePosition;
use clika_base::{ProjectPath, ToProjectPath, named_enum, parse_toml};
use clika_checkpoint::tokenizer::TemplateVariables;
use clika_lm::{LoraConfig, LoraTargets, TrainingConfig};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;

/// Everything that decides the experiment's numbers, besides the model and the rows: `experiments/finetune.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinetuneConfig {
    /// Which weights are trained.
    pub strategy: Strategy,
    /// A run for each.
    pub seeds: Vec<u64>,
    /// Adapters.
    pub lora: LoraSettings,
    /// Training of all weights.
    pub full: FullSettings,
    /// What both have.
    pub training: TrainingSettings,
    /// How the model is asked.
    pub answers: AnswerSettings,
    /// What it has to know first.
    pub gate: GateSettings,
    /// How sure the scores are.
    pub intervals: IntervalSettings,
}

named_enum! {
    /// Which weights are trained.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Strategy {
        /// Adapters on the same matrices as in the paper: q_proj and v_proj, W_pack, query_key_value.
        LoraPaper = ("lora-paper", "Adapters on the same matrices as in the paper: q_proj and v_proj, W_pack, query_key_value"),
        /// Adapters on all matrices of the attention.
        LoraAttention = ("lora-attention", "Adapters on all matrices of the attention"),
        /// Adapters on all matrices of the layers.
        LoraAll = ("lora-all", "Adapters on all matrices of the layers"),
        /// All weights.
        Full = ("full", "All weights"),
    }
}

/// Adapters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoraSettings {
    /// Width of the update.
    pub rank: usize,
    /// The update is scaled by `alpha / rank`.
    pub alpha: f64,
    /// Share of the inputs that are dropped.
    pub dropout: f64,
    /// The peak.
    pub learning_rate: f64,
}

/// Training of all weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullSettings {
    /// The peak.
    pub learning_rate: f64,
}

/// What training does whichever weights it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSettings {
    /// Steps to the peak of the learning rate.
    pub warmup_steps: usize,
    /// How often every row is seen.
    pub epochs: usize,
    /// Ends sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Rows of a step.
    pub batch: usize,
    /// AdamW's.
    pub weight_decay: f64,
    /// Of all gradients together.
    pub max_gradient_norm: f64,
    /// Tokens that are run at a time.
    pub batch_tokens: usize,
    /// Whether activations are computed again instead of kept.
    pub recompute: bool,
    /// Steps between checkpoints.
    pub save_every: usize,
}

/// How a model is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSettings {
    /// What answers are read from.
    pub modes: AnswerMethods,
    /// What stands between prompt and answer where the format does not say; in training too.
    pub space: String,
    /// Values for variables of the model's own chat template, such as `enable_thinking = false`; in training too.
    #[serde(default, skip_serializing_if = "TemplateVariables::is_empty")]
    pub template_vars: TemplateVariables,
    /// Tokens of a free answer, at least.
    pub max_new_tokens: usize,
    /// Tokens that are run at a time.
    pub batch_tokens: usize,
}

named_enum! {
    /// What answers are read from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum AnswerMethods {
        /// Log-probabilities of the choices.
        Ranking = ("ranking", "The likeliest of the choices"),
        /// What the model writes.
        Free = ("free", "What the model writes has to contain the right name, as in the paper"),
        /// Both, in turn.
        Both = ("both", "Both, in turn"),
    }
}

/// What a model has to know before conductivity means anything.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSettings {
    /// More than this share of each kind of question.
    pub threshold: f64,
}

/// Intervals over places, from resamples where those tell how sure a score is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalSettings {
    /// How often the places are drawn again.
    pub resamples: usize,
    /// The confidence.
    pub level: f64,
    /// Decides the draws.
    pub seed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    finetune: FinetuneConfig,
}

impl Strategy {
    /// The matrices that adapters stand on.
    const fn targets(self) -> Option<LoraTargets> {
        match self {
            Self::LoraPaper => Some(LoraTargets::Paper),
            Self::LoraAttention => Some(LoraTargets::Attention),
            Self::LoraAll => Some(LoraTargets::All),
            Self::Full => None,
        }
    }
}

impl FinetuneConfig {
    /// Reads and checks an experiment file.
    pub fn read(file: &(impl ToProjectPath + ?Sized)) -> Result<Self, FinetuneError> {
        let file: File = read_file(&file.to_project_path(), |file: &File| &file.finetune)?;
        Ok(file.finetune)
    }

    /// An error if a value cannot be, wherever it is from.
    pub fn check(&self) -> Result<(), FinetuneError> {
        match self.problem() {
            Some((_, problem)) => Err(FinetuneError::Setting { problem }),
            None => Ok(()),
        }
    }

    /// The key that is wrong, and why; `None` for a sound configuration.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        self.whole_number_problem()
            .or_else(|| self.real_number_problem())
            .or_else(|| self.seeds_problem())
    }

    fn whole_number_problem(&self) -> Option<(&'static str, String)> {
        let (lora, training, answers) = (&self.lora, &self.training, &self.answers);
        let whole = [
            ("rank", lora.rank, 1..=65_536),
            ("epochs", training.epochs, 1..=100_000),
            ("max_steps", training.max_steps.unwrap_or(1), 1..=usize::MAX),
            ("batch", training.batch, 1..=1_000_000),
            ("batch_tokens", training.batch_tokens, 1..=usize::MAX),
            ("save_every", training.save_every, 1..=usize::MAX),
            ("max_new_tokens", answers.max_new_tokens, 1..=100_000),
            ("batch_tokens", answers.batch_tokens, 1..=usize::MAX),
            ("resamples", self.intervals.resamples, 1..=1_000_000),
        ];
        whole.into_iter().find_map(|(key, value, allowed)| {
            let least = allowed.start();
            let rule = match allowed.end() {
                &usize::MAX => format!("at least {least}"),
                most => format!("between {least} and {most}"),
            };
            let problem = format!("`{key}` is {value}; it must be {rule}");
            (!allowed.contains(&value)).then_some((key, problem))
        })
    }

    fn real_number_problem(&self) -> Option<(&'static str, String)> {
        let (lora, training) = (&self.lora, &self.training);
        let over_0 = |value: f64| value > 0.0 && value.is_finite();
        let share = |value: f64| (0.0..1.0).contains(&value);
        let real = [
            ("alpha", lora.alpha, over_0(lora.alpha), "must be above 0"),
            (
                "dropout",
                lora.dropout,
                share(lora.dropout),
                "must be at least 0 and below 1",
            ),
            (
                "learning_rate",
                lora.learning_rate,
                over_0(lora.learning_rate),
                "must be above 0",
            ),
            (
                "learning_rate",
                self.full.learning_rate,
                over_0(self.full.learning_rate),
                "must be above 0",
            ),
            (
                "weight_decay",
                training.weight_decay,
                training.weight_decay >= 0.0 && training.weight_decay.is_finite(),
                "must be 0 or more",
            ),
            (
                "max_gradient_norm",
                training.max_gradient_norm,
                over_0(training.max_gradient_norm),
                "must be above 0",
            ),
            (
                "threshold",
                self.gate.threshold,
                share(self.gate.threshold),
                "must be at least 0 and below 1",
            ),
            (
                "level",
                self.intervals.level,
                over_0(self.intervals.level) && self.intervals.level < 1.0,
                "must be between 0 and 1",
            ),
        ];
        real.into_iter().find_map(|(key, value, sound, rule)| {
            (!sound).then(|| (key, format!("`{key}` is {value}; it {rule}")))
        })
    }

    fn seeds_problem(&self) -> Option<(&'static str, String)> {
        let distinct: BTreeSet<_> = self.seeds.iter().collect();
        (self.seeds.is_empty() || distinct.len() < self.seeds.len()).then(|| {
            let problem = format!(
                "`seeds` is {:?}; it must name at least one, and none twice",
                self.seeds
            );
            ("seeds", problem)
        })
    }

    /// The peak of the learning rate.
    pub const fn learning_rate(&self) -> f64 {
        match self.strategy {
            Strategy::Full => self.full.learning_rate,
            Strategy::LoraPaper | Strategy::LoraAttention | Strategy::LoraAll => {
                self.lora.learning_rate
            }
        }
    }

    /// What the trainer is told for a seed.
    pub fn training(&self, seed: u64) -> TrainingConfig {
        let TrainingSettings {
            warmup_steps,
            epochs,
            max_steps,
            batch,
            weight_decay,
            max_gradient_norm,
            batch_tokens,
            recompute,
            save_every: _,
        } = self.training;
        TrainingConfig {
            lora: self.strategy.targets().map(|targets| LoraConfig {
                rank: self.lora.rank,
                alpha: self.lora.alpha,
                dropout: self.lora.dropout,
                targets,
            }),
            learning_rate: self.learning_rate(),
            warmup_steps,
            epochs,
            max_steps,
            batch,
            weight_decay,
            max_gradient_norm,
            seed,
            batch_tokens,
            recompute,
        }
    }
}

/// Reads an experiment file, and checks what it says about the experiment.
pub(crate) fn read_file<T: DeserializeOwned>(
    file: &ProjectPath,
    experiment: impl Fn(&T) -> &FinetuneConfig,
) -> Result<T, FinetuneError> {
    let path = &file.shown();
    let text = file.text().map_err(|source| FinetuneError::Unreadable {
        path: path.clone(),
        source,
    })?;
    let invalid = |problem: String, offset: usize| FinetuneError::Config {
        problem,
        position: FilePosition::at(path, &text, offset),
    };
    let file: T = parse_toml(&text).map_err(|error| invalid(error.problem, error.span.start))?;
    if let Some((key, problem)) = experiment(&file).problem() {
        // The key at the beginning of a line: comments name keys too. What comes before is not the experiment's.
        let experiment = text.find("\n[finetune").unwrap_or(0);
        let newline = text[experiment..].find(&format!("\n{key} "));
        return Err(invalid(
            problem,
            newline.map_or(0, |newline| experiment + newline + 1),
        ));
    }
    Ok(file)
}
