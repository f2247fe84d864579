use serde::{Deserialize, Serialize};

/// What a model answered to a multiple-choice question.
///
/// Equality compares records; whether two answers say the same is [`Answer::agrees_with`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The position of the chosen option, from 0.
    Choice(u8),
    /// No option could be read from the output. It is wrong, and counted.
    Invalid,
}

impl Answer {
    /// Whether both chose the same option; two invalid answers never agree.
    pub fn agrees_with(self, other: Self) -> bool {
        matches!((self, other), (Self::Choice(a), Self::Choice(b)) if a == b)
    }
}

/// A model's answer next to the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedAnswer {
    /// What the model answered.
    pub answer: Answer,
    /// The position of the right option, from 0.
    pub right: u8,
}

impl JudgedAnswer {
    /// Whether the answer is right; an invalid one is not.
    pub fn is_right(self) -> bool {
        self.answer.agrees_with(Answer::Choice(self.right))
    }
}
