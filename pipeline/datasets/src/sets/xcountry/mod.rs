//! xCountry: in which country does a city lie? Easier than xGeo, and meant for small models.

mod plan;
mod regions;

use crate::DistractorPolicy;
use crate::facts::{FactColumns, FactsDataset};
use crate::registry::{Dataset, DatasetKind, Knowledge};
use clika_base::{KeySpec, SectionSpec, ValueSpec, templates::fill};

/// What is asked: the country that a city lies in.
const COUNTRY: &str = "country";

static QUESTION: SectionSpec = SectionSpec {
    name: "xcountry",
    about: "xCountry: the question must not name a country",
    needs_labels: true,
    keys: &[KeySpec {
        key: "question",
        about: "",
        value: ValueSpec::Template(&["{city}"]),
    }],
};

/// An experiment file may leave the table out: these numbers hold then, and stand in the manifest.
static SETTINGS: SectionSpec = SectionSpec {
    name: "xcountry",
    about: "",
    needs_labels: false,
    keys: &[
        // Cities, and so items, of every origin language.
        number("cities_per_language", 1, 20),
        // The largest cities of each country that are taken before the rest are ranked together. With fewer, the larger
        // country of a language would be right more often, and who knows that guesses better.
        number("cities_per_country", 0, 10),
    ],
};

const fn number(key: &'static str, least: u64, usual: u64) -> KeySpec {
    KeySpec {
        key,
        about: "",
        value: ValueSpec::Number {
            default: Some(usual),
            allowed: least..=10_000,
            usual,
        },
    }
}

pub(super) static DATASET: Dataset = Dataset {
    name: "xcountry",
    title: "xCountry",
    content: "cities and the countries they lie in",
    knowledge: Knowledge::Factual,
    kind: DatasetKind::Facts(FactsDataset {
        choices: 4,
        section: &QUESTION,
        settings: &SETTINGS,
        queries: &["cities.rq", "country_codes.rq", "labels.rq"],
        distractors: |policy| match policy {
            DistractorPolicy::Hard => {
                "`hard`, countries of the same part of the world; all choices are countries that other items \
                 are about, and parts of the world with fewer than four of them are taken together"
            }
            DistractorPolicy::Paper => "`paper`, countries that other items are about, at random",
        },
        columns: FactColumns {
            relation: "what is asked: `country`",
            qid: "Wikidata item of the city",
            answer_qid: "Wikidata item of the right country",
            country_qid: "the same: Wikidata item of the city's country",
            cluster_id: "rows that share it are not independent: cities of one first-level division. Countries are \
                         those of the languages and not drawn; cities are",
            choice_label_sources: "the same for every choice",
        },
        plan: plan::plan,
        question: |item, section, names| {
            fill(
                section.text("question"),
                &[("{city}", names.of(item.entity))],
            )
        },
    }),
    release: None,
};
