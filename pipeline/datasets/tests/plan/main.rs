//! What every dataset promises, checked on the committed snapshot; and rows against texts written
//! by hand.

#![allow(clippy::unwrap_used)]

mod items;
mod rows;

use clika_base::Project;
use clika_base::types::{Choice, Item, LanguageCode, Qid, Relation, Sex, Task, Year};
use clika_datasets::wikidata::SparqlQuery;
use clika_datasets::{
    BuildInputs, BuildReport, DatasetPlan, DatasetsConfig, DistractorPolicy, ExperimentFile, plan,
    rows,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

fn project() -> Project {
    Project {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
    }
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

fn person(qid: &str, relation: Relation, sex: Sex, years: [i32; 2]) -> Item {
    Item {
        id: qid.to_owned(),
        relation,
        origin_language: LanguageCode::try_from("en".to_owned()).unwrap(),
        entity: qid.parse().unwrap(),
        sex: Some(sex),
        country: "Q174193".parse().unwrap(),
        cluster_id: qid.parse().unwrap(),
        choices: years
            .map(|year| Choice::Year(Year::from_astronomical(year)))
            .to_vec(),
        label: 0,
    }
}
