use super::LocalModel;
use crate::{EvaluateError, EvaluationSettings, QuestionSet, questions::pilot_questions, thought};
use clika_checkpoint::tokenizer::{TemplateVariables, TokenizerError};
use clika_lm::{GenerationConfig, Generator, LmError};
use serde_json::Value;

/// What templates of models that can think or not call the choice.
const SWITCH: &str = "enable_thinking";

/// Whether a model thinks before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// It answers.
    No,
    /// It did, and its template was told not to.
    SwitchedOff {
        /// How the thought began.
        thought: String,
    },
    /// It does, and its template has no way to tell it not to, or was told what to do.
    Yes {
        /// How the thought begins.
        thought: String,
    },
}

impl LocalModel {
    /// Looks how the model begins its answers to a few items, and tells its template not to think where it can.
    ///
    /// The first token of a thought is not an answer: the options that would be compared in its place hold next to none of the
    /// probability.
    pub fn settle_thinking(
        &mut self,
        prompt: &EvaluationSettings,
        sets: &[QuestionSet],
        batch_tokens: usize,
    ) -> Result<Thinking, EvaluateError> {
        let Some(thought) = self.first_thought(prompt, sets, batch_tokens)? else {
            return Ok(Thinking::No);
        };
        let thought = thought.to_owned();
        if self.variables.contains_key(SWITCH) {
            return Ok(Thinking::Yes { thought });
        }
        let given = self.variables.clone();
        let mut told: TemplateVariables = given.clone();
        told.insert(SWITCH.to_owned(), Value::from(false));
        match self.set_variables(&told) {
            Ok(()) if self.first_thought(prompt, sets, batch_tokens)?.is_none() => {
                return Ok(Thinking::SwitchedOff { thought });
            }
            Ok(()) => self.set_variables(&given)?,
            // The template never reads it, or there is no template.
            Err(
                EvaluateError::NoTemplateVariables { .. }
                | EvaluateError::Tokenizer(TokenizerError::TemplateVariable { .. }),
            ) => {}
            Err(error) => return Err(error),
        }
        Ok(Thinking::Yes { thought })
    }

    /// The mark of a thought that most answers begin with.
    fn first_thought(
        &self,
        prompt: &EvaluationSettings,
        sets: &[QuestionSet],
        batch_tokens: usize,
    ) -> Result<Option<&'static str>, EvaluateError> {
        let mut prompts = Vec::new();
        for (set, question) in pilot_questions(sets)? {
            let tokens = self.encode(&prompt.render(set, &question), "")?;
            // One that fills the context can be scored, but nothing can be written after it. The evaluation names one that is
            // longer.
            match self.decoder.fits(tokens.len() + 1) {
                Ok(()) => prompts.push(tokens),
                Err(LmError::Context { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let limits = GenerationConfig {
            max_new_tokens: 1,
            stop_tokens: Vec::new(),
            batch_tokens,
            batch_size: prompts.len().max(1),
        };
        let mut thoughts = Vec::new();
        let never = |_: &[u32]| false;
        for batch in Generator::new(&self.decoder, &prompts, limits, &never)? {
            let batch = match batch {
                Ok(batch) => batch,
                // The evaluation names the item.
                Err(LmError::NotFinite { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            for (_, tokens) in batch {
                let first = tokens
                    .first()
                    .and_then(|token| self.tokenizer.token(*token));
                thoughts.extend(first.and_then(|token| thought::beginning(&token)));
            }
        }
        let most = 2 * thoughts.len() > prompts.len();
        Ok(thoughts.into_iter().next().filter(|_| most))
    }
}
