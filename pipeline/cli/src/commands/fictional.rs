//! Fictional worlds on the command line: what overrides the experiment file, and where names come from.

use super::{
    Failure,
    api::ApiArgs,
    named::{NamedParser, named},
};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_base::types::LanguageCode;
use clika_datasets::{
    BuiltDataset, Control, DatasetError, ExperimentFile, FictionalConfig, NameSource,
    TranslationDirection, WorldLanguages, WorldRelation, build_fictional, syllabic,
};
use serde_json::Value;
use std::path::Path;

/// What a fictional world is like, where it differs from the experiment file.
#[derive(clap::Args)]
#[command(next_help_heading = "Fictional worlds")]
pub struct WorldArgs {
    /// Where names come from.
    #[arg(long, value_parser = named::<NameSource>())]
    names: Option<NameSource>,
    /// The target languages, such as de,fr: half of the places are taught in them, the other half only asked about
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = code)]
    targets: Option<Vec<LanguageCode>>,
    #[command(flatten)]
    shape: WorldShape,
    /// What the world is a control for.
    #[arg(long, value_parser = named::<Control>())]
    control: Option<Control>,
    /// The endpoint of the model for --names llm [default: the experiment's]
    #[arg(long, value_name = "URL")]
    pub llm_endpoint: Option<String>,
    /// The model for --names llm [default: the experiment's]
    #[arg(long, value_name = "NAME")]
    pub llm_model: Option<String>,
}

/// What every command says about a world that draws one.
#[derive(clap::Args)]
#[command(next_help_heading = "Fictional worlds")]
pub struct WorldShape {
    /// The language that everything is taught in.
    #[arg(long, value_name = "CODE", value_parser = code)]
    source: Option<LanguageCode>,
    /// Places in the world; half of them are taught in the target language too, unless --taught-places says otherwise.
    #[arg(long, value_name = "N")]
    places: Option<usize>,
    /// Places that are taught in the target language too.
    #[arg(long, value_name = "N")]
    taught_places: Option<usize>,
    /// Continents in the world, and so choices of a question.
    #[arg(long, value_name = "N")]
    continents: Option<usize>,
    /// Which way names are translated in training.
    #[arg(long, value_parser = direction())]
    direction: Option<TranslationDirection>,
    /// What is taught and asked about a place.
    #[arg(long, value_parser = named::<WorldRelation>())]
    relation: Option<WorldRelation>,
}

/// A direction on the command line, by the paper's names too.
fn direction() -> NamedParser<TranslationDirection> {
    named()
        .alias(TranslationDirection::Forward, "en-x")
        .alias(TranslationDirection::Backward, "x-en")
}

/// A language's code on the command line.
pub fn code(text: &str) -> Result<LanguageCode, String> {
    LanguageCode::try_from(text.to_owned())
}

impl WorldShape {
    /// A configuration with what the command line says.
    pub fn resolve(&self, config: &FictionalConfig) -> FictionalConfig {
        let mut config = config.clone();
        if let Some(source) = &self.source {
            config.source = source.clone();
        }
        if let Some(places) = self.places {
            config.places = places;
            // Half of them, as in the paper, unless something else is said.
            config.taught_places = places / 2;
        }
        if let Some(taught) = self.taught_places {
            config.taught_places = taught;
        }
        if let Some(continents) = self.continents {
            config.continents = continents;
        }
        if let Some(direction) = self.direction {
            config.direction = direction;
        }
        if let Some(relation) = self.relation {
            config.relation = relation;
        }
        config
    }

    const fn is_given(&self) -> bool {
        let Self {
            source,
            places,
            taught_places,
            continents,
            direction,
            relation,
        } = self;
        source.is_some()
            || places.is_some()
            || taught_places.is_some()
            || continents.is_some()
            || direction.is_some()
            || relation.is_some()
    }
}

impl WorldArgs {
    /// The experiment's configuration with what the command line says.
    fn resolve(&self, config: &FictionalConfig) -> FictionalConfig {
        let mut config = self.shape.resolve(config);
        if let Some(names) = self.names {
            config.names = names;
        }
        if let Some(targets) = &self.targets {
            config.targets = targets.clone();
        }
        if let Some(control) = self.control {
            config.control = control;
            if control == Control::Alias {
                // Its one target is the source language: those of the file are for other worlds.
                config.targets = self.targets.iter().flatten().cloned().collect();
            }
        }
        config
    }

    /// Whether the command line says anything about a world.
    pub fn is_given(&self) -> bool {
        let Self {
            names,
            targets,
            shape,
            control,
            llm_endpoint,
            llm_model,
        } = self;
        [
            names.is_some(),
            targets.is_some(),
            shape.is_given(),
            control.is_some(),
            llm_endpoint.is_some(),
            llm_model.is_some(),
        ]
        .contains(&true)
    }

    /// Why a world that was not asked for by name is left out: it would have to be paid for, or the languages
    /// have no words for it.
    pub fn left_out(&self, experiment: &ExperimentFile, project: &Project) -> Option<String> {
        if self.is_given() {
            return None;
        }
        let config = &experiment.datasets.fictional;
        if config.names == NameSource::Llm {
            return Some(
                "a model has to make up its names: `clika datasets fictional` asks it".to_owned(),
            );
        }
        match WorldLanguages::load(config, project) {
            Err(error @ DatasetError::NoWords { .. }) => Some(error.to_string().replace('\n', "")),
            Ok(_) | Err(_) => None,
        }
    }

    /// Builds the world's dataset.
    pub fn build(
        &self,
        experiment: &ExperimentFile,
        api: &ApiArgs,
        project: &Project,
        out: &Path,
        force: bool,
        shown: ProgressOptions,
    ) -> Result<BuiltDataset, Failure> {
        let config = self.resolve(&experiment.datasets.fictional);
        let seed = experiment.datasets.seed;
        let languages = WorldLanguages::load(&config, project)?;
        let (names, origin) = match config.names {
            NameSource::Syllabic => {
                let names = syllabic(&config, seed, &languages.named, project)?;
                (names, Value::Null)
            }
            NameSource::Llm => super::generated_names::names(
                self, &config, &languages, experiment, api, project, shown,
            )?,
        };
        let built = build_fictional(
            &config, seed, &languages, names, &origin, project, out, force,
        )?;
        Ok(built)
    }
}
