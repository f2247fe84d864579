//! xGeo: which first-level division does a city lie in (CLiKA §3.1)?

mod distractors;
mod plan;
mod release;

use crate::DistractorPolicy;
use crate::facts::{FactColumns, FactsDataset};
use crate::registry::{
    Dataset, DatasetKind, Knowledge, ReleaseClusters, ReleaseFiles, ReleaseLines,
};
use clika_base::{KeySpec, SectionSpec, ValueSpec, templates::fill};

/// What is asked: the first-level division that a city lies in.
const DIVISION: &str = "division";

static QUESTION: SectionSpec = SectionSpec {
    name: "xgeo",
    about: "xGeo",
    needs_labels: true,
    keys: &[
        KeySpec {
            key: "question",
            about: "",
            value: ValueSpec::Template(&["{city}", "{country}"]),
        },
        KeySpec {
            key: "min_population",
            about: "Inhabitants that make a settlement of the language's countries a city.",
            value: ValueSpec::Number {
                default: None,
                allowed: 0..=u64::MAX,
                usual: 50_000,
            },
        },
    ],
};

static SETTINGS: SectionSpec = SectionSpec {
    name: "xgeo",
    about: "",
    needs_labels: false,
    keys: &[
        // Cities, and so items, of every origin language.
        number("cities_per_language", 1, 20),
        // Cities of one division while other divisions have some left.
        number("cities_per_division", 1, 2),
        // Cities of each country that are taken before the rest are ranked together.
        number("cities_per_country", 0, 4),
    ],
};

const fn number(key: &'static str, least: u64, usual: u64) -> KeySpec {
    KeySpec {
        key,
        about: "",
        value: ValueSpec::Number {
            default: None,
            allowed: least..=10_000,
            usual,
        },
    }
}

pub(super) static DATASET: Dataset = Dataset {
    name: "xgeo",
    title: "xGeo",
    content: "cities and the first-level administrative divisions they lie in",
    knowledge: Knowledge::Factual,
    kind: DatasetKind::Facts(FactsDataset {
        choices: 4,
        section: &QUESTION,
        settings: &SETTINGS,
        queries: &["cities.rq", "divisions.rq", "labels.rq"],
        distractors: |policy| match policy {
            DistractorPolicy::Hard => {
                "`hard`, divisions of the same country that the city's name does not point to"
            }
            DistractorPolicy::Paper => {
                "`paper`, divisions that cities of the same origin language lie in"
            }
        },
        columns: FactColumns {
            relation: "what is asked: `division`",
            qid: "Wikidata item of the city",
            answer_qid: "Wikidata item of the right division",
            country_qid: "Wikidata item of the city's country",
            cluster_id: "rows that share it are not independent: one division",
            choice_label_sources: "the same for every choice",
        },
        plan: plan::plan,
        question: |item, section, names| {
            fill(
                section.text("question"),
                &[
                    ("{city}", names.of(item.entity)),
                    ("{country}", names.of(item.country)),
                ],
            )
        },
    }),
    release: Some(ReleaseFiles {
        folder: "x_geo",
        file: "{code}_geo_data.jsonl",
        lines: ReleaseLines::Facts(release::asked),
        clusters: ReleaseClusters::Answers,
    }),
};
