use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// A fictional world as a dataset has it, in a source and a target language: what is taught, and what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedWorld {
    /// The language in which everything is taught.
    pub source: LanguageCode,
    /// The language in which half is taught and the other half asked.
    pub target: LanguageCode,
    /// The control that the world is, as its manifest says: `none`, `random-label`.
    pub control: Option<String>,
    /// Facts of the training set.
    pub taught: Vec<Fact>,
    /// Facts of the tests.
    pub tested: Vec<Fact>,
    /// Translations of the training set.
    pub pairs: Vec<NamePair>,
    /// Translations of the tests.
    pub asked: Vec<NamePair>,
    /// Training rows that were not understood: the row, and its text.
    pub unread: Vec<(String, String)>,
}

/// Worlds of one dataset, one a target language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldSet {
    /// The dataset's name: that of its folder.
    pub name: String,
    /// The worlds.
    pub worlds: Vec<AuditedWorld>,
}

/// A question on an entity with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The row.
    pub id: String,
    /// The language of question and answer.
    pub language: LanguageCode,
    /// What is asked: `continent`, `founding`.
    pub relation: String,
    /// The entity; `None` where the row's name is that of no tested entity.
    pub entity: Option<String>,
    /// The entity's name in the language, where known.
    pub name: Option<String>,
    /// What a right answer contains.
    pub answer: String,
    /// The template, from 1.
    pub template: usize,
    /// Whether the fact is never taught in the target language (type 1); `None` where the row does not say.
    pub unseen: Option<bool>,
    /// The question.
    pub prompt: String,
    /// The choices of the question, where there are some.
    pub choices: Vec<String>,
}

/// A name with its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePair {
    /// The row.
    pub id: String,
    /// The language of the answer.
    pub to: LanguageCode,
    /// What is to be translated.
    pub query: String,
    /// The translation.
    pub answer: String,
    /// The entity, where the row says so.
    pub entity: Option<String>,
}

impl AuditedWorld {
    /// Tested facts that are never taught in the target language, in that language: what conductivity is
    /// measured on.
    pub(crate) fn conducted(&self) -> impl Iterator<Item = &Fact> {
        self.tested
            .iter()
            .filter(|fact| fact.language == self.target && fact.unseen == Some(true))
    }

    /// Whether labels are shuffled on purpose, so that agreement with training is left to chance.
    pub(crate) fn is_shuffled(&self) -> bool {
        self.control.as_deref() == Some("random-label")
    }

    /// The tested facts of a language by entity and relation, the first of each.
    pub(crate) fn tested_in(&self, language: &LanguageCode) -> BTreeMap<(&str, &str), &Fact> {
        let mut facts = BTreeMap::new();
        for fact in self.tested.iter().filter(|it| it.language == *language) {
            if let Some(entity) = &fact.entity {
                let key = (entity.as_str(), fact.relation.as_str());
                facts.entry(key).or_insert(fact);
            }
        }
        facts
    }

    /// The answers that tests know in a language for `relation`, such as the continents' names.
    pub(crate) fn answers(&self, language: &LanguageCode, relation: &str) -> Vec<&str> {
        let tested = self.tested.iter();
        let mut answers: Vec<_> = tested
            .filter(|fact| fact.language == *language && fact.relation == relation)
            .map(|fact| fact.answer.as_str())
            .collect();
        answers.sort_unstable();
        answers.dedup();
        answers
    }
}
