//! What the command line says instead of the experiment file.

use crate::commands::named::named;
use clika_finetune::{AnswerMethods, FinetuneConfig, FinetuneError, Strategy};

/// How a model is trained and asked, where it differs from the experiment file.
#[derive(clap::Args)]
#[command(next_help_heading = "Training and answers")]
pub struct SettingArgs {
    /// Which weights are trained.
    #[arg(long, value_parser = named::<Strategy>())]
    strategy: Option<Strategy>,
    /// A run for each, such as 0,1,2
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    seeds: Option<Vec<u64>>,
    /// Width of the adapters.
    #[arg(long, value_name = "N")]
    rank: Option<usize>,
    /// The adapters' update is scaled by alpha / rank.
    #[arg(long, value_name = "NUMBER")]
    alpha: Option<f64>,
    /// Share of the adapters' inputs that are dropped.
    #[arg(long, value_name = "SHARE")]
    dropout: Option<f64>,
    /// The peak of the learning rate.
    #[arg(long, value_name = "NUMBER")]
    learning_rate: Option<f64>,
    /// How often every row is seen.
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Ends the training sooner.
    #[arg(long, value_name = "N")]
    max_steps: Option<usize>,
    /// Rows of a step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Tokens that are run at a time; lower it if memory runs out.
    #[arg(long, value_name = "N")]
    batch_tokens: Option<usize>,
    /// Steps between checkpoints.
    #[arg(long, value_name = "N")]
    save_every: Option<usize>,
    /// Compute activations again instead of keeping them: less memory, more time.
    #[arg(long)]
    recompute: bool,
    /// What answers are read from.
    #[arg(long, value_parser = named::<AnswerMethods>())]
    answer: Option<AnswerMethods>,
}

impl SettingArgs {
    /// The experiment's configuration with what the command line says.
    pub(super) fn resolve(
        &self,
        mut config: FinetuneConfig,
    ) -> Result<FinetuneConfig, FinetuneError> {
        set(&mut config.strategy, self.strategy);
        set(&mut config.answers.modes, self.answer);
        if let Some(seeds) = &self.seeds {
            config.seeds.clone_from(seeds);
        }
        set(&mut config.lora.rank, self.rank);
        set(&mut config.lora.alpha, self.alpha);
        set(&mut config.lora.dropout, self.dropout);
        set(&mut config.training.epochs, self.epochs);
        set(&mut config.training.batch, self.batch);
        set(&mut config.training.batch_tokens, self.batch_tokens);
        set(&mut config.answers.batch_tokens, self.batch_tokens);
        set(&mut config.training.save_every, self.save_every);
        config.training.max_steps = self.max_steps.or(config.training.max_steps);
        config.training.recompute |= self.recompute;
        let rate = match config.strategy {
            Strategy::Full => &mut config.full.learning_rate,
            Strategy::LoraPaper | Strategy::LoraAttention | Strategy::LoraAll => {
                &mut config.lora.learning_rate
            }
        };
        set(rate, self.learning_rate);
        config.check()?;
        if matches!(config.strategy, Strategy::Full) {
            let lora = [
                (self.rank.is_some(), "--rank"),
                (self.alpha.is_some(), "--alpha"),
                (self.dropout.is_some(), "--dropout"),
            ];
            if let Some((_, option)) = lora.into_iter().find(|(given, _)| *given) {
                return Err(FinetuneError::Setting {
                    problem: format!("{option} is for adapters, and --strategy full trains none"),
                });
            }
        }
        Ok(config)
    }
}

/// Sets a value that was given.
fn set<T: Copy>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}
