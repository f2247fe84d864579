//! xPeo: in which year was a famous person born, and in which did they die (CLiKA §3.1)?

mod distractors;
mod plan;
mod release;

use crate::DistractorPolicy;
use crate::facts::{FactColumns, FactsDataset, Item, Names};
use crate::registry::{
    Dataset, DatasetKind, Knowledge, ReleaseClusters, ReleaseFiles, ReleaseLines,
};
use clika_base::types::Sex;
use clika_base::{KeySpec, Section, SectionSpec, ValueSpec, templates::fill};

/// What is asked: the year a person was born.
const BIRTH: &str = "birth";
/// What is asked: the year a person died.
const DEATH: &str = "death";

static QUESTIONS: SectionSpec = SectionSpec {
    name: "xpeo",
    about: "xPeo, with a verb for a man and one for a woman; they may be equal",
    needs_labels: true,
    keys: &[
        question("born.male"),
        question("born.female"),
        question("died.male"),
        question("died.female"),
    ],
};

const fn question(key: &'static str) -> KeySpec {
    KeySpec {
        key,
        about: "",
        value: ValueSpec::Template(&["{person}"]),
    }
}

static SETTINGS: SectionSpec = SectionSpec {
    name: "xpeo",
    about: "",
    needs_labels: false,
    keys: &[
        // People of every origin language; each gives two items.
        KeySpec {
            key: "people_per_language",
            about: "",
            value: ValueSpec::Number {
                default: None,
                allowed: 1..=10_000,
                usual: 10,
            },
        },
        // Languages that no people are taken from.
        KeySpec {
            key: "languages_without_people",
            about: "",
            value: ValueSpec::Languages,
        },
    ],
};

pub(super) static DATASET: Dataset = Dataset {
    name: "xpeo",
    title: "xPeo",
    content: "famous people and the years of their birth and death",
    knowledge: Knowledge::Factual,
    kind: DatasetKind::Facts(FactsDataset {
        choices: 4,
        section: &QUESTIONS,
        settings: &SETTINGS,
        queries: &["people.rq", "labels.rq"],
        distractors: |policy| match policy {
            DistractorPolicy::Hard => {
                "`hard`, years of the same kind near the right one that leave a plausible age"
            }
            DistractorPolicy::Paper => "`paper`, years of the same kind at random",
        },
        columns: FactColumns {
            relation: "what is asked: `birth` or `death`",
            qid: "Wikidata item of the person",
            answer_qid: "null: choices are years",
            country_qid: "Wikidata item of the person's state",
            cluster_id: "rows that share it are not independent: one person",
            choice_label_sources: "null: choices are years",
        },
        plan: plan::plan,
        question: asked,
    }),
    release: Some(ReleaseFiles {
        folder: "x_name",
        file: "{code}_name_data_generate.jsonl",
        lines: ReleaseLines::Facts(release::asked),
        clusters: ReleaseClusters::Halves,
    }),
};

/// The question with the verb for the person's sex; the man's where the sex is unknown.
fn asked(item: &Item, section: &Section, names: &Names<'_>) -> String {
    let key = match (item.relation, item.sex) {
        (DEATH, Some(Sex::Female)) => "died.female",
        (DEATH, _) => "died.male",
        (_, Some(Sex::Female)) => "born.female",
        (_, _) => "born.male",
    };
    fill(section.text(key), &[("{person}", names.of(item.entity))])
}
