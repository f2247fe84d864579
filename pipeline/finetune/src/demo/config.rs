use crate::{FinetuneConfig, FinetuneError, config::read_file};
use clika_base::ToProjectPath;
use clika_base::types::LanguageCode;
use clika_datasets::{Control, FictionalConfig};
use serde::{Deserialize, Serialize};

/// What decides the demo's model and its experiment: `experiments/demo.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoConfig {
    /// Decides the model's first weights, the order of rows and the worlds that it is made from.
    pub seed: u64,
    /// The languages to cross to, where the command line names none.
    pub languages: Vec<LanguageCode>,
    /// The controls, where the command line names none.
    pub controls: Vec<Control>,
    /// The tested world's size.
    pub world: WorldSettings,
    /// How the model is made.
    pub making: MakingSettings,
    /// What the model looks like.
    pub shape: ShapeSettings,
}

/// The size of the tested world and of those that the model is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSettings {
    /// Continents.
    pub continents: usize,
    /// Places, of which half are taught in both languages.
    pub places: usize,
    /// Kinds of places.
    pub landforms: usize,
}

/// How the demo's model is trained before the experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakingSettings {
    /// Worlds of each kind.
    pub worlds: usize,
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// Steps of the training.
    pub steps: usize,
    /// Rows of a step.
    pub batch: usize,
    /// The peak.
    pub learning_rate: f64,
    /// Steps to the peak.
    pub warmup_steps: usize,
    /// Tokens that are run at a time.
    pub batch_tokens: usize,
}

/// The size of the demo's model: keys of its `config.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ShapeSettings {
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub max_position_embeddings: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    demo: DemoConfig,
    finetune: FinetuneConfig,
}

/// Reads the demo's experiment file.
pub fn read_demo(
    file: &(impl ToProjectPath + ?Sized),
) -> Result<(DemoConfig, FinetuneConfig), FinetuneError> {
    let File { demo, finetune } = read_file(&file.to_project_path(), |file: &File| &file.finetune)?;
    Ok((demo, finetune))
}

impl DemoConfig {
    /// A world of the demo's size.
    pub fn world(&self, base: &FictionalConfig) -> FictionalConfig {
        let WorldSettings {
            continents,
            places,
            landforms,
        } = self.world;
        FictionalConfig {
            continents,
            places,
            taught_places: places / 2,
            landforms,
            ..base.clone()
        }
    }
}
