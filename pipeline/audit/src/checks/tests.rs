//! Small sets without a defect, each spoiled in one way.

mod languages;
mod variants;

use super::*;
use crate::{ChoiceItem, CountryDivisions, Severity, worlds::tiny::code};
use clika_base::types::Qid;

fn knowledge() -> BackgroundFacts {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut places = CountryDivisions::default();
    for (qid, name, divisions) in [
        (183, "Germany", ["Norden", "Sueden", "Westen", "Ostsee"]),
        (142, "France", ["Centre", "Savoie", "Alsace", "Azurea"]),
    ] {
        places.add_country(Qid::new(qid), &code("en"), name);
        for division in divisions {
            places.add_division(Qid::new(qid), &code("en"), division);
        }
    }
    BackgroundFacts {
        languages: clika_datasets::load_languages(&root.join("templates/languages")).unwrap(),
        places: Some(places),
    }
}

fn item(
    language: &str,
    number: usize,
    text: String,
    choices: Vec<String>,
    label: i64,
) -> ChoiceItem {
    ChoiceItem {
        id: format!("item-{number}"),
        at: format!("{language}.jsonl:{}", number + 1),
        text,
        asks: None,
        choices,
        label,
        origin: Some(code("de")),
        relation: None,
        entity: None,
        country: None,
    }
}

fn set(of_language: impl Fn(&str) -> Vec<ChoiceItem>) -> ChoiceSet {
    let languages = ["en", "de", "ru"].map(|language| (code(language), of_language(language)));
    ChoiceSet {
        name: "tiny".to_owned(),
        languages: languages.into_iter().collect(),
    }
}

/// Sixteen German towns in four divisions; every division is right four times, and at every position once.
fn geo() -> ChoiceSet {
    set(|language| {
        let (question, names) = match language {
            "en" => (
                "What division is town",
                ["Norden", "Sueden", "Westen", "Ostsee"],
            ),
            "de" => (
                "Welcher Teil umfasst Ort",
                ["Nordau", "Suedau", "Westau", "Ostaue"],
            ),
            _ => (
                "Какой округ имеет город",
                ["Северо", "Южнаяя", "Запада", "Востоо"],
            ),
        };
        (0..16)
            .map(|number| {
                let choices = (0..4).map(|it| names[(it + number / 4) % 4].to_owned());
                let label = i64::try_from(number % 4).unwrap();
                let text = format!("{question} {number}?");
                let mut item = item(language, number, text, choices.collect(), label);
                item.relation = Some("division".to_owned());
                item.country = Some("Germany".to_owned());
                item
            })
            .collect()
    })
}

/// Births 1700, 1710 … and deaths 60 years later, each with wrong years three to nine years away.
fn people() -> ChoiceSet {
    set(|language| {
        let question = match language {
            "en" => "In what year? Person",
            "de" => "In welchem Jahr? Person",
            _ => "В каком году? Человек",
        };
        (0..16)
            .map(|number| {
                let (person, is_death) = (number / 2, number % 2 == 1);
                let year = 1700 + 200 * person + if is_death { 60 } else { 0 };
                let years = [year, year + 3, year - 4, year + 9];
                let choices = (0..4).map(|it| years[(it + number) % 4].to_string());
                let label = i64::try_from((4 - number % 4) % 4).unwrap();
                let text = format!("{question} {number}?");
                let mut item = item(language, number, text, choices.collect(), label);
                item.relation = Some(if is_death { "death" } else { "birth" }.to_owned());
                item.entity = Some(format!("person-{person}"));
                item
            })
            .collect()
    })
}

type Shown = (&'static str, Severity, usize, usize);

fn found(set: &ChoiceSet) -> Vec<Shown> {
    let findings = all(set, &knowledge());
    let findings = findings.iter();
    findings
        .map(|it| (it.check, it.severity, it.count, it.of))
        .collect()
}

fn spoiled(
    mut set: ChoiceSet,
    language: &str,
    spoil: impl FnOnce(&mut Vec<ChoiceItem>),
) -> Vec<Shown> {
    spoil(set.languages.get_mut(&code(language)).unwrap());
    found(&set)
}

/// Spoils an item in every language.
fn everywhere(mut set: ChoiceSet, number: usize, spoil: impl Fn(&mut ChoiceItem)) -> Vec<Shown> {
    for items in set.languages.values_mut() {
        spoil(&mut items[number]);
    }
    found(&set)
}

use Severity::{Error, Note, Warning};

#[test]
fn sets_without_defects_give_no_finding() {
    assert_eq!(found(&geo()), []);
    assert_eq!(found(&people()), []);
}

#[test]
fn what_is_not_parallel() {
    let missing = spoiled(geo(), "ru", |items| drop(items.remove(3)));
    assert_eq!(missing, [("missing-items", Error, 1, 32)]);
    let extra = spoiled(geo(), "de", |items| items[0].id = "other".to_owned());
    assert_eq!(
        extra,
        [
            ("missing-items", Error, 1, 32),
            ("extra-items", Error, 1, 32)
        ]
    );
    let label = spoiled(geo(), "de", |items| items[1].label = 0);
    assert_eq!(label, [("labels-differ", Error, 1, 32)]);
    let count = spoiled(geo(), "de", |items| items[0].choices.truncate(3));
    assert_eq!(count, [("choice-counts-differ", Error, 1, 32)]);
    let asks = spoiled(geo(), "ru", |items| {
        items[0].asks = Some("cause".to_owned())
    });
    assert_eq!(asks, [("asks-differ", Error, 1, 32)]);
    let relation = spoiled(geo(), "ru", |items| items[0].relation = None);
    assert_eq!(relation, [("relations-differ", Error, 1, 32)]);
}

#[test]
fn what_stands_twice_or_not_at_all() {
    // The right choice of item 0 is the first.
    let right = spoiled(geo(), "de", |items| {
        items[0].choices[2] = "NORDAU ".to_owned()
    });
    assert_eq!(right, [("right-choice-twice", Error, 1, 48)]);
    let wrong = spoiled(geo(), "de", |items| {
        items[0].choices[2] = "Suedau".to_owned()
    });
    assert_eq!(wrong, [("wrong-choice-twice", Warning, 1, 48)]);
    let empty = spoiled(geo(), "de", |items| items[0].choices[2] = " ".to_owned());
    assert_eq!(empty, [("empty-text", Error, 1, 48)]);
    let question = spoiled(geo(), "de", |items| {
        items[1].text = items[0].text.clone();
        items[1].choices[3] = "Mitten".to_owned();
    });
    assert_eq!(question, [("questions-twice", Warning, 1, 48)]);
    let item = spoiled(geo(), "de", |items| items[1].text = items[0].text.clone());
    assert_eq!(item, [("items-twice", Warning, 1, 48)]);
    let id = spoiled(geo(), "en", |items| {
        let again = items[0].clone();
        items.push(again);
    });
    assert_eq!(
        id,
        [("ids-twice", Error, 1, 49), ("items-twice", Warning, 1, 49)]
    );
}

#[test]
fn labels_out_of_range_and_uneven() {
    let range = everywhere(geo(), 0, |item| item.label = 4);
    assert_eq!(range, [("label-out-of-range", Error, 3, 48)]);
    // 24 items and the right choice always first: χ² = 3·6 + 18²/6 = 72 with three degrees of freedom.
    let mut first = geo();
    for (language, items) in &mut first.languages {
        for number in 16..24 {
            let mut more = items[number - 16].clone();
            more.id = format!("item-{number}");
            more.text = format!("{} {language}", more.text);
            items.push(more);
        }
        for item in items {
            let right = usize::try_from(item.label).unwrap();
            item.choices.swap(0, right);
            item.label = 0;
        }
    }
    let checks: Vec<_> = found(&first).iter().map(|it| it.0).collect();
    // "Always the first" is a rule without knowledge. Of "always the second" 0 of 24 instead of 6 are right, 2.8
    // standard deviations, which is p = .05 after Holm among 24 rules.
    assert_eq!(checks, ["labels-unbalanced", "shortcut"]);
}

#[test]
fn answers_in_the_question() {
    let whole = spoiled(geo(), "de", |items| {
        items[0].text = "Wo liegt Nordau 0?".to_owned()
    });
    assert_eq!(
        whole,
        [
            ("answer-in-question", Warning, 1, 48),
            ("division-in-city", Warning, 1, 48)
        ]
    );
    let part = spoiled(geo(), "de", |items| {
        items[0].text = "Wo liegt Bad Hochburg?".to_owned();
        items[0].choices[0] = "Region Hochburg".to_owned();
    });
    assert_eq!(part, [("division-in-city", Warning, 1, 48)]);
}

#[test]
fn places_that_do_not_fit() {
    let abroad = everywhere(geo(), 5, |item| {
        if item.at.starts_with("en") {
            item.choices[0] = "Savoie".to_owned();
        } else {
            item.choices[0].push('o');
        }
    });
    assert_eq!(abroad, [("divisions-of-another-country", Warning, 1, 16)]);
    // Sixteen cities of German speakers, one of them said to lie in Poland: its divisions are then all abroad.
    let city = everywhere(geo(), 0, |item| item.country = Some("Poland".to_owned()));
    assert_eq!(
        city,
        [
            ("divisions-of-another-country", Warning, 1, 16),
            ("cities-outside-the-language", Warning, 1, 16)
        ]
    );
    let mut unknown = knowledge();
    unknown.places = None;
    let findings = all(&geo(), &unknown);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].check, findings[0].severity),
        ("divisions-not-checked", Note)
    );
}

#[test]
fn years_that_nobody_would_choose() {
    let years = |years: [&'static str; 4]| {
        move |item: &mut ChoiceItem| {
            item.choices = years.map(str::to_owned).to_vec();
            item.label = 0;
        }
    };
    // Person 0 lived from 1700 to 1760.
    let unread = spoiled(people(), "en", |items| {
        years(["1700", "1703", "1696", "unknown"])(&mut items[0]);
    });
    assert_eq!(unread, [("years-not-read", Note, 1, 16)]);
    let early = everywhere(people(), 1, |item| item.choices[0] = "1699".to_owned());
    assert_eq!(early, [("impossible-years", Warning, 1, 16)]);
    let era = everywhere(people(), 0, years(["1700", "3 BC", "4 BC", "9 BC"]));
    assert_eq!(
        era,
        [
            ("only-year-of-its-era", Warning, 1, 16),
            ("era-untranslated", Warning, 2, 2)
        ]
    );
    // All wrong years forty years later: the nearest is 40 away.
    let mut far = people();
    for item in far.languages.values_mut().flatten() {
        let right = usize::try_from(item.label).unwrap();
        let year: i64 = item.choices[right].parse().unwrap();
        for (position, choice) in item.choices.iter_mut().enumerate() {
            if position != right {
                *choice = (year + 40 + i64::try_from(position).unwrap()).to_string();
            }
        }
    }
    assert_eq!(found(&far)[0], ("wrong-years-far", Warning, 16, 16));
    // Wrong death years are other people's births.
    let mut pools = people();
    for items in pools.languages.values_mut() {
        for (number, item) in items.iter_mut().enumerate() {
            if number % 2 == 1 {
                let right = usize::try_from(item.label).unwrap();
                let other = 1700 + 200 * ((number / 2 + 1) % 8);
                item.choices[(right + 1) % 4] = other.to_string();
                item.choices[(right + 2) % 4] = (other + 1).to_string();
            }
        }
    }
    let pools: Vec<_> = found(&pools).iter().map(|it| it.0).collect();
    assert_eq!(pools, ["death-years-from-births", "impossible-years"]);
}

#[test]
fn texts_in_another_language() {
    // One of sixteen is more than a slip: 6 %.
    let script = spoiled(geo(), "ru", |items| {
        items[0].text = "What place is that?".to_owned()
    });
    assert_eq!(script, [("question-in-other-script", Error, 1, 48)]);
    let left = spoiled(geo(), "de", |items| {
        items[0].text = "What division is town 0?".to_owned()
    });
    assert_eq!(left, [("question-untranslated", Error, 1, 32)]);
    let choices = ["Norden", "Sueden", "Westen", "Ostsee"]
        .map(str::to_owned)
        .to_vec();
    let names = spoiled(geo(), "de", |items| items[0].choices.clone_from(&choices));
    assert_eq!(names, [], "names are equal in Latin script");
    let names = spoiled(geo(), "ru", |items| items[0].choices.clone_from(&choices));
    assert_eq!(
        names,
        [
            ("choices-in-other-script", Error, 1, 48),
            ("choices-untranslated", Error, 1, 32)
        ]
    );
    let english =
        "Which of the four parts of the country is it that the people of this town live in?";
    let language = spoiled(geo(), "de", |items| items[0].text = english.to_owned());
    assert_eq!(language, [("text-in-english", Warning, 1, 48)]);
}

#[test]
fn a_rule_without_knowledge() {
    // The right choice is always the longest: 16 of 16 in German, where chance gives 4.
    let longest = spoiled(geo(), "de", |items| {
        for item in items {
            let right = item.right().unwrap();
            item.choices[right].push_str(" und mehr");
        }
    });
    assert_eq!(longest[0].0, "shortcut");
    let shortest = longest.iter().find(|it| it.0 == "shortcut-below-chance");
    assert!(shortest.is_some(), "{longest:?}");
}
