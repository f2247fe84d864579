use clika_core::{LanguageCode, Qid};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a build reports beside its rows; it stands in the manifest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Triples in the snapshot.
    pub triples: usize,
    /// How the entities of each origin language were ranked: by population and sitelinks, or drawn.
    pub ranking: BTreeMap<LanguageCode, String>,
    /// Entities of each origin language that could have been chosen.
    pub candidates: BTreeMap<LanguageCode, usize>,
    /// Items of each origin language; every language of the dataset shows all of them.
    pub items: BTreeMap<LanguageCode, usize>,
    /// Rows of each language of the dataset.
    pub rows: BTreeMap<LanguageCode, usize>,
    /// How often each position holds the right choice.
    pub positions: Vec<usize>,
    /// How often labels came from each of Wikidata's label languages.
    pub label_sources: BTreeMap<LanguageCode, BTreeMap<String, usize>>,
    /// Entities that the queries returned and the build left out, with the reason.
    pub left_out: Vec<Exception>,
    /// Items for which a rule had to be bent.
    pub exceptions: Vec<Exception>,
}

/// An entity or item and what is special about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The origin language.
    pub language: LanguageCode,
    /// The entity.
    pub qid: Qid,
    /// Its English label, or the identifier where it has none.
    pub name: String,
    /// What is special.
    pub reason: String,
}

impl Exception {
    /// All of them on one line, for an error message.
    pub(crate) fn summary<'a>(exceptions: impl IntoIterator<Item = &'a Self>) -> String {
        let lines: Vec<_> = exceptions
            .into_iter()
            .map(|exception| {
                let Self {
                    name, qid, reason, ..
                } = exception;
                format!("{name} ({qid}): {reason}")
            })
            .collect();
        if lines.is_empty() {
            "none".to_owned()
        } else {
            lines.join("; ")
        }
    }
}
