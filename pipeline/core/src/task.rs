use serde::{Deserialize, Serialize};
use std::fmt;

/// A multiple-choice dataset of the framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Commonsense questions with five choices (CLiKA §3.1, from CSQA).
    XCsqa,
    /// Causes and effects with two choices (CLiKA §3.1, from COPA).
    XCopa,
    /// Cities and the first-level divisions they lie in (CLiKA §3.1).
    XGeo,
    /// Famous people and the years of their birth and death (CLiKA §3.1).
    XPeo,
}

impl Task {
    /// Every task, in the order of the paper.
    pub const ALL: [Self; 4] = [Self::XCsqa, Self::XCopa, Self::XGeo, Self::XPeo];

    /// The task's name on the command line and in paths: `xgeo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XCsqa => "xcsqa",
            Self::XCopa => "xcopa",
            Self::XGeo => "xgeo",
            Self::XPeo => "xpeo",
        }
    }

    /// The number of choices of each item in the paper.
    pub const fn choices(self) -> usize {
        match self {
            Self::XCsqa => 5,
            Self::XCopa => 2,
            Self::XGeo | Self::XPeo => 4,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
