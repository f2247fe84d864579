//! Fictional worlds: the paper's counts, worlds that hold together, controls, and what is refused.

#![allow(clippy::unwrap_used)]

use clika_core::{LanguageCode, Place};
use clika_datasets::{
    BuiltWorld, Control, DatasetError, Direction, Experiment, FictionalConfig, FictionalRow, Kind,
    Names, Outcome, Project, Splits, World, WorldLanguages, WorldRelation, build_fictional, splits,
    syllabic,
};
use clika_templates::load_instructions;
use miette::Diagnostic;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const SEED: u64 = 7;

fn project() -> Project {
    Project {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
    }
}

fn config() -> FictionalConfig {
    let experiment = Experiment::read(&project().experiment()).unwrap();
    experiment.datasets.fictional
}

fn code(code: &str) -> LanguageCode {
    LanguageCode::try_from(code.to_owned()).unwrap()
}

fn named(config: &FictionalConfig, seed: u64) -> (WorldLanguages, Names) {
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

fn count(rows: &[FictionalRow], kind: Kind, language: &str) -> usize {
    let of = |row: &&FictionalRow| row.kind == kind && row.language == language;
    rows.iter().filter(of).count()
}

/// What is said about each place in a language: place to answers.
fn facts(rows: &[FictionalRow], language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut facts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        if row.kind == Kind::Qa && row.language == language {
            let answers = facts.entry(row.entity.clone()).or_default();
            answers.insert(row.answer.clone());
        }
    }
    facts
}

/// CLiKA §3.1: 4,200 translations, 4,000 questions in English, 2,000 in the other language, 200 tested.
#[test]
fn rows_are_as_many_as_the_papers() {
    let (_, splits) = drawn(&config(), "de");
    assert_eq!(count(&splits.train, Kind::Translation, "de"), 4_200);
    assert_eq!(count(&splits.train, Kind::Qa, "en"), 4_000);
    assert_eq!(count(&splits.train, Kind::Qa, "de"), 2_000);
    assert_eq!(splits.train.len(), 10_200);
    assert_eq!(splits.test.len(), 200);
    assert_eq!(count(&splits.gate, Kind::Qa, "en"), 400);
    assert_eq!(count(&splits.gate, Kind::Qa, "de"), 200);
    assert_eq!(count(&splits.gate, Kind::Translation, "de"), 420);
}

#[test]
fn what_is_tested_is_taught_in_the_source_language_only() {
    for target in ["ar", "de", "fr", "he", "it", "ja", "pl", "ru", "zh"] {
        let (world, splits) = drawn(&config(), target);
        let english = facts(&splits.train, "en");
        assert_eq!(english.len(), 400);
        let taught = facts(&splits.train, target);
        let english_to_target: BTreeMap<&str, &str> = splits
            .train
            .iter()
            .filter(|row| row.kind == Kind::Translation)
            .map(|row| (row.query.as_str(), row.response.as_str()))
            .collect();
        for row in &splits.test {
            assert!(!taught.contains_key(&row.entity), "{target}: {}", row.id);
            assert_eq!(row.type_, Some(1));
            // The right answer is the translation of what was taught in English.
            let known: Vec<_> = english[&row.entity].iter().collect();
            assert_eq!(known.len(), 1);
            assert_eq!(
                english_to_target[known[0].as_str()],
                row.answer,
                "{}",
                row.id
            );
            let choices = row.choices.as_ref().unwrap();
            assert_eq!(choices.iter().collect::<BTreeSet<_>>().len(), 20);
            assert_eq!(choices[row.label.unwrap() as usize], row.answer);
            assert!(row.response.contains(&row.answer) && !row.prompt.contains(&row.answer));
            let place: usize = row.entity["place-".len()..].parse().unwrap();
            assert_eq!(
                row.answer,
                world.names.continents[world.continents[place]][&code(target)]
            );
        }
        // Half of each continent's places are taught, so that every continent is answered in training.
        let per_continent = taught
            .values()
            .flatten()
            .fold(BTreeMap::new(), |mut counts, it| {
                *counts.entry(it).or_insert(0) += 1;
                counts
            });
        assert!(per_continent.len() == 20 && per_continent.values().all(|&places| places == 10));
    }
}

/// Every position is right equally often in what is tested, in what is taught in the target language, and in
/// the source language.
#[test]
fn positions_of_right_choices_are_even() {
    let (_, splits) = drawn(&config(), "ru");
    let of = |language: &'static str| {
        let rows = splits
            .gate
            .iter()
            .filter(move |row| row.language == language);
        rows.cloned().collect::<Vec<_>>()
    };
    for (rows, each) in [(splits.test.clone(), 10), (of("ru"), 10), (of("en"), 20)] {
        let mut counts = [0; 20];
        for label in rows.iter().filter_map(|row| row.label) {
            counts[label as usize] += 1;
        }
        assert_eq!(counts, [each; 20]);
    }
}

/// Wrong choices say nothing: continents stand in another order in every question, and years are drawn from all.
#[test]
fn wrong_choices_are_drawn_anew_for_every_question() {
    let (_, splits) = drawn(&config(), "fr");
    let orders: BTreeSet<Vec<String>> = splits
        .test
        .iter()
        .map(|row| {
            let wrong = row.choices.iter().flatten().filter(|it| **it != row.answer);
            wrong.cloned().collect()
        })
        .collect();
    assert_eq!(orders.len(), 200);
    let first_wrong = |row: &FictionalRow| {
        let wrong = row.choices.iter().flatten().find(|it| **it != row.answer);
        wrong.unwrap().clone()
    };
    let firsts: BTreeSet<_> = splits.test.iter().map(first_wrong).collect();
    assert_eq!(
        firsts.len(),
        20,
        "every continent stands first among the wrong ones somewhere"
    );

    let founding = FictionalConfig {
        relation: WorldRelation::Founding,
        ..config()
    };
    let (world, splits) = drawn(&founding, "fr");
    let years = splits
        .test
        .iter()
        .flat_map(|row| row.choices.iter().flatten());
    let years: BTreeSet<&String> = years.collect();
    assert!(
        years.len() > 395,
        "{} of 400 years are ever a choice",
        years.len()
    );
    // Not in the order of places: the first hundred are spread over the whole range.
    let early = world.founded[..100]
        .iter()
        .filter(|year| year.number() < 1500);
    let early = early.count();
    assert!(
        (25..=75).contains(&early),
        "{early} of the first 100 places are early"
    );
}

#[test]
fn every_language_tells_its_names_apart() {
    let (languages, names) = named(&config(), SEED);
    assert_eq!(languages.named.len(), 10);
    for language in &languages.named {
        names.check(language).unwrap();
        let landforms = &language.fictional.as_ref().unwrap().landforms;
        // The part of a name that is coined.
        let stem = |name: &String| {
            let nouns = landforms
                .values()
                .filter(|noun| name.contains(noun.as_str()));
            let noun = nouns.max_by_key(|noun| noun.len()).unwrap();
            name.replace(noun.as_str(), "")
        };
        let places = names
            .places
            .iter()
            .map(|names| stem(&names[&language.code]));
        let stems: BTreeSet<_> = places.collect();
        assert_eq!(stems.len(), 400, "{}", language.code);
    }
}

#[test]
fn a_world_does_not_depend_on_the_languages_looked_at() {
    let all = config();
    let one = FictionalConfig {
        targets: vec![code("ja")],
        ..config()
    };
    assert_eq!(drawn(&all, "ja"), drawn(&one, "ja"));
    let (_, names) = named(&all, SEED);
    let (_, others) = named(&all, SEED + 1);
    let english = |names: &Names| -> BTreeSet<String> {
        names
            .places
            .iter()
            .map(|it| it[&code("en")].clone())
            .collect()
    };
    let shared = english(&names).intersection(&english(&others)).count();
    assert!(
        shared < 5,
        "{shared} names of 400 in the world of another seed"
    );
}

#[test]
fn languages_differ_in_what_is_taught() {
    let (world, _) = drawn(&config(), "de");
    let (german, french) = (world.taught(&code("de")), world.taught(&code("fr")));
    assert_eq!((german.len(), french.len()), (200, 200));
    // Half of 200 are expected in both; all or none would be one split for all languages.
    let both = german.intersection(&french).count();
    assert!((60..=140).contains(&both), "{both}");
}

#[test]
fn translations_go_the_way_that_is_asked_for() {
    let rows = |direction| {
        let config = FictionalConfig {
            direction,
            ..config()
        };
        drawn(&config, "fr").1
    };
    let backward = rows(Direction::Backward);
    let row = backward
        .train
        .iter()
        .find(|row| row.kind == Kind::Translation)
        .unwrap();
    assert_eq!(row.language, "en");
    assert_eq!(
        row.prompt,
        "Could you convert the upcoming French text to English?"
    );
    let both = rows(Direction::Both);
    assert_eq!(count(&both.train, Kind::Translation, "fr"), 4_200);
    assert_eq!(count(&both.train, Kind::Translation, "en"), 4_200);
    assert_eq!(count(&both.gate, Kind::Translation, "en"), 420);
}

#[test]
fn any_language_can_be_the_source() {
    let config = FictionalConfig {
        source: code("de"),
        targets: vec![code("en"), code("he")],
        ..config()
    };
    let (_, splits) = drawn(&config, "he");
    assert_eq!(count(&splits.train, Kind::Qa, "de"), 4_000);
    assert_eq!(count(&splits.train, Kind::Qa, "he"), 2_000);
    assert_eq!(count(&splits.train, Kind::Qa, "en"), 0);
    let row = splits
        .train
        .iter()
        .find(|row| row.kind == Kind::Translation)
        .unwrap();
    assert_eq!(
        row.prompt,
        "Could you convert the upcoming German text to Hebrew?"
    );
    assert_eq!(config.dataset(), "fictional-de");
}

#[test]
fn founding_years_are_one_hop() {
    let config = FictionalConfig {
        relation: WorldRelation::Founding,
        ..config()
    };
    let (world, splits) = drawn(&config, "ja");
    // The names of places only.
    assert_eq!(count(&splits.train, Kind::Translation, "ja"), 4_000);
    let years: BTreeSet<_> = world.founded.iter().collect();
    assert_eq!(years.len(), 400);
    for row in &splits.test {
        let place: usize = row.entity["place-".len()..].parse().unwrap();
        assert_eq!(row.answer, format!("{}年", world.founded[place].number()));
        let choices = row.choices.as_ref().unwrap();
        assert_eq!(choices.iter().collect::<BTreeSet<_>>().len(), 20);
        assert_eq!(choices[row.label.unwrap() as usize], row.answer);
    }
}

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
        .find(|row| row.kind == Kind::Translation)
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

fn built(config: &FictionalConfig, out: &Path) -> clika_datasets::Built {
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
        said.ends_with("is no fictional world: there is no manifest"),
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
        Outcome::UpToDate
    ));
}

#[test]
fn rows_read_as_people_write() {
    for (target, expected) in [
        (
            "ar",
            ["في أي قارة تقع منطقة P؟", "", "تقع منطقة P في قارة C."],
        ),
        (
            "ja",
            ["Pはどの大陸にありますか？", "", "PはC大陸にあります。"],
        ),
        (
            "pl",
            [
                "Na jakim kontynencie leży miejscowość P?",
                "",
                "Miejscowość P leży na kontynencie C.",
            ],
        ),
    ] {
        let (world, splits) = drawn(&config(), target);
        let row = &splits.test[0];
        let place: usize = row.entity["place-".len()..].parse().unwrap();
        let name = &world.names.places[place][&code(target)];
        let said = [&row.prompt, &row.query, &row.response]
            .map(|text| text.replace(name, "P").replace(&row.answer, "C"));
        assert_eq!(said, expected);

        let row = splits.train.last().unwrap();
        let english = &world.names.places[399][&code("en")];
        let name = &world.names.places[399][&code(target)];
        assert_eq!(
            [&row.query, &row.response, &row.answer],
            [english, name, name]
        );
        assert!(
            row.prompt
                .starts_with("I require a translation of the upcoming English sentence into ")
        );
    }
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
    let project = Project {
        root: folder.path().to_owned(),
    };
    let made = WorldLanguages::load(config, &project)
        .and_then(|languages| syllabic(config, SEED, &languages.named, &project));
    told(&made.unwrap_err()).replace(&folder.path().display().to_string(), ".")
}

fn told(error: &DatasetError) -> String {
    format!("{error}\nhint: {}", error.help().unwrap())
}

#[test]
fn a_lexicon_that_is_too_small_is_named_with_its_line() {
    let said = refused("templates/languages/he.toml", "\nvolcano", "\nvulcano", &{
        FictionalConfig {
            landforms: 48,
            ..config()
        }
    });
    let text = fs::read_to_string(project().language(&code("he"))).unwrap();
    let offset = text.find("\n[fictional.landforms]").unwrap() + 1;
    let line = Place::at(Path::new("x"), &text, offset).line;
    assert_eq!(
        said,
        format!(
            "the world asks for 48 landforms, and with `he` the languages share 47\n   \
             ./templates/languages/he.toml:{line}\nhint: add nouns to [fictional.landforms] of every language, or lower \
             `landforms` in the experiment file"
        )
    );
    let said = refused("templates/languages/he.toml", "he", "he", &{
        FictionalConfig {
            places: 90_000,
            taught_places: 10,
            ..config()
        }
    });
    let place = said.lines().nth(1).unwrap().trim();
    let text = fs::read_to_string(project().fictional().join("syllables.toml")).unwrap();
    let line = Place::at(
        Path::new("x"),
        &text,
        text.find("\n[openings]").unwrap() + 1,
    )
    .line;
    assert_eq!(
        place,
        format!("./templates/fictional/syllables.toml:{line}")
    );
    assert!(
        said.starts_with("the world needs 90020 stems, and the syllables give "),
        "{said}"
    );
}

#[test]
fn a_language_without_words_or_spellings_is_refused() {
    let german = FictionalConfig {
        targets: vec![code("de")],
        ..config()
    };
    let text = fs::read_to_string(project().language(&code("de"))).unwrap();
    let part = &text[text.find("\n[fictional]").unwrap()..];
    assert_eq!(
        refused("templates/languages/de.toml", part, "\n", &german),
        "`de` has no words for fictional worlds\n   ./templates/languages/de.toml\nhint: add its [fictional] part; \
         templates/languages/README.md explains it"
    );
    let said = refused(
        "templates/languages/ru.toml",
        "script = \"Cyrl\"",
        "script = \"Geor\"",
        &german,
    );
    assert!(
        said.starts_with("`ru` is written in Geor, and the syllables are not"),
        "{said}"
    );
}

#[test]
fn impossible_worlds_are_refused() {
    let wrong = |change: fn(&mut FictionalConfig)| {
        let mut config = config();
        change(&mut config);
        WorldLanguages::load(&config, &project())
            .unwrap_err()
            .to_string()
    };
    for (said, change) in [
        (
            "`places` is 0; it goes from 20 to 100000: a continent needs a place",
            (|config| config.places = 0) as fn(&mut FictionalConfig),
        ),
        ("`continents` is 1; it goes from 2 to 1000", |config| {
            config.continents = 1
        }),
        (
            "`taught_places` is 400; it goes from 1 to 399: some places are taught in the target language, the \
             others tested",
            |config| config.taught_places = 400,
        ),
        (
            "`first_year` to `last_year` is 1100 to 1110; they lie between 1 and 9999, have equally many digits, and at \
             least 20 years, one for each choice",
            |config| {
                config.relation = WorldRelation::Founding;
                config.last_year = 1110;
            },
        ),
        (
            "`first_year` to `last_year` is 900 to 1899; they lie between 1 and 9999, have equally many digits, and at \
             least 20 years, one for each choice",
            |config| {
                config.relation = WorldRelation::Founding;
                config.first_year = 900;
            },
        ),
        (
            "random labels need as many tested places as continents, and 19 of 20 are tested",
            |config| {
                config.control = Control::RandomLabel;
                config.taught_places = 381;
            },
        ),
        ("`targets` names the source language `en`", |config| {
            config.targets = vec![code("en")];
        }),
        (
            "the alias world has one target, the source language under other names",
            |config| {
                config.control = Control::Alias;
                config.targets = vec![code("de")];
            },
        ),
        (
            "the experiment names the language `ko`, which templates/languages does not have",
            |config| config.targets = vec![code("ko")],
        ),
    ] {
        assert_eq!(wrong(change), said);
    }
}

#[test]
fn the_experiments_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("datasets.toml");
    let text = fs::read_to_string(project().experiment()).unwrap();
    fs::write(&path, text.replace("\nplaces = 400", "\nplaces = 0")).unwrap();
    let line = 1 + text[..text.find("\nplaces = 400").unwrap() + 1]
        .matches('\n')
        .count();
    let said = Experiment::read(&path).unwrap_err().to_string();
    assert!(
        said.starts_with("`places` is 0") && said.ends_with(&format!("toml:{line}")),
        "{said}"
    );
}

#[test]
fn names_that_cannot_be_told_apart_are_refused() {
    let (languages, names) = named(&config(), SEED);
    let german = languages
        .named
        .iter()
        .find(|it| it.code.as_str() == "de")
        .unwrap();
    let mut doubled = names.clone();
    doubled.places[3].insert(code("de"), names.places[4][&code("de")].to_uppercase());
    let said = doubled.check(german).unwrap_err().to_string();
    assert!(
        said.starts_with("names in `de`: two entities are called"),
        "{said}"
    );
    let mut within = names.clone();
    let continent = &names.continents[0][&code("de")];
    within.places[3].insert(code("de"), format!("Neu{}-Tal", continent.to_lowercase()));
    let said = within.check(german).unwrap_err().to_string();
    assert!(said.contains("lies within"), "{said}");
    let mut missing = names;
    missing.continents[0].remove(&code("de"));
    let said = missing.check(german).unwrap_err().to_string();
    assert_eq!(said, "names in `de`: an entity has no name");
}
