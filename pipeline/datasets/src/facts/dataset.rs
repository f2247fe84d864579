use super::{build::BuildInputs, catalogue::DatasetPlan, item::Item};
use crate::wikidata::Labels;
use crate::{DatasetError, DatasetsConfig, DistractorPolicy};
use clika_base::types::{Language, Qid};
use clika_base::{Section, SectionSpec};

/// A dataset of questions on entities of Wikidata: what its folder brings to build, card and audit.
pub struct FactsDataset {
    /// Choices of each item, the right one included.
    pub choices: usize,
    /// Its table in a language's file.
    pub section: &'static SectionSpec,
    /// Its table in the experiment file.
    pub settings: &'static SectionSpec,
    /// Queries in `sparql/build` that the plan reads.
    pub queries: &'static [&'static str],
    /// How wrong choices are found, for the card.
    pub distractors: fn(DistractorPolicy) -> &'static str,
    /// What its columns mean, for the card.
    pub columns: FactColumns,
    /// Selects the items for the languages that take part; the right choice stands first.
    pub plan: Plan,
    /// Writes an item's question.
    pub question: fn(&Item, &Section, &Names<'_>) -> String,
}

/// The function that selects a dataset's items.
pub type Plan = fn(&BuildInputs, &[Language], &DatasetsConfig) -> Result<DatasetPlan, DatasetError>;

/// What the columns of a dataset of facts mean, for its card.
pub struct FactColumns {
    /// What is asked.
    pub relation: &'static str,
    /// The entity.
    pub qid: &'static str,
    /// The right choice's item.
    pub answer_qid: &'static str,
    /// The entity's country.
    pub country_qid: &'static str,
    /// Which rows are not independent.
    pub cluster_id: &'static str,
    /// The label language of each choice.
    pub choice_label_sources: &'static str,
}

/// The names of entities in a language.
pub struct Names<'a> {
    pub(super) labels: &'a Labels,
    pub(super) language: &'a Language,
}

impl<'a> Names<'a> {
    /// The name of an entity of the plan, and the label language that it is from.
    pub(super) fn label(&self, qid: Qid) -> (&'a str, &'a str) {
        // A plan holds only entities with a label in every language.
        self.labels
            .find(qid, &self.language.wikidata_codes)
            .expect("the plan left out what has no label")
    }

    /// The name of an entity of the plan.
    pub fn of(&self, qid: Qid) -> &'a str {
        self.label(qid).0
    }
}
