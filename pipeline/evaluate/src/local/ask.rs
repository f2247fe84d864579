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

/// Writes the items of a set as queries.
///
/// What stands behind a prompt is decided by tokenizing: for texts with every item, for letters with the first one,
/// since all prompts of a set end alike.
pub(super) struct Asker<'a> {
    pub(super) model: &'a LocalModel,
    pub(super) settings: &'a Settings,
    pub(super) mode: AnswerMode,
    pub(super) spacing: Spacing,
    letters: Option<Letters>,
}

/// The tokens of the option letters.
struct Letters {
    forms: Vec<&'static str>,
    /// A form after the other: the tokens of A, B, …
    tokens: Vec<Vec<u32>>,
}

impl<'a> Asker<'a> {
    pub(super) const fn new(
        model: &'a LocalModel,
        settings: &'a Settings,
        mode: AnswerMode,
        spacing: Spacing,
    ) -> Self {
        Self {
            model,
            settings,
            mode,
            spacing,
            letters: None,
        }
    }

    /// An item with its choices moved on by `rotation` places.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        rotation: usize,
    ) -> Result<Asking, EvaluateError> {
        let mut shown = question.clone();
        shown.choices.rotate_left(rotation);
        let prompt = self.settings.render(&shown);
        let plain = self.model.encode(&prompt, "")?;
        let option = |place: usize| (place + rotation) % shown.choices.len();
        if self.mode != AnswerMode::Letters {
            return self.texts(&prompt, plain, &shown.choices, option);
        }
        let choices = shown.choices.len();
        let letters = match self.letters.take() {
            Some(letters) if letters.tokens.iter().all(|tokens| tokens.len() == choices) => letters,
            Some(_) | None => self.letters(&prompt, &plain, choices)?,
        };
        let mut continuations = Vec::new();
        let mut options = Vec::new();
        for tokens in &letters.tokens {
            continuations.extend(tokens.iter().map(|token| vec![*token]));
            options.extend((0..choices).map(|place| (option(place), 1.0)));
        }
        let forms = letters.forms.clone();
        self.letters = Some(letters);
        Ok(Asking {
            query: Query {
                prompt: plain,
                continuations,
            },
            options,
            forms,
        })
    }

    /// The forms of the letters that are one token each behind the prompt.
    fn letters(
        &self,
        prompt: &str,
        plain: &[u32],
        choices: usize,
    ) -> Result<Letters, EvaluateError> {
        let mut letters = Letters {
            forms: Vec::new(),
            tokens: Vec::new(),
        };
        for form in self.spacing.forms(self.mode) {
            let mut of_form = Vec::new();
            for letter in ('A'..='Z').take(choices) {
                let tokens = self.model.encode(prompt, &format!("{form}{letter}"))?;
                // A letter that takes two tokens, or grows together with the prompt's end, has no next-token probability.
                if tokens.len() == plain.len() + 1 && tokens.starts_with(plain) {
                    of_form.extend(tokens.last());
                }
            }
            if of_form.len() == choices {
                letters.forms.push(form);
                letters.tokens.push(of_form);
            }
        }
        if letters.forms.is_empty() {
            let end: Vec<char> = prompt.chars().rev().take(12).collect();
            return Err(EvaluateError::NoLetters {
                end: end.into_iter().rev().collect(),
            });
        }
        Ok(letters)
    }

    /// The options' texts behind a prompt.
    fn texts(
        &self,
        prompt: &str,
        plain: Vec<u32>,
        choices: &[String],
        option: impl Fn(usize) -> usize,
    ) -> Result<Asking, EvaluateError> {
        let mut continued = Vec::new();
        let mut options = Vec::new();
        let forms = self.spacing.forms(self.mode).to_vec();
        for form in &forms {
            for (place, choice) in choices.iter().enumerate() {
                continued.push(self.model.encode(prompt, &format!("{form}{choice}"))?);
                let bytes = match self.mode {
                    AnswerMode::TextsPerByte => choice.len().max(1) as f64,
                    AnswerMode::Letters | AnswerMode::Texts | AnswerMode::Free => 1.0,
                };
                options.push((option(place), bytes));
            }
        }
        // Text that grows together with the prompt's end moves the border back to where all agree.
        let shared = continued.iter().fold(plain.len(), |shared, tokens| {
            let same = plain.iter().zip(tokens).take_while(|(a, b)| a == b).count();
            shared.min(same).min(tokens.len().saturating_sub(1))
        });
        Ok(Asking {
            query: Query {
                prompt: plain[..shared].to_vec(),
                continuations: continued
                    .iter()
                    .map(|tokens| tokens[shared..].to_vec())
                    .collect(),
            },
            options,
            forms,
        })
    }
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
