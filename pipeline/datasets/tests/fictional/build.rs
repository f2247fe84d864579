//! Datasets in their folders.

use super::*;

#[test]
fn a_build_refuses_names_that_cannot_be_told_apart() {
    let config = config();
    let (languages, mut names) = named(&config, SEED);
    let german = names.places[4][&code("de")].clone();
    names.places[3].insert(code("de"), german);
    let out = tempfile::tempdir().unwrap();
    let null = Value::Null;
    let (project, path) = (project(), out.path());
    let built = build_fictional(
        &config, SEED, &languages, names, &null, &project, path, false,
    );
    let said = built.unwrap_err().to_string();
    assert!(
        said.starts_with("names in `de`: two entities are called"),
        "{said}"
    );
}

#[test]
fn a_built_world_is_read_as_it_was_drawn() {
    for control in [Control::None, Control::RandomLabel] {
        let config = FictionalConfig {
            control,
            targets: vec![code("de"), code("ja")],
            ..config()
        };
        let out = tempfile::tempdir().unwrap();
        let folder = built(&config, out.path()).folder;
        let world = BuiltWorld::open(&folder).unwrap();
        assert_eq!((&world.config, world.seed), (&config, SEED));
        let (_, drawn) = drawn(&config, "ja");
        assert_eq!(world.splits(&code("ja")).unwrap(), drawn);
    }
}

#[test]
fn what_is_no_world_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let refused = |path: &Path| BuiltWorld::open(path).unwrap_err().to_string();
    let said = refused(out.path());
    assert!(
        said.ends_with("is not a fictional world: there is no manifest"),
        "{said}"
    );
    let config = FictionalConfig {
        targets: vec![code("de")],
        ..config()
    };
    let folder = built(&config, out.path()).folder;
    let world = BuiltWorld::open(&folder).unwrap();
    let said = world.splits(&code("fr")).unwrap_err().to_string();
    assert!(
        said.contains("data/fr/train-00000-of-00001.parquet is no"),
        "{said}"
    );
    // The source language's questions are checked, too.
    assert_eq!(world.questions("en").unwrap().len(), config.places);
    fs::write(folder.join("data/de/gate-00000-of-00001.parquet"), "PAR1").unwrap();
    let said = world.splits(&code("de")).unwrap_err().to_string();
    assert!(
        said.contains("data/de/gate-00000-of-00001.parquet is no"),
        "{said}"
    );
}

#[test]
fn equal_inputs_give_equal_bytes_and_nothing_to_do() {
    let config = FictionalConfig {
        targets: vec![code("ar")],
        ..config()
    };
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = built(&config, first.path());
    let two = built(&config, second.path());
    assert_eq!(one.manifest, two.manifest);
    assert_eq!(one.manifest.files.len(), 5);
    for input in [
        "templates/fictional/avoid.txt",
        "templates/fictional/syllables.toml",
        "templates/fictional/translation.toml",
        "templates/languages/ja.toml",
    ] {
        let inputs = &one.manifest.inputs;
        assert!(
            inputs.keys().any(|name| name.ends_with(input)),
            "{input}: {inputs:?}"
        );
    }
    assert!(matches!(
        built(&config, first.path()).outcome,
        BuildOutcome::UpToDate
    ));
}
