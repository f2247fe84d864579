use super::{
    Control, FictionalConfig, FictionalRow, NameSource, World, WorldNames, WorldRelation, card,
    columns::encode_fictional,
    rows::{source_test, splits},
};
use crate::languages::unknown_language;
use crate::load_languages;
use crate::{
    BuildReport, DatasetError, Exception,
    output::{self, BuiltDataset, TOOL},
    parquet,
};
use clika_base::Project;
use clika_base::files::{Manifest, sha256_hex};
use clika_base::templates::load_instructions;
use clika_base::types::{Language, LanguageCode};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The languages of a world.
#[derive(Clone, Debug)]
pub struct WorldLanguages {
    /// What everything is taught in.
    pub source: Language,
    /// What half is taught in, and the other half asked.
    pub targets: Vec<Language>,
    /// Every language that names are made in. That does not depend on the targets, so that a world with
    /// other targets is the same world.
    pub named: Vec<Language>,
    /// Languages that are left out of a world in all languages, because they have no words for it.
    pub left_out: Vec<Exception>,
}

impl WorldLanguages {
    /// Finds the languages of a configuration.
    pub fn load(config: &FictionalConfig, project: &Project) -> Result<Self, DatasetError> {
        if let Some((_, problem)) = config.problem() {
            return Err(DatasetError::World { problem });
        }
        let languages = load_languages(&project.languages())?;
        let find = |code: &LanguageCode| {
            let language = languages.iter().find(|language| language.code == *code);
            match language {
                None => Err(unknown_language(code, &languages)),
                Some(language) if language.fictional.is_none() => Err(DatasetError::NoWords {
                    language: code.clone(),
                    path: project.language(code).shown(),
                }),
                Some(language) => Ok(language.clone()),
            }
        };
        let source = find(&config.source)?;
        let mut named: Vec<Language> = languages
            .iter()
            .filter(|language| language.fictional.is_some())
            .cloned()
            .collect();
        let targets = if config.control == Control::Alias {
            let alias = Language {
                code: alias(&source.code),
                english_name: format!("Alias {}", source.english_name),
                ..source.clone()
            };
            named.push(alias.clone());
            vec![alias]
        } else if config.targets.is_empty() {
            let others = named.iter().filter(|language| language.code != source.code);
            others.cloned().collect()
        } else {
            let distinct: BTreeSet<_> = config.targets.iter().collect();
            distinct.into_iter().map(find).collect::<Result<_, _>>()?
        };
        for target in &targets {
            let pairs = |language: &Language| {
                language
                    .fictional
                    .as_ref()
                    .map_or(0, |templates| match config.relation {
                        WorldRelation::Continent => templates.qa.len(),
                        WorldRelation::Founding => templates.founding.len(),
                    })
            };
            let (of_source, of_target) = (pairs(&source), pairs(target));
            if of_source != of_target {
                let (relation, target) = (config.relation.name(), &target.code);
                let problem = format!(
                    "`{target}` has {of_target} questions on the {relation} of a place, and `{}` has {of_source}",
                    source.code
                );
                return Err(DatasetError::World { problem });
            }
        }
        let is_of_all = config.targets.is_empty() && config.control != Control::Alias;
        let left_out = languages
            .iter()
            .filter(|language| is_of_all && language.fictional.is_none())
            .map(|language| Exception::of_language(language, "its file has no [fictional]"))
            .collect();
        if targets.is_empty() {
            let problem = format!("there is no language besides `{}`", source.code);
            return Err(DatasetError::World { problem });
        }
        Ok(Self {
            source,
            targets,
            named,
            left_out,
        })
    }
}

/// The code of the source language under other names.
fn alias(source: &LanguageCode) -> LanguageCode {
    LanguageCode::try_from(format!("{source}-alias")).expect("a code with a subtag is a code")
}

/// Whether a language is the source language under other names.
pub(super) fn is_alias(language: &Language, config: &FictionalConfig) -> bool {
    config.control == Control::Alias && language.code == alias(&config.source)
}

/// Builds a fictional dataset into a folder of `out`, unless it is there from the same inputs.
///
/// `origin` says which model made the names up and when; null for names from syllables.
#[allow(clippy::too_many_arguments)]
pub fn build_fictional(
    config: &FictionalConfig,
    seed: u64,
    languages: &WorldLanguages,
    names: WorldNames,
    origin: &Value,
    project: &Project,
    out: &Path,
    force: bool,
) -> Result<BuiltDataset, DatasetError> {
    let world = World::new(names, languages, config, seed)?;
    let instructions = load_instructions(&project.fictional())?;
    let manifest = manifest(config, seed, languages, &world.names, origin, project)?;
    let dataset = config.dataset();
    output::build(&dataset, &out.join(&dataset), manifest, force, |draft| {
        let mut report = BuildReport {
            left_out: languages.left_out.clone(),
            ..BuildReport::default()
        };
        let mut write = |language: &Language, split: &'static str, rows: &[FictionalRow]| {
            let bytes = encode_fictional(rows).map_err(|source| DatasetError::Parquet {
                dataset: dataset.clone(),
                language: language.code.clone(),
                source,
            })?;
            draft.write(&parquet::file(&language.code, split), &bytes)?;
            let code = &language.code;
            *report.rows.entry(code.clone()).or_default() += rows.len();
            let counts = report.splits.entry(code.clone()).or_default();
            counts.insert(split, rows.len());
            Ok::<_, DatasetError>(())
        };
        let test = source_test(&world, config, &languages.source);
        write(&languages.source, "test", &test)?;
        for target in &languages.targets {
            let rows = splits(&world, config, &languages.source, target, &instructions);
            write(target, "train", &rows.train)?;
            write(target, "gate", &rows.gate)?;
            write(target, "test", &rows.test)?;
        }
        report.positions = vec![0; config.continents];
        for position in test.iter().filter_map(|row| row.label) {
            report.positions[position as usize] += 1;
        }
        let card = card::card(
            config,
            seed,
            languages,
            &world,
            origin,
            (&report, &draft.mark()),
        );
        draft.write("README.md", card.as_bytes())?;
        Ok(report)
    })
}

fn manifest(
    config: &FictionalConfig,
    seed: u64,
    languages: &WorldLanguages,
    names: &WorldNames,
    origin: &Value,
    project: &Project,
) -> Result<Manifest, DatasetError> {
    let targets: Vec<_> = languages.targets.iter().map(|it| it.code.clone()).collect();
    let resolved = FictionalConfig {
        targets,
        ..config.clone()
    };
    let mut config_value = json!({ "seed": seed, "fictional": resolved });
    if !origin.is_null() {
        config_value["llm"] = origin.clone();
    }
    let mut inputs = BTreeMap::from([(
        "names".to_owned(),
        sha256_hex(json!([names.continents, names.places]).to_string()),
    )]);
    // Syllabic names avoid each other in every language that they are made in.
    let (languages, files): (Vec<&Language>, &[&str]) = match config.names {
        NameSource::Syllabic => (
            languages.named.iter().collect(),
            &["translation.toml", "syllables.toml", "avoid.txt"],
        ),
        NameSource::Llm => (
            languages
                .targets
                .iter()
                .chain([&languages.source])
                .collect(),
            &["translation.toml"],
        ),
    };
    let languages = languages
        .into_iter()
        .filter(|language| !is_alias(language, config))
        .map(|language| project.language(&language.code));
    for path in languages.chain(files.iter().map(|file| project.fictional().join(file))) {
        inputs.insert(project.relative(&path), path.sha256()?);
    }
    let stage = format!("datasets {}", config.dataset());
    Ok(Manifest::new(TOOL, &stage, config_value, inputs))
}
