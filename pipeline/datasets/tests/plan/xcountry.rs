//! xCountry on the committed snapshot: what its choices and names may not give away.

use super::items::{POLICIES, config};
use super::sources;
use clika_base::types::Qid;
use clika_datasets::{Choice, DatasetPlan, DistractorPolicy, Task, plan, rows};
use std::collections::{BTreeMap, BTreeSet};

fn planned(policy: DistractorPolicy) -> DatasetPlan {
    let task = Task::named("xcountry").unwrap();
    plan(task, &sources(), &config(policy)).unwrap()
}

fn qid(choice: &Choice) -> Qid {
    match choice {
        Choice::Entity(qid) => *qid,
        Choice::Year(_) => panic!("a country is no year"),
    }
}

#[test]
fn twenty_cities_of_every_language_and_ten_of_each_of_two_countries() {
    let plan = planned(DistractorPolicy::Hard);
    assert_eq!(plan.items.len(), 200);
    let mut of_country = BTreeMap::<String, usize>::new();
    for item in &plan.items {
        *of_country.entry(item.country.to_string()).or_default() += 1;
    }
    // By hand: of Algeria, Austria and Canada the snapshot has nine, seven and nine.
    for (country, cities) in [
        ("Q30", 10),
        ("Q145", 10),
        ("Q159", 10),
        ("Q184", 10),
        ("Q79", 11),
        ("Q262", 9),
        ("Q183", 13),
        ("Q40", 7),
        ("Q142", 11),
        ("Q16", 9),
        ("Q801", 20),
        ("Q38", 20),
        ("Q17", 20),
        ("Q36", 20),
        ("Q148", 20),
    ] {
        assert_eq!(of_country[country], cities, "{country}");
    }
}

/// M49 by hand: eight of the fifteen countries lie in Europe, and no other continent has four.
#[test]
fn wrong_countries_are_of_the_same_part_of_the_world() {
    let europe: BTreeSet<String> = ["Q183", "Q40", "Q142", "Q145", "Q38", "Q36", "Q159", "Q184"]
        .map(str::to_owned)
        .into();
    for item in planned(DistractorPolicy::Hard).items {
        let inside: BTreeSet<bool> = item
            .choices
            .iter()
            .map(|choice| europe.contains(&qid(choice).to_string()))
            .collect();
        assert_eq!(inside.len(), 1, "{}", item.id);
    }
}

/// Who knows the rule and nothing else: each choice of an item could be right.
#[test]
fn every_choice_is_right_for_another_item_with_the_same_company() {
    let plan = planned(DistractorPolicy::Hard);
    let right: BTreeSet<Qid> = plan.items.iter().map(|item| item.country).collect();
    assert_eq!(right.len(), 15);
    for item in &plan.items {
        assert!(item.choices.iter().all(|it| right.contains(&qid(it))));
        assert_eq!(qid(&item.answer()), item.country);
    }
}

/// Q87 is Alexandria, "Alessandria d'Egitto" in Italian; Q1218 is Jerusalem.
#[test]
fn names_that_say_their_country_and_disputed_cities_are_left_out() {
    let plan = planned(DistractorPolicy::Hard);
    let said: BTreeMap<String, &str> = plan
        .report
        .left_out
        .iter()
        .filter_map(|it| Some((it.qid?.to_string(), it.reason.as_str())))
        .collect();
    assert_eq!(said["Q87"], "its name in it gives the country away");
    assert_eq!(said["Q1218"], "in what country it lies is disputed");
    assert!(
        plan.items
            .iter()
            .all(|item| !said.contains_key(&item.entity.to_string()))
    );
}

#[test]
fn no_question_names_a_country() {
    for policy in POLICIES {
        let plan = planned(policy);
        let task = Task::named("xcountry").unwrap();
        for language in &plan.languages {
            for row in rows(task, &plan, language) {
                for choice in &row.choices {
                    // A Japanese city whose name ends as a country's begins is chance: ランス in フランス.
                    assert!(!row.question.contains(choice), "{} {choice}", row.question);
                }
            }
        }
    }
}

/// Written by hand.
#[test]
fn questions_as_people_ask_them() {
    let plan = planned(DistractorPolicy::Hard);
    let task = Task::named("xcountry").unwrap();
    for (code, expected) in [
        ("en", "In which country is Łódź located?"),
        ("de", "In welchem Land liegt Łódź?"),
        ("fr", "Dans quel pays se trouve Łódź ?"),
        ("ru", "В какой стране находится город Лодзь?"),
        ("he", "באיזו מדינה נמצאת העיר לודז'?"),
        ("zh", "罗兹位于哪个国家？"),
    ] {
        let language = plan.languages.iter().find(|it| it.code.as_str() == code);
        let rows = rows(task, &plan, language.unwrap());
        // Q580 is Łódź.
        let row = rows.iter().find(|row| row.id == "xcountry-Q580").unwrap();
        assert_eq!(row.question, expected);
        assert_eq!(row.relation, "country");
        assert_eq!(row.answer_qid.as_deref(), Some("Q36"));
    }
}

/// London lies in Ontario, too, and Laval in France; Mansoura is Egypt's and Algeria's.
#[test]
fn a_country_with_a_place_of_the_same_name_is_no_wrong_choice() {
    for policy in POLICIES {
        for item in planned(policy).items {
            for (city, country) in [("Q84", "Q16"), ("Q141810", "Q142"), ("Q223587", "Q262")] {
                let is_wrong = item.choices.iter().any(|it| qid(it).to_string() == country);
                assert!(item.entity.to_string() != city || !is_wrong, "{}", item.id);
            }
        }
    }
}

/// The page says 36 %: who knows how often each country is right, and no city, takes the commonest of the four.
#[test]
fn how_far_a_guess_by_country_gets() {
    let plan = planned(DistractorPolicy::Hard);
    let mut right = BTreeMap::<Qid, f64>::new();
    for item in &plan.items {
        *right.entry(item.country).or_default() += 1.0;
    }
    let mut hits = 0.0;
    for item in &plan.items {
        let counts = item.choices.iter().map(|it| right[&qid(it)]);
        let most = counts.clone().fold(0.0, f64::max);
        let best = counts.filter(|it| *it >= most).count() as f64;
        if right[&item.country] >= most {
            hits += 1.0 / best;
        }
    }
    let share = hits / plan.items.len() as f64;
    assert!((0.345..0.375).contains(&share), "{share}");
}
