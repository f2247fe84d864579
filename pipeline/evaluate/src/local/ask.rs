use super::LocalModel;
use crate::{EvaluateError, Question, Settings};
use clika_lm::Query;
use serde::{Deserialize, Serialize};

/// What a model's answer is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerMode {
    /// The log-probability of each option's letter as the next token.
    Letters,
    /// The log-probability of each option's whole text.
    Texts,
    /// The same, divided by the text's bytes in UTF-8.
    TextsPerByte,
    /// What the model writes, greedily.
    Free,
}

impl AnswerMode {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Letters => "letters",
            Self::Texts => "texts",
            Self::TextsPerByte => "texts-per-byte",
            Self::Free => "free",
        }
    }
}

/// What stands between the prompt and an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// For letters both forms, of which the likelier counts; for texts a space.
    Auto,
    /// A space.
    Space,
    /// Nothing.
    None,
}

impl Spacing {
    fn forms(self, mode: AnswerMode) -> &'static [&'static str] {
        match (self, mode) {
            (Self::None, _) => &[""],
            (Self::Space, _) => &[" "],
            (Self::Auto, AnswerMode::Letters) => &["", " "],
            (Self::Auto, AnswerMode::Texts | AnswerMode::TextsPerByte | AnswerMode::Free) => &[" "],
        }
    }
}

/// An item as a query, and what each of its continuations stands for.
pub(super) struct Asking {
    pub(super) query: Query,
    /// Of each continuation: the option, and the bytes that its log-probability is divided by.
    pub(super) options: Vec<(usize, f64)>,
    /// The forms of the letters that the tokenizer has.
    pub(super) forms: Vec<&'static str>,
}

/// Writes an item with its choices moved on by `rotation` places as a query.
pub(super) fn asking(
    model: &LocalModel,
    settings: &Settings,
    question: &Question,
    rotation: usize,
    mode: AnswerMode,
    spacing: Spacing,
) -> Result<Asking, EvaluateError> {
    let mut shown = question.clone();
    shown.choices.rotate_left(rotation);
    let prompt = settings.render(&shown);
    let plain = model.encode(&prompt, "")?;
    let mut continued: Vec<(usize, f64, Vec<u32>)> = Vec::new();
    let mut forms = Vec::new();
    for form in spacing.forms(mode) {
        let mut of_form = Vec::new();
        for (place, (letter, choice)) in ('A'..='Z').zip(&shown.choices).enumerate() {
            let (text, bytes) = match mode {
                AnswerMode::Letters => (letter.to_string(), 1.0),
                AnswerMode::Texts | AnswerMode::Free => (choice.clone(), 1.0),
                AnswerMode::TextsPerByte => (choice.clone(), choice.len().max(1) as f64),
            };
            let tokens = model.encode(&prompt, &format!("{form}{text}"))?;
            let option = (place + rotation) % shown.choices.len();
            of_form.push((option, bytes, tokens));
        }
        // A letter that takes two tokens, or that grows together with the prompt's end, has no next-token probability.
        let usable = mode != AnswerMode::Letters
            || of_form.iter().all(|(_, _, tokens)| {
                tokens.len() == plain.len() + 1 && tokens.starts_with(&plain)
            });
        if usable {
            continued.extend(of_form);
            forms.push(*form);
        }
    }
    if continued.is_empty() {
        return Err(EvaluateError::NoLetters {
            end: prompt
                .chars()
                .rev()
                .take(12)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect(),
        });
    }
    // Text that grows together with the prompt's end moves the border back to where all agree.
    let shared = continued
        .iter()
        .fold(plain.len(), |shared, (_, _, tokens)| {
            let same = plain.iter().zip(tokens).take_while(|(a, b)| a == b).count();
            shared.min(same).min(tokens.len() - 1)
        });
    Ok(Asking {
        query: Query {
            prompt: plain[..shared].to_vec(),
            continuations: continued
                .iter()
                .map(|(_, _, tokens)| tokens[shared..].to_vec())
                .collect(),
        },
        options: continued
            .iter()
            .map(|(option, bytes, _)| (*option, *bytes))
            .collect(),
        forms,
    })
}

impl Asking {
    /// A score for each option: the likelier of its forms.
    pub(super) fn scores(&self, log_probabilities: &[f64], choices: usize) -> Vec<f64> {
        let mut scores = vec![f64::NEG_INFINITY; choices];
        for ((option, bytes), value) in self.options.iter().zip(log_probabilities) {
            scores[*option] = scores[*option].max(value / bytes);
        }
        scores
    }
}
