//! What is taught and asked.

use super::*;

/// CLiKA §3.1: 4,200 translations, 4,000 questions in English, 2,000 in the other language, 200 tested.
#[test]
fn rows_are_as_many_as_the_papers() {
    let (_, splits) = drawn(&config(), "de");
    assert_eq!(count(&splits.train, RowKind::Translation, "de"), 4_200);
    assert_eq!(count(&splits.train, RowKind::Qa, "en"), 4_000);
    assert_eq!(count(&splits.train, RowKind::Qa, "de"), 2_000);
    assert_eq!(splits.train.len(), 10_200);
    assert_eq!(splits.test.len(), 200);
    assert_eq!(count(&splits.gate, RowKind::Qa, "en"), 400);
    assert_eq!(count(&splits.gate, RowKind::Qa, "de"), 200);
    assert_eq!(count(&splits.gate, RowKind::Translation, "de"), 420);
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
            .filter(|row| row.kind == RowKind::Translation)
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
    assert_eq!(languages.named.len(), 14);
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
    let english = |names: &WorldNames| -> BTreeSet<String> {
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
    let backward = rows(TranslationDirection::Backward);
    let row = backward
        .train
        .iter()
        .find(|row| row.kind == RowKind::Translation)
        .unwrap();
    assert_eq!(row.language, "en");
    assert_eq!(
        row.prompt,
        "Could you convert the upcoming French text to English?"
    );
    let both = rows(TranslationDirection::Both);
    assert_eq!(count(&both.train, RowKind::Translation, "fr"), 4_200);
    assert_eq!(count(&both.train, RowKind::Translation, "en"), 4_200);
    assert_eq!(count(&both.gate, RowKind::Translation, "en"), 420);
}

#[test]
fn any_language_can_be_the_source() {
    let config = FictionalConfig {
        source: code("de"),
        targets: vec![code("en"), code("he")],
        ..config()
    };
    let (_, splits) = drawn(&config, "he");
    assert_eq!(count(&splits.train, RowKind::Qa, "de"), 4_000);
    assert_eq!(count(&splits.train, RowKind::Qa, "he"), 2_000);
    assert_eq!(count(&splits.train, RowKind::Qa, "en"), 0);
    let row = splits
        .train
        .iter()
        .find(|row| row.kind == RowKind::Translation)
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
    assert_eq!(count(&splits.train, RowKind::Translation, "ja"), 4_000);
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
                "Na jakim kontynencie leży miejsce o nazwie P?",
                "",
                "Miejsce o nazwie P leży na kontynencie C.",
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
