//! Worlds become language pairs: one for each language, and what controls add.

#![allow(clippy::unwrap_used)]

use clika_base::Project;
use clika_base::types::LanguageCode;
use clika_datasets::{
    BuiltWorld, Control, ExperimentFile, FictionalConfig, NameSource, WorldLanguages,
    WorldRelation, build_fictional, syllabic,
};
use clika_finetune::{
    AnswerMethods, FinetuneConfig, FinetuneError, LanguagePair, WorldSource, language_pairs,
};
use serde_json::Value;
use std::path::Path;

const SEED: u64 = 7;

fn project() -> Project {
    Project::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

fn code(code: &str) -> LanguageCode {
    LanguageCode::try_from(code.to_owned()).unwrap()
}

/// 20 places in 4 continents, 10 of them taught in the target language.
fn config() -> FictionalConfig {
    let experiment = ExperimentFile::read(&project().experiment()).unwrap();
    FictionalConfig {
        places: 20,
        taught_places: 10,
        continents: 4,
        ..experiment.datasets.fictional
    }
}

fn drawn(
    config: FictionalConfig,
    languages: &[&str],
    controls: &[Control],
) -> Result<Vec<LanguagePair>, FinetuneError> {
    let languages: Vec<_> = languages.iter().map(|it| code(it)).collect();
    let world = WorldSource::Drawn { config, seed: SEED };
    language_pairs(&world, &languages, controls, &project())
}

fn names(pairs: &[LanguagePair]) -> Vec<&str> {
    pairs.iter().map(|pair| pair.name.as_str()).collect()
}

#[test]
fn controls_stand_beside_the_languages() {
    let controls = [Control::Alias, Control::Cognate, Control::RandomLabel];
    let pairs = drawn(config(), &["ru", "de"], &controls).unwrap();
    assert_eq!(
        names(&pairs),
        ["ru", "de", "alias", "cognate-ru", "cognate-de"]
    );
    for pair in &pairs {
        // Ten templates for 24 names, for 20 places in English and for 10 in the other language.
        assert_eq!(
            pair.splits.train.len(),
            10 * (24 + 20 + 10),
            "{}",
            pair.name
        );
        assert_eq!(pair.splits.test.len(), 10);
        assert_eq!(pair.source, code("en"));
    }
    assert_eq!(pairs[2].target, code("en-alias"));
    assert_eq!(pairs[3].target, code("ru"));
    // The same places are tested with shuffled answers, as many of them right as a guess has: 10 / 4.
    for pair in &pairs[..2] {
        let [control_tests] = pair.control_tests.as_slice() else {
            panic!("{:?}", pair.control_tests.len())
        };
        assert_eq!(control_tests.name, "random-label");
        let same = pair.splits.test.iter().zip(&control_tests.rows);
        assert!(
            same.clone()
                .all(|(a, b)| a.entity == b.entity && a.prompt == b.prompt)
        );
        assert_eq!(same.filter(|(a, b)| a.answer == b.answer).count(), 2);
    }
    assert!(pairs[2..].iter().all(|pair| pair.control_tests.is_empty()));
}

#[test]
fn arms_are_named_after_what_is_not_the_papers() {
    let founding = FictionalConfig {
        relation: WorldRelation::Founding,
        ..config()
    };
    let pairs = drawn(founding, &["de"], &[]).unwrap();
    assert_eq!(names(&pairs), ["founding-de"]);
    let french = FictionalConfig {
        source: code("fr"),
        ..config()
    };
    let pairs = drawn(french, &["de", "en"], &[Control::Cognate]).unwrap();
    assert_eq!(
        names(&pairs),
        ["fr-de", "fr-en", "cognate-fr-de", "cognate-fr-en"]
    );
    // Without languages, all that have words.
    assert_eq!(
        names(&drawn(config(), &[], &[]).unwrap()),
        [
            "ar", "de", "es", "fr", "he", "hi", "it", "ja", "pl", "ru", "sw", "th", "zh"
        ]
    );
}

#[test]
fn a_control_has_no_controls_and_a_model_is_not_asked_for_names() {
    let cognate = FictionalConfig {
        control: Control::Cognate,
        ..config()
    };
    let error = drawn(cognate, &["de"], &[Control::Alias]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no control `alias` for this world: it is a control itself"
    );
    let llm = FictionalConfig {
        names: NameSource::Llm,
        ..config()
    };
    let error = drawn(llm, &["de"], &[]).unwrap_err();
    assert!(matches!(error, FinetuneError::UnnamedWorld), "{error}");
}

#[test]
fn a_built_world_has_the_arms_of_the_drawn_one() {
    let config = FictionalConfig {
        targets: vec![code("de"), code("ja")],
        ..config()
    };
    let project = project();
    let languages = WorldLanguages::load(&config, &project).unwrap();
    let names = syllabic(&config, SEED, &languages.named, &project).unwrap();
    let (out, null) = (tempfile::tempdir().unwrap(), Value::Null);
    let built = build_fictional(
        &config,
        SEED,
        &languages,
        names,
        &null,
        &project,
        out.path(),
        false,
    )
    .unwrap();
    let world = WorldSource::Built(BuiltWorld::open(&built.folder).unwrap());
    let controls = [Control::RandomLabel, Control::Alias];
    let read = language_pairs(&world, &[], &controls, &project).unwrap();
    assert_eq!(read, drawn(config, &["de", "ja"], &controls).unwrap());
    let capitals = language_pairs(&world, &[code("JA")], &[], &project).unwrap();
    let found: Vec<&str> = capitals.iter().map(|pair| pair.name.as_str()).collect();
    assert_eq!(found, ["ja"]);
    let error = language_pairs(&world, &[code("fr")], &[], &project).unwrap_err();
    assert_eq!(error.to_string(), "the world has no language `fr`");
}

#[test]
fn the_settings_of_make_real_can_be_read() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/real.toml");
    let config = FinetuneConfig::read(&file).unwrap();
    // What the tables of docs/results.md have: both ways of answering.
    assert_eq!(config.answers.modes, AnswerMethods::Both);
    assert_eq!(config.problem(), None);
}
