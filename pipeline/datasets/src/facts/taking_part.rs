//! Which languages a dataset of facts is built in, and why not in the others.

use super::{build::BuildInputs, dataset::FactsDataset};
use crate::{DatasetError, Exception};
use clika_base::types::{Language, Qid};
use std::collections::BTreeSet;

/// The languages that take part in a task.
pub(crate) struct TakingPart {
    /// Those that take part, by code.
    pub(crate) languages: Vec<Language>,
    /// The others, and why.
    pub(crate) left_out: Vec<Exception>,
    /// Those that take part without places of their own.
    pub(crate) exceptions: Vec<Exception>,
}

impl TakingPart {
    /// A language takes part if its file has the task's section, and if the snapshot has a label in it or it insists on labels:
    /// then what is missing is an error.
    pub(crate) fn of(facts: &FactsDataset, sources: &BuildInputs) -> Result<Self, DatasetError> {
        let states: BTreeSet<Qid> = sources
            .languages
            .iter()
            .flat_map(Language::citizenships)
            .collect();
        let labels = sources
            .snapshot
            .labels(&sources.query("labels.rq")?, &states)?;
        let mut found = Self {
            languages: Vec::new(),
            left_out: Vec::new(),
            exceptions: Vec::new(),
        };
        for language in &sources.languages {
            let section = facts.section.name;
            if language.section(section).is_none() {
                let reason = format!("its file has no [{section}]");
                found
                    .left_out
                    .push(Exception::of_language(language, &reason));
                continue;
            }
            if !language.optional_labels {
                found.languages.push(language.clone());
                continue;
            }
            let code = &language.code;
            // `mul` is a label for many languages, and says nothing about this one.
            let own: Vec<String> = language
                .wikidata_codes
                .iter()
                .filter(|code| !code.eq_ignore_ascii_case("mul"))
                .cloned()
                .collect();
            if !states
                .iter()
                .any(|&state| labels.find(state, &own).is_some())
            {
                let own = own.join("`, `");
                let reason = format!(
                    "the snapshot has no label in `{own}`; `clika snapshot --languages {code}` adds them"
                );
                found
                    .left_out
                    .push(Exception::of_language(language, &reason));
                continue;
            }
            let mut language = language.clone();
            let mut unknown = Vec::new();
            for states in [&mut language.countries, &mut language.historical_countries] {
                let (known, missing) = states.iter().partition(|state| labels.knows(**state));
                *states = known;
                unknown.extend::<Vec<Qid>>(missing);
            }
            if !unknown.is_empty() {
                let unknown: Vec<String> = unknown.iter().map(Qid::to_string).collect();
                let reason = format!(
                    "the snapshot does not have {}; `clika snapshot --languages {code}` adds them",
                    unknown.join(", ")
                );
                found
                    .exceptions
                    .push(Exception::of_language(&language, &reason));
            }
            found.languages.push(language);
        }
        Ok(found)
    }
}
