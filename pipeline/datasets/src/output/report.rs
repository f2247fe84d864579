use clika_base::types::{Language, LanguageCode, Qid};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a build reports besides its rows; it goes into the manifest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BuildReport {
    /// Triples in the snapshot; 0 for a dataset that has none.
    #[serde(skip_serializing_if = "is_zero")]
    pub triples: usize,
    /// How the entities of each origin language were ranked: by population and sitelinks, or drawn.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ranking: BTreeMap<LanguageCode, String>,
    /// Entities of each origin language that could have been chosen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub candidates: BTreeMap<LanguageCode, usize>,
    /// Items of each origin language; every language of the dataset shows all of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<LanguageCode, usize>,
    /// Rows of each language of the dataset.
    pub rows: BTreeMap<LanguageCode, usize>,
    /// Rows of each split, by language, where a language has more splits than one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub splits: BTreeMap<LanguageCode, BTreeMap<&'static str, usize>>,
    /// How often each position holds the right choice.
    pub positions: Vec<usize>,
    /// How often labels came from each of Wikidata's label languages.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub label_sources: BTreeMap<LanguageCode, BTreeMap<String, usize>>,
    /// Languages and entities that the build left out, with the reason.
    pub left_out: Vec<Exception>,
    /// Items for which a rule had to be bent.
    pub exceptions: Vec<Exception>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// An entity or item and what is special about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The origin language, or the language of a text.
    pub language: LanguageCode,
    /// The entity; `None` for an item that is a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qid: Option<Qid>,
    /// The entity's English label, or the identifier where it has none; the text item's id.
    pub name: String,
    /// What is special.
    pub reason: String,
}

impl Exception {
    /// Something that is special of a whole language.
    pub(crate) fn of_language(language: &Language, reason: &str) -> Self {
        Self {
            language: language.code.clone(),
            qid: None,
            name: language.english_name.clone(),
            reason: reason.to_owned(),
        }
    }

    /// All of them on one line, for an error message.
    pub(crate) fn summary<'a>(exceptions: impl IntoIterator<Item = &'a Self>) -> String {
        let lines: Vec<_> = exceptions
            .into_iter()
            .map(|exception| {
                let Self { name, reason, .. } = exception;
                match exception.qid {
                    Some(qid) => format!("{name} ({qid}): {reason}"),
                    None => format!("{name}: {reason}"),
                }
            })
            .collect();
        if lines.is_empty() {
            "none".to_owned()
        } else {
            lines.join("; ")
        }
    }
}
