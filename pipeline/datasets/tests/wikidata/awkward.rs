//! The queries reject what no question can be asked about, each case for its own reason: the case
//! is rejected as the snapshot has it, and accepted once its defect is mended.

#![allow(clippy::unwrap_used)]

use clika_base::types::Qid;
use clika_datasets::wikidata::{Snapshot, SparqlQuery};
use std::{fs, path::Path};

fn sparql(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../sparql")
        .join(path)
}

fn snapshot_text() -> String {
    fs::read_to_string(sparql("snapshot/wikidata.ttl")).unwrap()
}

fn people(turtle: &str, states: &[&str]) -> Vec<Qid> {
    let snapshot = Snapshot::parse(Path::new("test.ttl"), turtle).unwrap();
    let query = SparqlQuery::read(&sparql("build/people.rq")).unwrap();
    let states = states.iter().map(|state| state.parse().unwrap());
    let people = snapshot.people(&query, states).unwrap().readable;
    people.into_iter().map(|person| person.person).collect()
}

fn cities(turtle: &str, country: &str, minimum: u64) -> Vec<Qid> {
    let snapshot = Snapshot::parse(Path::new("test.ttl"), turtle).unwrap();
    let query = SparqlQuery::read(&sparql("build/cities.rq")).unwrap();
    let cities = snapshot
        .cities(&query, [(country.parse().unwrap(), minimum)])
        .unwrap();
    cities.into_iter().map(|city| city.city).collect()
}

/// Asserts that a person is rejected, and accepted after a text of the snapshot is replaced.
fn rejected_for(person: &str, state: &str, defect: &str, mended: &str) {
    let person_id: Qid = person.parse().unwrap();
    let text = snapshot_text();
    assert!(
        !people(&text, &[state]).contains(&person_id),
        "{person} is accepted"
    );
    assert!(
        text.contains(defect),
        "{person}: the snapshot has no `{defect}`"
    );
    let text = text.replace(defect, mended);
    assert!(
        people(&text, &[state]).contains(&person_id),
        "{person} is rejected for another reason"
    );
}

#[test]
fn two_citizenships() {
    // Marie Curie: Poland and France.
    rejected_for(
        "Q7186",
        "Q36",
        "p:P27 node:Q7186-P27-1, node:Q7186-P27-2 ;",
        "p:P27 node:Q7186-P27-1 ;",
    );
}

#[test]
fn an_uncertain_year() {
    // Joan of Arc: born about 1412.
    rejected_for(
        "Q7226",
        "Q70972",
        "psv:P569 node:Q7226-P569-1-value ; pq:P1480 wd:Q5727902 .",
        "psv:P569 node:Q7226-P569-1-value .",
    );
}

#[test]
fn a_year_between_two_others() {
    // Lincoln's years, had they an earliest or a latest date.
    let lincoln: Qid = "Q91".parse().unwrap();
    let text = snapshot_text();
    assert!(people(&text, &["Q30"]).contains(&lincoln));
    for (statement, qualifier) in [("P569", "P1319"), ("P569", "P1326"), ("P570", "P1326")] {
        let qualified = format!("{text}\nnode:Q91-{statement}-1 pq:{qualifier} \"1730\" .\n");
        assert!(
            !people(&qualified, &["Q30"]).contains(&lincoln),
            "{statement} with {qualifier}"
        );
    }
}

#[test]
fn a_year_known_to_the_century() {
    // Hypatia: born in the second half of the fourth century.
    rejected_for(
        "Q11903",
        "Q1747689",
        "node:Q11903-P569-1-value wikibase:timeValue \"0350-01-01T00:00:00Z\"^^xsd:dateTime ; wikibase:timePrecision 7 ;",
        "node:Q11903-P569-1-value wikibase:timeValue \"0350-01-01T00:00:00Z\"^^xsd:dateTime ; wikibase:timePrecision 9 ;",
    );
}

#[test]
fn two_years() {
    // Toyotomi Hideyoshi: born in 1536 or 1537.
    rejected_for(
        "Q187550",
        "Q17",
        "p:P569 node:Q187550-P569-1, node:Q187550-P569-2 ;",
        "p:P569 node:Q187550-P569-2 ;",
    );
}

#[test]
fn the_living() {
    // Bob Dylan.
    rejected_for(
        "Q392",
        "Q30",
        "  p:P569 node:Q392-P569-1 ;\n",
        "  p:P569 node:Q392-P569-1 ;\n  p:P570 [ a wikibase:BestRank ; psv:P570 [ wikibase:timeValue \
         \"2099-01-01T00:00:00Z\"^^xsd:dateTime ; wikibase:timePrecision 9 ; \
         wikibase:timeCalendarModel wd:Q1985727 ] ] ;\n",
    );
}

#[test]
fn a_lower_rank_does_not_count() {
    // Wikidata marks the better of two statements as preferred; only that one has BestRank.
    let best = "node:Q187550-P569-1 a wikibase:BestRank ; wikibase:rank wikibase:NormalRank";
    let normal = "node:Q187550-P569-1 wikibase:rank wikibase:NormalRank";
    rejected_for("Q187550", "Q17", best, normal);
}

#[test]
fn a_city_whose_division_is_unknown() {
    // Norilsk: the lists of facts disagree, so the snapshot has no P131.
    let norilsk: Qid = "Q175517".parse().unwrap();
    let text = snapshot_text();
    assert!(!cities(&text, "Q159", 50_000).contains(&norilsk));
    let mended = format!("{text}\nwd:Q175517 wdt:P131 wd:Q6563 .\n");
    assert!(
        mended.contains("wd:Q6563\n"),
        "Krasnoyarsk Krai is in the snapshot"
    );
    assert!(cities(&mended, "Q159", 50_000).contains(&norilsk));
}

#[test]
fn a_city_in_two_divisions_or_two_countries() {
    let text = snapshot_text();
    let munich: Qid = "Q1726".parse().unwrap();
    assert!(cities(&text, "Q183", 100_000).contains(&munich));
    let two_divisions = format!("{text}\nwd:Q1726 wdt:P131 wd:Q985 .\n");
    assert!(!cities(&two_divisions, "Q183", 100_000).contains(&munich));
    let two_countries = format!("{text}\nwd:Q1726 wdt:P17 wd:Q40 ; wdt:P131 wd:Q41967 .\n");
    assert!(!cities(&two_countries, "Q183", 100_000).contains(&munich));
}

#[test]
fn a_division_that_a_city_has_left_does_not_count() {
    let text = snapshot_text();
    let munich: Qid = "Q1726".parse().unwrap();
    // Wikidata's truthy triples do not show qualifiers: both divisions stand there, and one has ended.
    let in_two = format!("{text}\nwd:Q1726 wdt:P131 wd:Q985 .\n");
    assert!(!cities(&in_two, "Q183", 100_000).contains(&munich));
    let was_there = "[ a wikibase:BestRank ; ps:P131 wd:Q985 ; pq:P582 \"1945\" ]";
    let left = format!("{in_two}\nwd:Q1726 p:P131 {was_there} .\n");
    assert!(cities(&left, "Q183", 100_000).contains(&munich));
    // It came back: one of two statements goes on.
    let back = format!("{left}\nwd:Q1726 p:P131 [ a wikibase:BestRank ; ps:P131 wd:Q985 ] .\n");
    assert!(!cities(&back, "Q183", 100_000).contains(&munich));
}

#[test]
fn a_dissolved_division_is_none() {
    let text = snapshot_text();
    let (munich, prussia): (Qid, Qid) = ("Q1726".parse().unwrap(), "Q27306".parse().unwrap());
    let text = format!(
        "{text}\nwd:Q27306 wdt:P31 wd:Q10864048 ; wdt:P17 wd:Q183 ; wdt:P300 \"DE-PR\" .\n\
         wd:Q1726 wdt:P131 wd:Q27306 .\n"
    );
    let dissolved = format!("{text}\nwd:Q27306 wdt:P576 \"1947-02-25\" .\n");
    let divisions = |turtle: &str| -> Vec<Qid> {
        let snapshot = Snapshot::parse(Path::new("test.ttl"), turtle).unwrap();
        let query = SparqlQuery::read(&sparql("build/divisions.rq")).unwrap();
        let divisions = snapshot.divisions(&query, ["Q183".parse().unwrap()]);
        divisions.unwrap().iter().map(|it| it.division).collect()
    };
    assert!(divisions(&text).contains(&prussia));
    assert!(!cities(&text, "Q183", 100_000).contains(&munich));
    assert!(!divisions(&dissolved).contains(&prussia));
    assert!(cities(&dissolved, "Q183", 100_000).contains(&munich));
}

#[test]
fn a_city_below_the_size_class() {
    let text = snapshot_text();
    let nesher: Qid = "Q135432".parse().unwrap();
    assert!(cities(&text, "Q801", 20_000).contains(&nesher));
    assert!(!cities(&text, "Q801", 100_000).contains(&nesher));
}

#[test]
fn a_division_is_found_through_districts_and_subclasses() {
    // Wikidata often has a district between city and division, and a class of its own for the
    // divisions of a country.
    let text = snapshot_text();
    let munich: Qid = "Q1726".parse().unwrap();
    let direct = "wd:Q1726\n  wdt:P31 wd:Q486972 ;\n  wdt:P17 wd:Q183 ;\n  wdt:P131 wd:Q980 ;";
    assert!(text.contains(direct));
    let through = "wd:Q10562 wdt:P131 wd:Q980 .\nwd:Q980 wdt:P31 wd:Q1221156 .\n\
                   wd:Q1221156 wdt:P279 wd:Q10864048 .\nwd:Q1549591 wdt:P279 wd:Q515 .\n\
                   wd:Q515 wdt:P279 wd:Q486972 .\n\n\
                   wd:Q1726\n  wdt:P31 wd:Q1549591 ;\n  wdt:P17 wd:Q183 ;\n  wdt:P131 wd:Q10562 ;";
    assert!(cities(&text.replace(direct, through), "Q183", 100_000).contains(&munich));
}

#[test]
fn a_julian_date_at_the_turn_of_the_year_depends_on_the_calendar() {
    // Newton: 25 December 1642 in England's calendar, 4 January 1643 in ours and in Wikidata's RDF.
    let newton = "
        @prefix wd: <http://www.wikidata.org/entity/> .
        @prefix wdt: <http://www.wikidata.org/prop/direct/> .
        @prefix p: <http://www.wikidata.org/prop/> .
        @prefix ps: <http://www.wikidata.org/prop/statement/> .
        @prefix psv: <http://www.wikidata.org/prop/statement/value/> .
        @prefix wikibase: <http://wikiba.se/ontology#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        wd:Q935 wdt:P31 wd:Q5 ; wdt:P21 wd:Q6581097 ;
          p:P27 [ a wikibase:BestRank ; ps:P27 wd:Q179876 ] ;
          p:P569 [ a wikibase:BestRank ; psv:P569 [
            wikibase:timeValue \"1643-01-04T00:00:00Z\"^^xsd:dateTime ;
            wikibase:timePrecision 11 ; wikibase:timeCalendarModel wd:Q1985786 ] ] ;
          p:P570 [ a wikibase:BestRank ; psv:P570 [
            wikibase:timeValue \"1727-03-31T00:00:00Z\"^^xsd:dateTime ;
            wikibase:timePrecision 11 ; wikibase:timeCalendarModel wd:Q1985786 ] ] .";
    let query = SparqlQuery::read(&sparql("build/people.rq")).unwrap();
    let read = |turtle: &str| {
        let snapshot = Snapshot::parse(Path::new("test.ttl"), turtle).unwrap();
        let people = snapshot
            .people(&query, ["Q179876".parse().unwrap()])
            .unwrap()
            .readable;
        assert_eq!(people.len(), 1);
        people[0].calendar_dependent
    };
    assert!(read(newton));
    assert!(!read(&newton.replace("1643-01-04", "1643-02-04")));
    assert!(!read(&newton.replace("Q1985786", "Q1985727")));
}

#[test]
fn a_date_that_cannot_be_read_leaves_out_one_person() {
    // Wikidata's RDF has four digits; a mirror wrote three for years before our era.
    let snapshot = std::fs::read_to_string(sparql("snapshot/wikidata.ttl")).unwrap();
    let virgil = "\"-0069-";
    assert!(snapshot.contains(virgil));
    let query = SparqlQuery::read(&sparql("build/people.rq")).unwrap();
    let read = |turtle: &str| {
        let snapshot = Snapshot::parse(Path::new("test.ttl"), turtle).unwrap();
        snapshot
            .people(
                &query,
                ["Q1747689".parse().unwrap(), "Q2277".parse().unwrap()],
            )
            .unwrap()
    };
    let (before, after) = (read(&snapshot), read(&snapshot.replace(virgil, "\"-069-")));
    assert_eq!(before.unreadable, []);
    assert_eq!(after.unreadable.len(), 1);
    assert!(after.unreadable[0].2.starts_with("-069-"));
    assert_eq!(after.readable.len() + 1, before.readable.len());
}

#[test]
fn the_case_of_a_label_language_does_not_count() {
    let turtle = "@prefix wd: <http://www.wikidata.org/entity/> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        wd:Q64 rdfs:label \"柏林\"@zh-Hans, \"柏林\"@ZH-HANS .";
    let snapshot = Snapshot::parse(Path::new("test.ttl"), turtle).unwrap();
    let query = SparqlQuery::read(&sparql("build/labels.rq")).unwrap();
    let berlin: Qid = "Q64".parse().unwrap();
    let labels = snapshot.labels(&query, &[berlin].into()).unwrap();
    for language in ["zh-hans", "zh-Hans"] {
        assert_eq!(
            labels.find(berlin, &[language.to_owned()]),
            Some(("柏林", language))
        );
    }
}
