use super::catalogue::DatasetPlan;
use crate::wikidata::Labels;
use clika_base::templates::fill;
use clika_base::types::{Choice, Item, Language, Qid, Relation};
use serde::Serialize;

/// A row of xGeo or xPeo as the Parquet file holds it: an item written in one language.
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
    /// What is asked: `division`, `birth` or `death`.
    pub relation: String,
    /// The city or person.
    pub qid: String,
    /// The right division; `None` for a year.
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
pub fn rows(plan: &DatasetPlan, language: &Language) -> Vec<FactRow> {
    plan.items
        .iter()
        .map(|item| row(item, &plan.labels, language))
        .collect()
}

fn row(item: &Item, labels: &Labels, language: &Language) -> FactRow {
    // A plan holds only entities with a label in every language.
    let label = |qid: Qid| {
        labels
            .find(qid, &language.wikidata_codes)
            .expect("the plan left out what has no label")
    };
    let (entity, entity_label_source) = label(item.entity);
    let (xgeo, xpeo) = (language.xgeo.as_ref(), language.xpeo.as_ref());
    let template = match item.relation {
        Relation::Division => xgeo.map(|it| it.question.as_str()),
        Relation::Birth => xpeo.map(|it| it.born.of(item.sex)),
        Relation::Death => xpeo.map(|it| it.died.of(item.sex)),
    };
    let template = template.expect("languages without the task's templates are left out");
    let question = match item.relation {
        Relation::Division => fill(
            template,
            &[("{city}", entity), ("{country}", label(item.country).0)],
        ),
        Relation::Birth | Relation::Death => fill(template, &[("{person}", entity)]),
    };
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
        relation: item.relation.name().to_owned(),
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
