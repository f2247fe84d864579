//! Worlds that are controls.

use super::*;

#[test]
fn the_alias_world_is_english_under_other_names() {
    let config = FictionalConfig {
        control: Control::Alias,
        ..config()
    };
    let (_, splits) = drawn(&config, "en-alias");
    let row = splits
        .train
        .iter()
        .find(|row| row.kind == RowKind::Translation)
        .unwrap();
    assert_eq!(
        row.prompt,
        "Could you convert the upcoming English text to Alias English?"
    );
    let (_, names) = named(&config, SEED);
    let entities = || names.continents.iter().chain(&names.places);
    let english: BTreeSet<_> = entities().map(|names| &names[&code("en")]).collect();
    let aliases: BTreeSet<_> = entities().map(|names| &names[&code("en-alias")]).collect();
    assert_eq!((english.len(), aliases.len()), (420, 420));
    assert!(english.is_disjoint(&aliases));
    // Nor do an entity's two names share more than chance has them share: one landform in forty.
    let landform = |name: &str| name.rsplit(' ').next().unwrap().to_owned();
    let shared = names
        .places
        .iter()
        .filter(|names| landform(&names[&code("en")]) == landform(&names[&code("en-alias")]));
    assert!(shared.count() < 30);
    // Its English is that of the world without control.
    let (_, plain) = named(&self::config(), SEED);
    assert!(
        plain
            .places
            .iter()
            .all(|names| english.contains(&names[&code("en")]))
    );
}

/// Who knows all the facts is right as often as a guesser: 10 of 200.
#[test]
fn random_labels_agree_with_what_was_taught_by_chance() {
    for relation in [WorldRelation::Continent, WorldRelation::Founding] {
        let plain = FictionalConfig {
            relation,
            ..config()
        };
        let random = FictionalConfig {
            control: Control::RandomLabel,
            ..plain.clone()
        };
        for target in ["ar", "pl", "zh"] {
            let (_, plain) = drawn(&plain, target);
            let (_, shuffled) = drawn(&random, target);
            assert_eq!(plain.train, shuffled.train, "one adapter serves both");
            assert_eq!(plain.gate, shuffled.gate);
            let answers = |splits: &Splits| -> Vec<String> {
                splits.test.iter().map(|row| row.answer.clone()).collect()
            };
            let (before, after) = (answers(&plain), answers(&shuffled));
            let agree = before.iter().zip(&after).filter(|(a, b)| a == b).count();
            assert_eq!(agree, 10, "{target}");
            let sorted = |mut answers: Vec<String>| {
                answers.sort();
                answers
            };
            assert_eq!(
                sorted(before),
                sorted(after),
                "the same answers, given to others"
            );
        }
    }
}

#[test]
fn cognate_names_are_equal_in_both_languages() {
    let config = FictionalConfig {
        control: Control::Cognate,
        targets: vec![code("ru")],
        ..config()
    };
    let out = tempfile::tempdir().unwrap();
    built(&config, out.path());
    let card = fs::read_to_string(out.path().join("fictional-cognate/README.md")).unwrap();
    let names = |code: &str| {
        let mut lines = card.lines().skip_while(|line| *line != "## Some names");
        let row = lines.find_map(|line| line.strip_prefix(&format!("| {code} | ")));
        row.unwrap().to_owned()
    };
    assert_eq!(names("en"), names("ru"));
}

/// What is tested is searched for in the texts of the training set; no world of ours may be refused for that.
#[test]
fn no_world_of_ours_teaches_what_it_tests() {
    let controls = [
        (Control::None, &["ar", "de", "zh"][..]),
        (Control::Alias, &["en-alias"]),
        (Control::Cognate, &["ru"]),
        (Control::RandomLabel, &["pl"]),
    ];
    let shapes = [
        (
            40,
            &[
                TranslationDirection::Forward,
                TranslationDirection::Backward,
            ][..],
        ),
        (400, &[TranslationDirection::Both]),
    ];
    let relations = [WorldRelation::Continent, WorldRelation::Founding];
    let instructions = load_instructions(&project().fictional()).unwrap();
    for (control, targets) in controls {
        for (places, directions) in shapes {
            let shaped = FictionalConfig {
                control,
                places,
                taught_places: places / 2,
                ..config()
            };
            let (languages, names) = named(&shaped, SEED);
            let worlds = directions
                .iter()
                .flat_map(|direction| relations.map(|relation| (*direction, relation)));
            for (direction, relation) in worlds {
                let config = FictionalConfig {
                    direction,
                    relation,
                    ..shaped.clone()
                };
                let world = World::new(names.clone(), &languages, &config, SEED).unwrap();
                for target in &languages.targets {
                    if targets.contains(&target.code.as_str()) {
                        let source = &languages.source;
                        let splits = splits(&world, &config, source, target, &instructions);
                        let checked = check_splits(&splits, &config, &target.code);
                        let of = format!("{control:?} {relation:?} {direction:?} {places}");
                        assert_eq!(checked, Ok(()), "{of} {}", target.code);
                    }
                }
            }
        }
    }
}
