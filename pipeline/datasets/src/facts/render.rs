use super::{
    catalogue::DatasetPlan,
    dataset::{FactsDataset, Names},
    item::{Choice, Item},
};
use crate::Task;
use crate::wikidata::Labels;
use clika_base::types::{Language, Qid};
use serde::Serialize;

/// A row of a dataset of facts as the Parquet file holds it: an item written in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactRow {
    /// The item's id, equal in every language.
    pub id: String,
    /// The question.
    pub question: String,
    /// The choices in the order shown.
    pub choices: Vec<String>,
    /// The position of the right choice, from 0.
    pub label: i64,
    /// The right choice.
    pub answer: String,
    /// The language that the knowledge comes from.
    pub origin_language: String,
    /// What is asked: `division`, `birth`.
    pub relation: String,
    /// The entity that is asked about.
    pub qid: String,
    /// The right choice's item; `None` for a year.
    pub answer_qid: Option<String>,
    /// The city's country or the person's state.
    pub country_qid: String,
    /// Rows that share this are not independent.
    pub cluster_id: String,
    /// The label language in Wikidata that the entity's name is from.
    pub entity_label_source: String,
    /// The same for every choice; `None` for years.
    pub choice_label_sources: Option<Vec<String>>,
}

/// Writes all items of a plan in one language.
///
/// # Panics
///
/// With a task that is not one of facts, and with a language that takes no part in the plan.
pub fn rows(task: Task, plan: &DatasetPlan, language: &Language) -> Vec<FactRow> {
    let facts = task.facts().expect("a plan is one of facts");
    plan.items
        .iter()
        .map(|item| row(facts, item, &plan.labels, language))
        .collect()
}

fn row(facts: &FactsDataset, item: &Item, labels: &Labels, language: &Language) -> FactRow {
    let names = Names { labels, language };
    let label = |qid: Qid| names.label(qid);
    let (_, entity_label_source) = label(item.entity);
    let section = language.section(facts.section.name);
    let section = section.expect("languages without the dataset's table are left out");
    let question = (facts.question)(item, section, &names);
    let choices: Vec<String> = item
        .choices
        .iter()
        .map(|choice| match choice {
            Choice::Entity(qid) => label(*qid).0.to_owned(),
            Choice::Year(year) => language.render_year(*year),
        })
        .collect();
    let choice_label_sources = item
        .choices
        .iter()
        .map(|choice| match choice {
            Choice::Entity(qid) => Some(label(*qid).1.to_owned()),
            Choice::Year(_) => None,
        })
        .collect();
    FactRow {
        id: item.id.clone(),
        question,
        answer: choices[item.label].clone(),
        choices,
        label: i64::try_from(item.label).expect("an item has few choices"),
        origin_language: item.origin_language.to_string(),
        relation: item.relation.to_owned(),
        qid: item.entity.to_string(),
        answer_qid: match item.answer() {
            Choice::Entity(qid) => Some(qid.to_string()),
            Choice::Year(_) => None,
        },
        country_qid: item.country.to_string(),
        cluster_id: item.cluster_id.to_string(),
        entity_label_source: entity_label_source.to_owned(),
        choice_label_sources,
    }
}
