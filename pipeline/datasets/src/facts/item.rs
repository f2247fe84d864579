use clika_base::types::{LanguageCode, Qid, Sex, Year};

/// One of the choices of an [`Item`], before it is written in a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// An item of Wikidata, written by its label.
    Entity(Qid),
    /// A year, written as the language writes years.
    Year(Year),
}

/// A multiple-choice question that is the same in every language: entities, not texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Unique in the task and stable over builds: `xgeo-Q1022`, `xpeo-Q1339-birth`.
    pub id: String,
    /// What is asked: `division`, `birth`.
    pub relation: &'static str,
    /// The language that the knowledge comes from.
    pub origin_language: LanguageCode,
    /// The entity the question is about.
    pub entity: Qid,
    /// The person's sex; `None` for a question that is not about a person.
    pub sex: Option<Sex>,
    /// The country of the city, or the state the person was a citizen of.
    pub country: Qid,
    /// Items that share this are not independent: the division's or the person's identifier.
    pub cluster_id: Qid,
    /// The choices in the order shown; all different.
    pub choices: Vec<Choice>,
    /// The position of the right choice, from 0.
    pub label: usize,
}

impl Item {
    /// The right choice.
    pub fn answer(&self) -> Choice {
        self.choices[self.label]
    }
}
