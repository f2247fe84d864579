use clika_base::named_enum;
use clika_base::types::LanguageCode;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

named_enum! {
    /// How much a finding weighs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Severity {
        /// Worth knowing.
        Note = ("note", "Worth knowing"),
        /// It biases a score.
        Warning = ("warning", "A score is biased"),
        /// A score cannot mean what it says.
        Error = ("error", "A score cannot mean what it says"),
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Those that show the defect.
    pub count: usize,
    /// Those looked at.
    pub of: usize,
}

/// An item that shows a defect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingExample {
    /// The item, row or entity.
    pub id: String,
    /// The language it is in.
    pub language: LanguageCode,
    /// What is there.
    pub text: String,
}

/// A defect of a dataset, over all languages that show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was checked: `name-collision`.
    pub check: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The dataset.
    pub dataset: String,
    /// By language; a fictional world counts under its target language.
    pub languages: BTreeMap<LanguageCode, Tally>,
    /// Over all languages.
    pub count: usize,
    /// Over all languages.
    pub of: usize,
    /// What was found, in one sentence.
    pub message: String,
    /// What it does to which score.
    pub effect: &'static str,
    /// At most three.
    pub examples: Vec<FindingExample>,
}
