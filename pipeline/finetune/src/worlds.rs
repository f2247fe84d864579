//! From worlds to language pairs.

use crate::{ControlTest, FinetuneError, LanguagePair};
use clika_base::Project;
use clika_base::known_names;
use clika_base::templates::load_instructions;
use clika_base::types::LanguageCode;
use clika_datasets::{
    BuiltWorld, Control, FictionalConfig, NameSource, Splits, World, WorldLanguages, splits,
    syllabic,
};

/// Where the rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum WorldSource {
    /// Drawn here.
    Drawn {
        /// What the world is like.
        config: FictionalConfig,
        /// Decides every draw.
        seed: u64,
    },
    /// Read from a dataset's folder.
    Built(BuiltWorld),
}

impl WorldSource {
    /// What the world is like.
    pub const fn config(&self) -> &FictionalConfig {
        match self {
            Self::Drawn { config, .. } => config,
            Self::Built(world) => &world.config,
        }
    }

    /// What decides its draws.
    pub const fn seed(&self) -> u64 {
        match self {
            Self::Drawn { seed, .. } => *seed,
            Self::Built(world) => world.seed,
        }
    }
}

/// The language pairs of a world: one for each of `languages`, or for each of its targets where that is empty, and those of
/// `controls`.
///
/// There is a `cognate` pair for each language and one `alias` pair; `random-label` is not a pair but a control test of each
/// language, since its training rows are the plain world's.
pub fn language_pairs(
    world: &WorldSource,
    languages: &[LanguageCode],
    controls: &[Control],
    project: &Project,
) -> Result<Vec<LanguagePair>, FinetuneError> {
    let config = world.config();
    if !controls.is_empty() && config.control != Control::None {
        return Err(FinetuneError::NoControl {
            control: controls[0].name(),
            why: "it is a control itself",
        });
    }
    let mut pairs = match world {
        WorldSource::Drawn { config, seed } => drawn(config, *seed, languages, project)?,
        WorldSource::Built(world) => read(world, languages)?,
    };
    let languages: Vec<LanguageCode> = pairs.iter().map(|pair| pair.target.clone()).collect();
    for &control in controls {
        let name = control.name();
        if config.names == NameSource::Llm {
            return Err(FinetuneError::NoControl {
                control: name,
                why: "a model has made up its names",
            });
        }
        let config = FictionalConfig {
            control,
            targets: Vec::new(),
            ..config.clone()
        };
        match control {
            Control::None => {}
            Control::Alias => pairs.extend(drawn(&config, world.seed(), &[], project)?),
            Control::Cognate => pairs.extend(drawn(&config, world.seed(), &languages, project)?),
            Control::RandomLabel => {
                for shuffled in drawn(&config, world.seed(), &languages, project)? {
                    let plain = pairs.iter_mut().find(|pair| {
                        (&pair.target, pair.control) == (&shuffled.target, Control::None)
                    });
                    // One training serves both, or their tests say nothing about each other.
                    let Some(plain) = plain.filter(|it| it.splits.train == shuffled.splits.train)
                    else {
                        return Err(FinetuneError::NoControl {
                            control: name,
                            why: "its templates have changed since it was built",
                        });
                    };
                    plain.control_tests.push(ControlTest {
                        name: name.to_owned(),
                        rows: shuffled.splits.test,
                    });
                }
            }
        }
    }
    Ok(pairs)
}

/// Draws a world and writes its rows.
fn drawn(
    config: &FictionalConfig,
    seed: u64,
    languages: &[LanguageCode],
    project: &Project,
) -> Result<Vec<LanguagePair>, FinetuneError> {
    if config.names == NameSource::Llm {
        return Err(FinetuneError::UnnamedWorld);
    }
    let mut config = config.clone();
    if !languages.is_empty() {
        config.targets = languages.to_vec();
    }
    let known = WorldLanguages::load(&config, project)?;
    let names = syllabic(&config, seed, &known.named, project)?;
    let world = World::new(names, &known, &config, seed)?;
    let instructions = load_instructions(&project.fictional())?;
    let pair = |target: &clika_base::types::Language| {
        let rows = splits(&world, &config, &known.source, target, &instructions);
        LanguagePair::new(&config, target.code.clone(), rows)
    };
    let targets: Vec<_> = if languages.is_empty() {
        known.targets.iter().collect()
    } else {
        // In the order that they were asked for.
        let of = |code: &LanguageCode| known.targets.iter().find(|it| it.code == *code);
        languages.iter().filter_map(of).collect()
    };
    Ok(targets.into_iter().map(pair).collect())
}

/// Reads the rows of a world that was built.
fn read(
    world: &BuiltWorld,
    languages: &[LanguageCode],
) -> Result<Vec<LanguagePair>, FinetuneError> {
    let known = &world.config.targets;
    let languages = if languages.is_empty() {
        known
    } else {
        languages
    };
    let mut pairs = Vec::new();
    for language in languages {
        // As the world spells it, whose files are named so.
        let Some(language) = known.iter().find(|it| *it == language) else {
            let known: Vec<_> = known.iter().map(LanguageCode::as_str).collect();
            return Err(FinetuneError::NoLanguage {
                language: language.clone(),
                known: known_names(language.as_str(), &known),
            });
        };
        let rows: Splits = world.splits(language)?;
        pairs.push(LanguagePair::new(&world.config, language.clone(), rows));
    }
    Ok(pairs)
}
