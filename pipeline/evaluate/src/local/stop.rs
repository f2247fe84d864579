//! What ends an answer: one list for what is written, what is kept and what is trained.

use super::{LocalModel, Wrapping};
use crate::EvaluateError;
use clika_base::templates::PromptPart;
use clika_checkpoint::tokenizer::{ChatTemplate, Message, TemplateVariables, Tokenizer};
use serde::Serialize;
use std::collections::BTreeSet;

/// The tokens and texts that end an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StopConditions {
    /// Tokens that end it, each on its own.
    pub tokens: BTreeSet<u32>,
    /// Texts that end it and are not part of it.
    pub texts: Vec<String>,
}

/// An answer that no template changes or holds.
const PROBE: &str = "xyzzy";

/// What a template writes after an answer.
pub(super) enum TemplateEnd {
    Token(u32),
    Text(String),
    Nothing,
}

impl LocalModel {
    /// What ends an answer: every end and stop string of `generation_config.json`, the tokenizer's, and what the format or the model's
    /// own template writes after an answer, so that a model stops where it was taught to.
    ///
    /// # Errors
    /// A template that fails on an answered question.
    pub fn ends(&self) -> Result<&StopConditions, EvaluateError> {
        if let Some(ends) = self.ends.get() {
            return Ok(ends);
        }
        let mut ends = StopConditions {
            tokens: self.own_ends(),
            texts: self.generation.stop.clone(),
        };
        match &self.wrapping {
            Wrapping::Own => match self.template_end()? {
                TemplateEnd::Token(token) => ends.tokens.extend([token]),
                TemplateEnd::Text(text) => ends.texts.push(text),
                TemplateEnd::Nothing => {}
            },
            Wrapping::Format { format, .. } => {
                ends.texts.extend(format.stop.iter().cloned());
                // Space before the end is not an end yet.
                let end =
                    format.answer_end().parts.into_iter().find(
                        |part| !matches!(part, PromptPart::Text(text) if text.trim().is_empty()),
                    );
                match end {
                    Some(PromptPart::Special(name)) => ends.tokens.extend(self.tokenizer.id(&name)),
                    Some(PromptPart::Text(text)) => ends.texts.push(text),
                    Some(PromptPart::Bos | PromptPart::Eos) | None => {}
                }
            }
        }
        Ok(self.ends.get_or_init(|| ends))
    }

    /// The tokens that end an answer, where the model's folder does not name all of them for generation: another program
    /// would write on after one of them.
    ///
    /// # Errors
    /// As [`Self::ends`].
    pub fn unnamed_ends(&self) -> Result<Option<&BTreeSet<u32>>, EvaluateError> {
        let ends = &self.ends()?.tokens;
        Ok((!ends.is_subset(&self.generation.ends)).then_some(ends))
    }

    fn template_end(&self) -> Result<TemplateEnd, EvaluateError> {
        let Some(template) = self.tokenizer.chat_template() else {
            return Err(EvaluateError::NoChatTemplate);
        };
        template_end(&self.tokenizer, template, &self.variables, &self.own_ends())
    }

    /// The ends of the model's files, whatever the format.
    fn own_ends(&self) -> BTreeSet<u32> {
        let own = self.generation.ends.iter().copied();
        own.chain(self.tokenizer.eos()).collect()
    }

    /// Cuts what is written after an answer at the first token that ends it: the rest is the next turn's.
    pub(super) fn cut_end(&self, end: &mut Vec<u32>) -> Result<(), EvaluateError> {
        let ends = self.ends()?;
        if let Some(first) = end.iter().position(|token| ends.tokens.contains(token)) {
            end.truncate(first + 1);
        }
        Ok(())
    }
}

/// What a template writes after an answer: its first token with a name of its own or that is one of `ends`, else its
/// text.
pub(super) fn template_end(
    tokenizer: &Tokenizer,
    template: &ChatTemplate,
    variables: &TemplateVariables,
    ends: &BTreeSet<u32>,
) -> Result<TemplateEnd, EvaluateError> {
    let turns = ["user", "assistant"].map(|role| Message {
        role: role.to_owned(),
        content: PROBE.to_owned(),
    });
    let turn = template.render(&turns, false, variables)?;
    let Some((_, after)) = turn.rsplit_once(PROBE) else {
        return Err(EvaluateError::NoAssistantTurn);
    };
    let tokens = tokenizer.encode(after, false)?;
    let is_end = |token: &&u32| ends.contains(token) || tokenizer.is_added(**token);
    Ok(match tokens.iter().find(is_end) {
        Some(token) => TemplateEnd::Token(*token),
        None if after.trim().is_empty() => TemplateEnd::Nothing,
        None => TemplateEnd::Text(after.to_owned()),
    })
}
