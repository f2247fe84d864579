//! What is refused, and what is said about it.

use super::*;

#[test]
fn a_lexicon_that_is_too_small_is_named_with_its_line() {
    let said = refused("templates/languages/he.toml", "\nvolcano", "\nvulcano", &{
        FictionalConfig {
            landforms: 48,
            ..config()
        }
    });
    let text = project().language(&code("he")).text().unwrap();
    let offset = text.find("\n[fictional.landforms]").unwrap() + 1;
    let line = FilePosition::at(Path::new("x"), &text, offset).line;
    assert_eq!(
        said,
        format!(
            "the world needs 48 landforms, but with `he` the languages share only 47\n   \
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
    let position = said.lines().nth(1).unwrap().trim();
    let text = project().fictional().join("syllables.toml").text().unwrap();
    let line = FilePosition::at(
        Path::new("x"),
        &text,
        text.find("\n[openings]").unwrap() + 1,
    )
    .line;
    assert_eq!(
        position,
        format!("./templates/fictional/syllables.toml:{line}")
    );
    assert!(
        said.starts_with("the world needs 90020 stems, but the syllables give only "),
        "{said}"
    );
}

#[test]
fn a_language_without_words_or_spellings_is_refused() {
    let german = FictionalConfig {
        targets: vec![code("de")],
        ..config()
    };
    let text = project().language(&code("de")).text().unwrap();
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
        said.starts_with(
            "`ru` is written in Geor, and the syllables are not spelled for it: there is no spelling in this script"
        ),
        "{said}"
    );
    let said = refused(
        "templates/fictional/syllables.toml",
        "Cyrl = [\"ru\"]",
        "Cyrl = [\"sr\", \"mk\"]",
        &german,
    );
    assert!(
        said.starts_with(
            "`ru` is written in Cyrl, and the syllables are not spelled for it: the spelling in this script is made for \
             `sr`, `mk`"
        ),
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
            "`places` is 0; it must be between 20 and 100000: a continent needs a place",
            (|config| config.places = 0) as fn(&mut FictionalConfig),
        ),
        (
            "`continents` is 1; it must be between 2 and 1000",
            |config| config.continents = 1,
        ),
        (
            "`taught_places` is 400; it must be between 1 and 399: some places are taught in the target language, the \
             others tested",
            |config| config.taught_places = 400,
        ),
        (
            "`first_year` to `last_year` is 1100 to 1110; they must have equally many digits, and span at least 20 \
             years, one for each choice",
            |config| {
                config.relation = WorldRelation::Founding;
                config.last_year = 1110;
            },
        ),
        (
            "`first_year` to `last_year` is 900 to 1899; they must have equally many digits, and span at least 20 \
             years, one for each choice",
            |config| {
                config.relation = WorldRelation::Founding;
                config.first_year = 900;
            },
        ),
        (
            "`first_year` is 1100 and `last_year` is 1099; the years must be between 1 and 9999, and the first must \
             not be after the last",
            |config| config.last_year = 1099,
        ),
        (
            "`first_year` is 1100 and `last_year` is 2147483647; the years must be between 1 and 9999, and the first \
             must not be after the last",
            |config| config.last_year = i32::MAX,
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
    let text = project().experiment().text().unwrap();
    fs::write(&path, text.replace("\nplaces = 400", "\nplaces = 0")).unwrap();
    let line = 1 + text[..text.find("\nplaces = 400").unwrap() + 1]
        .matches('\n')
        .count();
    let said = ExperimentFile::read(&path).unwrap_err().to_string();
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
    assert!(said.contains("is part of"), "{said}");
    let mut missing = names;
    missing.continents[0].remove(&code("de"));
    let said = missing.check(german).unwrap_err().to_string();
    assert_eq!(said, "names in `de`: an entity has no name");
}
