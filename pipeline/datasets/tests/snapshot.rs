//! The shape of the committed snapshot.

#![allow(clippy::unwrap_used)]

use clika_base::Project;
use clika_base::types::{Language, Qid};
use clika_datasets::{BuildInputs, ExperimentFile};
use oxigraph::{
    io::{RdfFormat, RdfParser},
    model::{NamedNode, NamedOrBlankNode, Term, Triple},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A division whose name in one language could not be verified; no item can use it.
const DIVISIONS_WITHOUT_A_LABEL: [(&str, &str); 1] = [("Q14112", "ja")];
/// A city whose division the sources disagree on; no item can use it.
const CITIES_WITHOUT_A_DIVISION: [&str; 1] = ["Q175517"];

fn project() -> Project {
    Project::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

/// The inputs in the languages that the shipped snapshot has labels in.
fn sources() -> BuildInputs {
    let project = project();
    let mut sources = BuildInputs::load(&project, &project.snapshot()).unwrap();
    sources
        .languages
        .retain(|language| !language.optional_labels);
    sources
}

/// The snapshot as a map: subject → predicate → objects.
struct Graph(BTreeMap<String, BTreeMap<String, Vec<Term>>>);

impl Graph {
    fn read() -> Self {
        let turtle = project().snapshot().bytes().unwrap();
        let mut graph = BTreeMap::<_, BTreeMap<_, Vec<_>>>::new();
        for quad in RdfParser::from_format(RdfFormat::Turtle).for_slice(&turtle) {
            let Triple {
                subject,
                predicate,
                object,
            } = Triple::from(quad.unwrap());
            let NamedOrBlankNode::NamedNode(subject) = subject else {
                panic!("the snapshot has a blank node");
            };
            graph
                .entry(short(&subject))
                .or_default()
                .entry(short(&predicate))
                .or_default()
                .push(object);
        }
        Self(graph)
    }

    /// Items of a class.
    fn items(&self, class: &str) -> Vec<&str> {
        self.0
            .keys()
            .filter(|subject| self.objects(subject, "P31") == [class])
            .map(String::as_str)
            .collect()
    }

    /// The objects of a subject's predicate, shortened.
    fn objects(&self, subject: &str, predicate: &str) -> Vec<String> {
        let objects = self.0.get(subject).and_then(|node| node.get(predicate));
        objects
            .into_iter()
            .flatten()
            .map(|object| match object {
                Term::NamedNode(node) => short(node),
                Term::Literal(literal) => literal.value().to_owned(),
                Term::BlankNode(node) => node.to_string(),
            })
            .collect()
    }

    fn label_languages(&self, subject: &str) -> BTreeSet<&str> {
        self.0[subject]["label"]
            .iter()
            .filter_map(|object| match object {
                Term::Literal(literal) => literal.language(),
                _ => None,
            })
            .collect()
    }
}

/// The last part of an IRI.
fn short(node: &NamedNode) -> String {
    node.as_str()
        .rsplit(['/', '#', ':'])
        .next()
        .unwrap()
        .to_owned()
}

fn needed_labels(languages: &[Language]) -> BTreeSet<&str> {
    languages
        .iter()
        .map(|language| language.code.as_str())
        .collect()
}

#[test]
fn every_item_has_every_label() {
    let graph = Graph::read();
    let sources = sources();
    let needed = needed_labels(&sources.languages);
    let mut items = 0;
    for subject in graph
        .0
        .keys()
        .filter(|subject| subject.parse::<Qid>().is_ok())
    {
        let mut expected = needed.clone();
        for (division, language) in DIVISIONS_WITHOUT_A_LABEL {
            if subject == division {
                expected.remove(language);
            }
        }
        assert_eq!(graph.label_languages(subject), expected, "{subject}");
        assert_eq!(
            graph.0[subject]["label"].len(),
            expected.len(),
            "{subject} has two labels in a language"
        );
        items += 1;
    }
    assert!(items > 900, "{items}");
}

#[test]
fn labels_are_clean() {
    for (subject, node) in Graph::read().0 {
        for label in node.get("label").into_iter().flatten() {
            let Term::Literal(label) = label else {
                panic!("{subject}: {label} is not text");
            };
            let text = label.value();
            let clean = !text.is_empty()
                && text.trim() == text
                && !text.contains("  ")
                && !text.contains(['(', ')', '[', ']', '\u{a0}', '²', '|', '"', '\t', '（']);
            assert!(clean, "{subject}: `{text}`");
        }
    }
}

#[test]
fn every_city_has_one_division_of_its_country() {
    let graph = Graph::read();
    let cities = graph.items("Q486972");
    assert!(cities.len() > 400, "{}", cities.len());
    for city in cities {
        let divisions = graph.objects(city, "P131");
        if CITIES_WITHOUT_A_DIVISION.contains(&city) {
            assert!(divisions.is_empty(), "{city}");
            continue;
        }
        assert_eq!(divisions.len(), 1, "{city}");
        let country = graph.objects(city, "P17");
        assert_eq!(country.len(), 1, "{city}");
        assert_eq!(graph.objects(&divisions[0], "P17"), country, "{city}");
        assert_eq!(graph.objects(&divisions[0], "P31"), ["Q10864048"], "{city}");
        assert_eq!(graph.objects(city, "P1082").len(), 1, "{city}");
    }
}

#[test]
fn divisions_have_the_code_of_their_country() {
    let graph = Graph::read();
    let mut codes = BTreeSet::new();
    for division in graph.items("Q10864048") {
        let country = &graph.objects(division, "P17")[0];
        let code = graph.objects(division, "P300").remove(0);
        assert!(
            code.starts_with(&graph.objects(country, "P297")[0]),
            "{division} {code}"
        );
        assert!(codes.insert(code), "{division} repeats a code");
    }
}

#[test]
fn no_two_divisions_of_a_country_read_the_same() {
    let graph = Graph::read();
    let mut seen = BTreeMap::new();
    for division in graph.items("Q10864048") {
        let country = graph.objects(division, "P17").remove(0);
        for label in &graph.0[division]["label"] {
            if let Some(other) = seen.insert((country.clone(), label.to_string()), division) {
                panic!("{division} and {other} are both {label}");
            }
        }
    }
}

#[test]
fn there_are_enough_cities_and_people() {
    let graph = Graph::read();
    let sources = sources();
    let people = sources
        .snapshot
        .people(
            &clika_datasets::wikidata::SparqlQuery::read(
                &project().build_queries().join("people.rq"),
            )
            .unwrap(),
            sources.languages.iter().flat_map(Language::citizenships),
        )
        .unwrap()
        .readable;
    for language in &sources.languages {
        let countries: Vec<_> = language.countries.iter().map(ToString::to_string).collect();
        let cities: Vec<_> = graph
            .items("Q486972")
            .into_iter()
            .map(|city| graph.objects(city, "P17").remove(0))
            .filter(|country| countries.contains(country))
            .collect();
        let least = if language.code.as_str() == "he" {
            20
        } else {
            24
        };
        assert!(
            cities.len() >= least,
            "{}: {} cities",
            language.code,
            cities.len()
        );
        for country in &countries {
            assert!(cities.contains(country), "{country} has no city");
        }
        let citizens = people
            .iter()
            .filter(|person| language.citizenships().any(|state| state == person.country))
            .count();
        let least = if language.code.as_str() == "he" {
            0
        } else {
            14
        };
        assert!(citizens >= least, "{}: {citizens} people", language.code);
    }
}

#[test]
fn every_state_of_the_languages_is_in_the_snapshot() {
    let graph = Graph::read();
    for language in sources().languages {
        for state in language.citizenships() {
            assert!(
                graph.0.contains_key(&state.to_string()),
                "{}: {state}",
                language.code
            );
        }
    }
}

#[test]
fn dates_have_precision_calendar_and_rank() {
    let graph = Graph::read();
    let mut dates = 0;
    for person in graph.items("Q5") {
        for (property, least) in [("P569", 1), ("P570", 0), ("P27", 1)] {
            let statements = graph.objects(person, property);
            assert!(statements.len() >= least, "{person} {property}");
            for statement in statements {
                assert_eq!(
                    graph.objects(&statement, "type"),
                    ["BestRank"],
                    "{statement}"
                );
                assert_eq!(
                    graph.objects(&statement, "rank"),
                    ["NormalRank"],
                    "{statement}"
                );
                for value in graph
                    .objects(&statement, property)
                    .iter()
                    .filter(|_| property != "P27")
                {
                    assert_eq!(graph.objects(value, "timeValue").len(), 1, "{value}");
                    let precision: u8 = graph.objects(value, "timePrecision")[0].parse().unwrap();
                    assert!((7..=9).contains(&precision), "{value}");
                    let calendar = &graph.objects(value, "timeCalendarModel")[0];
                    assert!(
                        ["Q1985727", "Q1985786"].contains(&calendar.as_str()),
                        "{value}"
                    );
                    dates += 1;
                }
            }
        }
    }
    assert!(dates > 350, "{dates}");
}

#[test]
fn the_committed_experiment_loads() {
    let experiment = ExperimentFile::read(&project().experiment()).unwrap();
    assert_eq!(
        experiment.datasets.sections["xgeo"].number("cities_per_language"),
        20
    );
    assert_eq!(
        experiment.datasets.sections["xpeo"].number("people_per_language"),
        10
    );
    assert_eq!(experiment.datasets.choices, 4);
}
