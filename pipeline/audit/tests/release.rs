//! The audit on the authors' release, where it is at hand: every defect that we know of is found by itself.
//!
//! The figures are those that `release_defects.py` counts without our code.

#![allow(clippy::explicit_write, clippy::unwrap_used)]

use clika_audit::{Audit, BackgroundFacts, Finding, Severity, audit, markdown};
use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The release; `None`, with a loud note, if it is not there.
fn release() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/CLiKA");
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the test harness, which hides what a passing test prints.
    writeln!(
        std::io::stderr(),
        "SKIPPED: no release in {}",
        folder.display()
    )
    .unwrap();
    None
}

/// The audit of the release, made once; `None` where there is none.
fn audited() -> Option<&'static Audit> {
    static AUDIT: OnceLock<Audit> = OnceLock::new();
    let folder = release()?;
    Some(AUDIT.get_or_init(|| audit(&folder, &knowledge()).unwrap()))
}

fn knowledge() -> BackgroundFacts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    BackgroundFacts::read(
        &root.join("templates/languages"),
        &root.join("sparql/build"),
        &root.join("sparql/snapshot/wikidata.ttl"),
    )
    .unwrap()
}

fn finding<'a>(audit: &'a Audit, dataset: &str, check: &str) -> &'a Finding {
    let mut findings = audit.findings.iter();
    findings
        .find(|it| it.dataset == dataset && it.check == check)
        .unwrap_or_else(|| panic!("no finding {check} on {dataset}"))
}

/// The languages that show a defect, with their counts.
fn counts(finding: &Finding) -> BTreeMap<&str, usize> {
    let languages = finding.languages.iter();
    languages
        .map(|(code, tally)| (code.as_str(), tally.count))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[test]
fn finds_every_known_defect() {
    let Some(audit) = audited() else { return };
    let names: Vec<_> = audit.datasets.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["fictional", "x_copa", "x_csqa", "x_geo", "x_name"]);
    let fictional = |check| finding(audit, "fictional", check);

    let world = fictional("wrong-world");
    assert_eq!(world.severity, Severity::Error);
    assert_eq!(counts(world), BTreeMap::from([("zh", 400)]));
    assert_eq!(world.of, 9 * 400);

    let direction = fictional("translation-direction");
    assert_eq!(direction.severity, Severity::Error);
    let mut expected = BTreeMap::from(
        ["ar", "de", "fr", "he", "it", "ja", "pl", "ru"].map(|language| (language, 420)),
    );
    // The names of ZH's twenty continents are not taught at all.
    expected.insert("zh", 400);
    assert_eq!(counts(direction), expected);
    assert_eq!(
        counts(fictional("translation-not-taught")),
        BTreeMap::from([("zh", 20)])
    );

    let collisions = fictional("name-collision");
    assert_eq!(collisions.severity, Severity::Error);
    assert_eq!(
        counts(collisions),
        BTreeMap::from([
            ("ar", 3),
            ("de", 6),
            ("fr", 2),
            ("he", 1),
            ("it", 6),
            ("ja", 1),
            ("pl", 1),
            ("ru", 6),
            ("zh", 4)
        ])
    );
    assert!(
        collisions
            .message
            .contains("14 of them an entity that is taught in the target language"),
        "{}",
        collisions.message
    );

    let people = |check| &finding(audit, "x_name", check).message;
    assert!(
        people("wrong-years-far").contains("84 years")
            && people("wrong-years-far").contains("births 61.5, deaths 93.5")
    );
    assert!(people("death-years-from-births").starts_with(
        "Of 270 wrong death years 253 are a birth year and no death year of the set, and 0 a"
    ));
    assert!(people("impossible-years").starts_with("114 of 180 items"));
    assert!(
        people("impossible-years")
            .contains("247 of 540 wrong years, and all wrong ones in 49 items")
    );
    assert_eq!(finding(audit, "x_name", "only-year-of-its-era").count, 11);

    let divisions = finding(audit, "x_geo", "divisions-of-another-country");
    assert_eq!((divisions.count, divisions.of), (18, 200));
    assert!(
        divisions.message.contains("35 of 600"),
        "{}",
        divisions.message
    );
    let cities = finding(audit, "x_geo", "cities-outside-the-language");
    assert!(
        cities.message.ends_with("Saudi Arabia (ar) 5, UAE (ar) 2."),
        "{}",
        cities.message
    );
    let named = finding(audit, "x_geo", "division-in-city");
    assert_eq!(counts(named)["en"], 18);

    assert_eq!(
        counts(finding(audit, "x_copa", "asks-differ")),
        BTreeMap::from([("it", 4)])
    );
    assert_eq!(finding(audit, "x_csqa", "right-choice-twice").count, 168);
}

#[test]
fn what_the_release_does_right_is_no_finding() {
    let Some(audit) = audited() else { return };
    for check in [
        "tested-fact-taught-in-target",
        "source-fact-not-taught",
        "target-fact-not-taught",
        "rows-per-fact",
        "rows-not-understood",
        "templates",
        "training-size",
        "continents-unbalanced",
        "labels-differ",
        "missing-items",
        "label-out-of-range",
    ] {
        let found: Vec<_> = audit
            .findings
            .iter()
            .filter(|it| it.check == check)
            .collect();
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_task_of_the_release_is_audited_alone() {
    let Some(folder) = release() else { return };
    let audit = audit(&folder.join("x_name"), &knowledge()).unwrap();
    assert_eq!(audit.datasets.len(), 1);
    let text = markdown(&audit);
    assert!(text.contains("### x_name: wrong-years-far"), "{text}");
    // Files are named from the folder that was given.
    assert!(!text.contains("shared/reference"), "{text}");
}
