use super::item::Item;
use crate::wikidata::Labels;
use crate::{BuildReport, DatasetError, Exception};
use clika_base::types::{Language, LanguageCode, Qid};
use std::collections::BTreeSet;

/// The items of a task and what is needed to write them in every language.
#[derive(Clone, Debug)]
pub struct DatasetPlan {
    /// The items, by origin language and rank.
    pub items: Vec<Item>,
    /// The languages that take part, by code.
    pub languages: Vec<Language>,
    /// Labels of all entities of the items.
    pub labels: Labels,
    /// What the build reports.
    pub report: BuildReport,
}

/// Wrong choices of one item, in the order in which they were drawn.
pub(crate) struct DrawnDistractors<T> {
    pub(crate) choices: Vec<T>,
    /// Set where a rule had to be bent.
    pub(crate) exception: Option<String>,
}

/// The labels of a snapshot, seen through the languages of the datasets.
pub(crate) struct Catalogue<'a> {
    pub(crate) languages: &'a [Language],
    pub(crate) labels: Labels,
}

impl Catalogue<'_> {
    /// The item's label in a language.
    pub(crate) fn label(&self, item: Qid, language: &Language) -> Option<&str> {
        self.labels
            .find(item, &language.wikidata_codes)
            .map(|(text, _source)| text)
    }

    /// The first language that the item has no label in.
    pub(crate) fn missing(&self, item: Qid) -> Option<&LanguageCode> {
        self.languages
            .iter()
            .find(|language| self.label(item, language).is_none())
            .map(|language| &language.code)
    }

    /// Fails where a country has no label in a language: `kinds` are what else has labels, for the error.
    pub(crate) fn check_countries(
        &self,
        dataset: &'static str,
        countries: &BTreeSet<Qid>,
        kinds: &[(&str, BTreeSet<Qid>)],
    ) -> Result<(), DatasetError> {
        // A country that the snapshot does not have is its languages' fault, and no other language lacks its label.
        let is_unknown = |country: &&Qid| !self.labels.knows(**country);
        let lacks = |language: &&Language| {
            let mut known = countries.iter().filter(|it| !is_unknown(it));
            language.countries.iter().any(|it| is_unknown(&it))
                || known.any(|&it| self.label(it, language).is_none())
        };
        let lacking: Vec<&Language> = self.languages.iter().filter(lacks).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        // All at once: a new language lacks hundreds.
        let countries = [("countries", countries.clone())];
        let all: Vec<_> = countries.iter().chain(kinds).cloned().collect();
        Err(self.no_label(dataset, &lacking, &all))
    }

    /// The error that languages lack labels: how many of each kind of items have none, and the first of them.
    pub(crate) fn no_label(
        &self,
        dataset: &'static str,
        languages: &[&Language],
        kinds: &[(&str, BTreeSet<Qid>)],
    ) -> DatasetError {
        let of_language = |language: &&Language| {
            let (code, counts) = (&language.code, self.without_label(language, kinds));
            format!("in `{code}` for {counts}")
        };
        let missing: Vec<_> = languages.iter().map(of_language).collect();
        let codes: Vec<_> = languages.iter().map(|it| it.code.as_str()).collect();
        DatasetError::NoLabel {
            dataset,
            languages: codes.join(","),
            missing: missing.join("; "),
        }
    }

    fn without_label(&self, language: &Language, kinds: &[(&str, BTreeSet<Qid>)]) -> String {
        const FEW: usize = 5;
        let mut parts = Vec::new();
        for (what, items) in kinds {
            let lacks = |item: &&Qid| self.label(**item, language).is_none();
            let missing: Vec<String> = items.iter().filter(lacks).map(Qid::to_string).collect();
            if missing.is_empty() {
                continue;
            }
            let first = missing[..missing.len().min(FEW)].join(", ");
            let more = if missing.len() > FEW { " …" } else { "" };
            let (count, all) = (missing.len(), items.len());
            parts.push(format!("{count} of {all} {what} ({first}{more})"));
        }
        parts.join(", ")
    }

    /// Whether two items read the same in some language, so that a choice would stand twice.
    pub(crate) fn read_the_same(&self, a: Qid, b: Qid) -> bool {
        self.languages
            .iter()
            .any(|language| self.label(a, language) == self.label(b, language))
    }

    pub(crate) fn exception(&self, language: &Language, qid: Qid, reason: String) -> Exception {
        let english = ["en".to_owned(), "mul".to_owned()];
        Exception {
            language: language.code.clone(),
            qid: Some(qid),
            name: match self.labels.find(qid, &english) {
                Some((name, _source)) => name.to_owned(),
                None => qid.to_string(),
            },
            reason,
        }
    }
}
