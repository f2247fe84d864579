use serde::{Deserialize, Serialize};
use std::fmt;

/// A multiple-choice task: xGeo, xPeo, xCOPA, xCSQA, or a mini set of one of them. A dataset is a folder on disk: the
/// data of a task or of a fictional world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Task {
    /// Commonsense questions with five choices (CLiKA §3.1, from CSQA).
    #[serde(rename = "xcsqa")]
    XCsqa,
    /// Causes and effects with two choices (CLiKA §3.1, from COPA).
    #[serde(rename = "xcopa")]
    XCopa,
    /// Cities and the first-level divisions they lie in (CLiKA §3.1).
    #[serde(rename = "xgeo")]
    XGeo,
    /// Famous people and the years of their birth and death (CLiKA §3.1).
    #[serde(rename = "xpeo")]
    XPeo,
    /// 60 original commonsense questions with five choices, as a stand-in for xCSQA.
    #[serde(rename = "xcsqa-mini")]
    XCsqaMini,
    /// 60 original causes and effects with two choices, as a stand-in for xCOPA.
    #[serde(rename = "xcopa-mini")]
    XCopaMini,
}

impl Task {
    /// Every task: the paper's, in its order, then ours.
    pub const ALL: [Self; 6] = [
        Self::XCsqa,
        Self::XCopa,
        Self::XGeo,
        Self::XPeo,
        Self::XCsqaMini,
        Self::XCopaMini,
    ];

    /// The tasks that are built from a slice of Wikidata.
    pub const FACTS: [Self; 2] = [Self::XGeo, Self::XPeo];

    /// The task's name on the command line and in paths: `xgeo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XCsqa => "xcsqa",
            Self::XCopa => "xcopa",
            Self::XGeo => "xgeo",
            Self::XPeo => "xpeo",
            Self::XCsqaMini => "xcsqa-mini",
            Self::XCopaMini => "xcopa-mini",
        }
    }

    /// The number of choices of each item.
    pub const fn choices(self) -> usize {
        match self {
            Self::XCsqa | Self::XCsqaMini => 5,
            Self::XCopa | Self::XCopaMini => 2,
            Self::XGeo | Self::XPeo => 4,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
