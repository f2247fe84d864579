//! What every dataset promises, checked on the committed snapshot; and rows against texts written
//! by hand.

#![allow(clippy::unwrap_used)]

mod items;
mod people;
mod rows;
mod xcountry;

use clika_base::types::{LanguageCode, Qid, Sex, Year};
use clika_base::{Project, Section};
use clika_datasets::wikidata::SparqlQuery;
use clika_datasets::{
    BuildInputs, BuildReport, DatasetPlan, DatasetsConfig, DistractorPolicy, ExperimentFile, plan,
    rows,
};
use clika_datasets::{Choice, Item, Task};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

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

/// The tasks that are built from the snapshot.
fn facts_tasks() -> impl Iterator<Item = Task> {
    Task::all().filter(|task| task.facts().is_some())
}

/// Changes the settings of a dataset.
fn set(config: &mut DatasetsConfig, name: &'static str, change: impl Fn(Section) -> Section) {
    let section = config.sections.remove(name).unwrap();
    config.sections.insert(name, change(section));
}

fn without_people(config: &mut DatasetsConfig, codes: Vec<LanguageCode>) {
    set(config, "xpeo", |it| {
        it.with_languages("languages_without_people", codes.clone())
    });
}

fn person(qid: &str, relation: &'static str, sex: Sex, years: [i32; 2]) -> Item {
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
