//! Fictional worlds: the paper's counts, worlds that hold together, controls, and what is refused.

#![allow(clippy::unwrap_used)]

mod build;
mod controls;
mod refusals;
mod rows;

use clika_base::Project;
use clika_base::templates::load_instructions;
use clika_base::types::{FilePosition, LanguageCode};
use clika_datasets::{
    BuildOutcome, BuiltWorld, Control, DatasetError, ExperimentFile, FictionalConfig, FictionalRow,
    RowKind, Splits, TranslationDirection, World, WorldLanguages, WorldNames, WorldRelation,
    build_fictional, check_splits, splits, syllabic,
};
use miette::Diagnostic;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const SEED: u64 = 7;

fn project() -> Project {
    Project::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

fn config() -> FictionalConfig {
    let experiment = ExperimentFile::read(&project().experiment()).unwrap();
    experiment.datasets.fictional
}

fn code(code: &str) -> LanguageCode {
    LanguageCode::try_from(code.to_owned()).unwrap()
}

fn named(config: &FictionalConfig, seed: u64) -> (WorldLanguages, WorldNames) {
    let languages = WorldLanguages::load(config, &project()).unwrap();
    let names = syllabic(config, seed, &languages.named, &project()).unwrap();
    (languages, names)
}

fn drawn(config: &FictionalConfig, target: &str) -> (World, Splits) {
    let (languages, names) = named(config, SEED);
    let world = World::draw(names, config, SEED);
    let instructions = load_instructions(&project().fictional()).unwrap();
    let mut targets = languages.targets.iter();
    let target = targets.find(|it| it.code.as_str() == target).unwrap();
    let splits = splits(&world, config, &languages.source, target, &instructions);
    (world, splits)
}

fn count(rows: &[FictionalRow], kind: RowKind, language: &str) -> usize {
    let of = |row: &&FictionalRow| row.kind == kind && row.language == language;
    rows.iter().filter(of).count()
}

/// What is said about each place in a language: place to answers.
fn facts(rows: &[FictionalRow], language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut facts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        if row.kind == RowKind::Qa && row.language == language {
            let answers = facts.entry(row.entity.clone()).or_default();
            answers.insert(row.answer.clone());
        }
    }
    facts
}

fn built(config: &FictionalConfig, out: &Path) -> clika_datasets::BuiltDataset {
    let (languages, names) = named(config, SEED);
    let null = Value::Null;
    build_fictional(
        config,
        SEED,
        &languages,
        names,
        &null,
        &project(),
        out,
        false,
    )
    .unwrap()
}

/// The error of a world in a copy of the templates with one text of a file replaced.
fn refused(file: &str, replace: &str, with: &str, config: &FictionalConfig) -> String {
    let folder = tempfile::tempdir().unwrap();
    for part in ["templates/languages", "templates/fictional"] {
        fs::create_dir_all(folder.path().join(part)).unwrap();
        for entry in fs::read_dir(project().root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            fs::copy(&path, folder.path().join(part).join(name)).unwrap();
        }
    }
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(replace), "{file} holds no `{replace}`");
    fs::write(&path, text.replacen(replace, with, 1)).unwrap();
    let project = Project::at(folder.path().to_owned());
    let made = WorldLanguages::load(config, &project)
        .and_then(|languages| syllabic(config, SEED, &languages.named, &project));
    told(&made.unwrap_err()).replace(&folder.path().display().to_string(), ".")
}

fn told(error: &DatasetError) -> String {
    format!("{error}\nhint: {}", error.help().unwrap())
}
