//! What is asked about, and with which choices.

use super::*;

pub(crate) fn config(distractors: DistractorPolicy) -> DatasetsConfig {
    let mut config = ExperimentFile::read(&project().experiment())
        .unwrap()
        .datasets;
    config.distractors = distractors;
    config
}

pub(crate) const POLICIES: [DistractorPolicy; 2] =
    [DistractorPolicy::Hard, DistractorPolicy::Paper];

#[test]
fn there_are_as_many_items_as_in_the_paper() {
    let sources = sources();
    for (task, total, languages, each) in [
        (Task::named("xgeo").unwrap(), 200, 10, 20),
        (Task::named("xpeo").unwrap(), 180, 9, 20),
    ] {
        let plan = plan(task, &sources, &config(DistractorPolicy::Hard)).unwrap();
        assert_eq!(plan.items.len(), total);
        assert_eq!(plan.report.items.len(), languages);
        assert!(plan.report.items.values().all(|&items| items == each));
        let ids: BTreeSet<_> = plan.items.iter().map(|item| &item.id).collect();
        assert_eq!(ids.len(), total);
        assert_eq!(plan.report.positions, [total / 4; 4]);
    }
}

#[test]
fn languages_without_labels_are_left_out_by_name() {
    let project = project();
    let sources = BuildInputs::load(&project, &project.snapshot()).unwrap();
    for task in facts_tasks() {
        let plan = plan(task, &sources, &config(DistractorPolicy::Hard)).unwrap();
        assert_eq!(plan.languages.len(), 10);
        let said: Vec<_> = plan.report.left_out[..4]
            .iter()
            .map(|it| (it.language.as_str(), it.name.as_str(), it.reason.as_str()))
            .collect();
        assert_eq!(said[1].0, "hi");
        assert_eq!(
            said[3],
            (
                "th",
                "Thai",
                "the snapshot has no label in `th`; `clika snapshot --languages th` adds them"
            )
        );
    }
}

#[test]
fn languages_without_a_section_are_left_out_by_name() {
    let mut sources = sources();
    for language in &mut sources.languages {
        if language.code.as_str() == "pl" {
            language.sections.remove("xgeo");
        }
    }
    let geo = plan(
        Task::named("xgeo").unwrap(),
        &sources,
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    assert_eq!((geo.languages.len(), geo.items.len()), (9, 180));
    let reason = &geo.report.left_out[0].reason;
    assert_eq!(reason, "its file has no [xgeo]");
    let people = plan(
        Task::named("xpeo").unwrap(),
        &sources,
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    assert_eq!(people.languages.len(), 10);
}

/// One language in two scripts: both have Poland, and no city or person is asked about twice.
#[test]
fn a_country_may_serve_two_languages() {
    let mut sources = sources();
    let polish = sources
        .languages
        .iter()
        .find(|it| it.code.as_str() == "pl")
        .unwrap();
    let mut second = polish.clone();
    second.code = LanguageCode::try_from("pl-Cyrl".to_owned()).unwrap();
    sources.languages.push(second);
    let mut config = config(DistractorPolicy::Hard);
    set(&mut config, "xgeo", |it| {
        it.with_number("cities_per_language", 10)
    });
    set(&mut config, "xpeo", |it| {
        it.with_number("people_per_language", 5)
    });
    for (task, each) in [
        (Task::named("xgeo").unwrap(), 10),
        (Task::named("xpeo").unwrap(), 10),
    ] {
        let plan = plan(task, &sources, &config).unwrap();
        let ids: BTreeSet<_> = plan.items.iter().map(|item| &item.id).collect();
        assert_eq!(ids.len(), plan.items.len(), "{task}");
        for code in ["pl", "PL-cyrl"] {
            let code = LanguageCode::try_from(code.to_owned()).unwrap();
            assert_eq!(plan.report.items[&code], each, "{task} {code}");
        }
    }
}

#[test]
fn rows_are_parallel_and_choices_differ() {
    let sources = sources();
    for task in facts_tasks() {
        for policy in POLICIES {
            let plan = plan(task, &sources, &config(policy)).unwrap();
            let english = rows(task, &plan, &plan.languages[2]);
            assert_eq!(plan.languages.len(), 10);
            for language in &plan.languages {
                for (row, english) in rows(task, &plan, language).iter().zip(&english) {
                    assert_eq!((&row.id, row.label), (&english.id, english.label));
                    assert_eq!(row.choices.len(), 4);
                    let distinct: BTreeSet<_> = row.choices.iter().collect();
                    assert_eq!(distinct.len(), 4, "{} {:?}", row.id, row.choices);
                    assert_eq!(row.answer, row.choices[usize::try_from(row.label).unwrap()]);
                    assert!(!row.question.contains(['{', '}']), "{}", row.question);
                }
            }
        }
    }
}

/// A column of `tests/facts`, by the item of the first column.
fn facts(text: &str, column: usize) -> BTreeMap<Qid, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| (row[0].parse().unwrap(), row[column].to_owned()))
        .collect()
}

const CITIES: &str = include_str!("../facts/cities.csv");
const DIVISIONS: &str = include_str!("../facts/divisions.csv");

#[test]
fn the_right_choice_is_the_division_that_natural_earth_knows() {
    let division = facts(CITIES, 2);
    let plan = plan(
        Task::named("xgeo").unwrap(),
        &sources(),
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    let mut compared = 0;
    for item in &plan.items {
        if let Some(division) = division.get(&item.entity) {
            let division: Qid = division.parse().unwrap();
            assert_eq!(item.answer(), Choice::Entity(division), "{}", item.id);
            assert_eq!(item.cluster_id, division, "{}", item.id);
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}

#[test]
fn hard_divisions_are_of_the_citys_country() {
    let code = facts(DIVISIONS, 1);
    let country = |division: Qid| code.get(&division).map(|code| &code[..2]);
    let plan = plan(
        Task::named("xgeo").unwrap(),
        &sources(),
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    let mut compared = 0;
    for item in &plan.items {
        let Choice::Entity(right) = item.answer() else {
            panic!("{} has a year", item.id);
        };
        for choice in &item.choices {
            let Choice::Entity(division) = *choice else {
                panic!("{} has a year", item.id);
            };
            if let (Some(right), Some(country)) = (country(right), country(division)) {
                assert_eq!(country, right, "{}: {division}", item.id);
                compared += 1;
            }
        }
    }
    assert!(compared > 600, "{compared}");
}

#[test]
fn a_division_with_a_city_of_the_same_name_is_no_wrong_choice() {
    // Cities called Seattle in half of the states; the real one's wrong choices avoid them all.
    let project = project();
    let mut turtle = project.snapshot().text().unwrap();
    let mut states = BTreeSet::new();
    let query = SparqlQuery::read(&project.build_queries().join("divisions.rq")).unwrap();
    let united_states: Qid = "Q30".parse().unwrap();
    let divisions = sources()
        .snapshot
        .divisions(&query, [united_states])
        .unwrap();
    for (number, division) in divisions
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 2 == 0)
    {
        if division.division.to_string() != "Q1223" {
            states.insert(division.division);
            turtle.push_str(&format!(
                "wd:Q99900{number} wdt:P31 wd:Q486972 ; wdt:P17 wd:Q30 ; wdt:P131 wd:{} ; \
                 wdt:P1082 100000 ; rdfs:label \"Seattle\"@mul, \"سياتل\"@ar, \"סיאטל\"@he, \
                 \"シアトル\"@ja, \"Сиэтл\"@ru, \"西雅图\"@zh .\n",
                division.division
            ));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wikidata.ttl");
    std::fs::write(&path, turtle).unwrap();
    let sources = BuildInputs::load(&project, &path).unwrap();
    let plan = plan(
        Task::named("xgeo").unwrap(),
        &sources,
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    let seattle = plan
        .items
        .iter()
        .find(|item| item.entity.to_string() == "Q5083")
        .unwrap();
    for choice in &seattle.choices {
        let Choice::Entity(division) = choice else {
            panic!("a division is not a year")
        };
        assert!(!states.contains(division), "{division}");
    }
}

#[test]
fn hard_years_leave_a_plausible_age() {
    let sources = sources();
    let plan = plan(
        Task::named("xpeo").unwrap(),
        &sources,
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    let year = |answer: Choice| match answer {
        Choice::Year(year) => year.astronomical(),
        Choice::Entity(qid) => panic!("{qid} is not a year"),
    };
    let right: BTreeMap<_, _> = plan
        .items
        .iter()
        .map(|item| ((item.entity, item.relation), year(item.answer())))
        .collect();
    for item in &plan.items {
        for &choice in &item.choices {
            let age = match item.relation {
                "birth" => right[&(item.entity, "death")] - year(choice),
                "death" => year(choice) - right[&(item.entity, "birth")],
                _ => panic!("{} is not a person", item.id),
            };
            assert!((15..=105).contains(&age), "{}: {age}", item.id);
            let distance = year(choice).abs_diff(year(item.answer()));
            assert!(distance == 0 || distance >= 3, "{}: {distance}", item.id);
        }
    }
}

#[test]
fn the_right_year_cannot_be_told_from_the_choices() {
    let sources = sources();
    for policy in POLICIES {
        let plan = plan(Task::named("xpeo").unwrap(), &sources, &config(policy)).unwrap();
        let mut right = [0usize; 6];
        for item in &plan.items {
            let years: Vec<i64> = item
                .choices
                .iter()
                .map(|choice| match choice {
                    Choice::Year(year) => i64::from(year.astronomical()),
                    Choice::Entity(qid) => panic!("{qid} is not a year"),
                })
                .collect();
            let answer = years[item.label];
            let sum: i64 = years.iter().sum();
            // Four times the distance to the mean, in whole numbers.
            let nearest = years
                .iter()
                .map(|year| (4 * year - sum).abs())
                .min()
                .unwrap();
            let mut sorted = years.clone();
            sorted.sort_unstable();
            for rank in 0..4 {
                right[rank] += usize::from(sorted[rank] == answer);
            }
            right[4] += usize::from((4 * answer - sum).abs() == nearest);
            let others = |year: i64| {
                years
                    .iter()
                    .map(|other| (other - year).abs())
                    .max()
                    .unwrap()
            };
            let centre = years.iter().copied().map(others).min().unwrap();
            right[5] += usize::from(others(answer) == centre);
        }
        // Guessing gives a quarter of 180; .36 is more than three standard deviations above.
        for (guess, right) in right.into_iter().enumerate() {
            assert!(
                right * 100 < plan.items.len() * 36,
                "{policy:?}, guess {guess}: {right}"
            );
        }
    }
}

#[test]
fn no_wrong_year_lies_after_the_latest_right_one() {
    let plan = plan(
        Task::named("xpeo").unwrap(),
        &sources(),
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    // The snapshot's latest death: Akira Toriyama's.
    let latest = Choice::Year(Year::from_astronomical(2024));
    assert!(
        plan.items
            .iter()
            .all(|item| item.choices.iter().all(|&choice| choice <= latest))
    );
}

#[test]
fn divisions_without_a_city_are_no_wrong_choices() {
    // Berlin and Hamburg are cities and divisions at once, and could be ruled out at sight.
    let plan = plan(
        Task::named("xgeo").unwrap(),
        &sources(),
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    for division in ["Q64", "Q1055", "Q1741", "Q956"] {
        let division = Choice::Entity(division.parse().unwrap());
        assert!(
            plan.items
                .iter()
                .all(|item| !item.choices.contains(&division))
        );
    }
}

#[test]
fn nobody_left_to_ask_about_is_an_error() {
    let sources = sources();
    let mut config = config(DistractorPolicy::Hard);
    let all = sources
        .languages
        .iter()
        .map(|language| language.code.clone());
    without_people(&mut config, all.collect());
    let error = plan(Task::named("xpeo").unwrap(), &sources, &config)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "`languages_without_people` names every language");
}

#[test]
fn a_language_without_country_is_asked_about_the_places_of_the_others() {
    let mut sources = sources();
    let config = config(DistractorPolicy::Hard);
    let before = sources.languages.len();
    let polish = |language: &&mut clika_base::types::Language| language.code.as_str() == "pl";
    let language = sources.languages.iter_mut().find(polish).unwrap();
    language.countries.clear();
    language.historical_countries.clear();
    for (task, rows_each) in [
        (Task::named("xgeo").unwrap(), 20),
        (Task::named("xpeo").unwrap(), 20),
    ] {
        let plan = plan(task, &sources, &config).unwrap();
        assert!(
            plan.items
                .iter()
                .all(|it| it.origin_language.as_str() != "pl")
        );
        let origins: BTreeSet<_> = plan.items.iter().map(|it| &it.origin_language).collect();
        assert!(plan.items.len() >= rows_each * origins.len());
        assert!(origins.len() < before);
        let said: Vec<_> = plan
            .report
            .exceptions
            .iter()
            .filter(|it| it.language.as_str() == "pl" && it.name == "Polish")
            .map(|it| it.reason.as_str())
            .collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("none of its own"), "{said:?}");
        // It has a row for each item all the same.
        for language in &sources.languages {
            assert_eq!(rows(task, &plan, language).len(), plan.items.len());
        }
    }
    for language in &mut sources.languages {
        language.countries.clear();
        language.historical_countries.clear();
    }
    for task in [Task::named("xgeo").unwrap(), Task::named("xpeo").unwrap()] {
        let error = plan(task, &sources, &config).unwrap_err().to_string();
        assert!(error.starts_with("no language lists a country"), "{error}");
    }
}

#[test]
fn cities_spread_over_divisions_and_countries() {
    let sources = sources();
    let plan = plan(
        Task::named("xgeo").unwrap(),
        &sources,
        &config(DistractorPolicy::Hard),
    )
    .unwrap();
    for language in &sources.languages {
        let mut divisions = BTreeMap::<Qid, usize>::new();
        let mut countries = BTreeMap::<Qid, usize>::new();
        for item in plan
            .items
            .iter()
            .filter(|item| item.origin_language == language.code)
        {
            *divisions.entry(item.cluster_id).or_default() += 1;
            *countries.entry(item.country).or_default() += 1;
        }
        for country in &language.countries {
            assert!(countries[country] >= 4, "{}: {country}", language.code);
        }
        let exceptions = plan.report.exceptions.iter();
        let listed = exceptions
            .filter(|exception| exception.language == language.code)
            .count();
        let beyond: usize = divisions
            .values()
            .map(|&cities| cities.saturating_sub(2))
            .sum();
        assert_eq!(
            listed, beyond,
            "{}: every city beyond two of a division is listed",
            language.code
        );
        assert!(
            language.code.as_str() == "he" || beyond == 0,
            "{}",
            language.code
        );
    }
}

#[test]
fn another_seed_draws_another_dataset() {
    let sources = sources();
    for task in facts_tasks() {
        let draw = |seed| {
            let config = DatasetsConfig {
                seed,
                ..config(DistractorPolicy::Hard)
            };
            plan(task, &sources, &config).unwrap().items
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
