use serde::{Deserialize, Serialize};

/// What verbs agree with in the question templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Wikidata's "female".
    Female,
    /// Wikidata's "male".
    Male,
}
