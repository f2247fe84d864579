use super::LocalModel;
use crate::EvaluateError;
use clika_base::templates::{Format, PromptPart};
use clika_checkpoint::tokenizer::Message;

/// How a prompt is wrapped for a model.
#[derive(Clone, Debug)]
pub enum Wrapping {
    /// A format of `templates/formats`.
    Format {
        /// Its name.
        name: String,
        /// The format.
        format: Box<Format>,
    },
    /// The model's own `chat_template`.
    Own,
}

impl Wrapping {
    /// The format's name; `own` for the model's own.
    pub fn name(&self) -> &str {
        match self {
            Self::Format { name, .. } => name,
            Self::Own => "own",
        }
    }

    /// What stands before an answer: nothing in the model's own template, which ends where the answer begins. `None` where
    /// the format introduces no answer, so that the prompt's own end counts.
    pub fn separator(&self) -> Option<&str> {
        match self {
            Self::Format { format, .. } => format.separator.as_deref(),
            Self::Own => Some(""),
        }
    }
}

/// A prompt and its answer as tokens, in the format of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedTurn {
    /// What is read: the tokens of [`LocalModel::encode`].
    pub prompt: Vec<u32>,
    /// What is written.
    pub answer: Vec<u32>,
    /// What ends the answer.
    pub end: Vec<u32>,
}

impl LocalModel {
    /// A prompt in the model's format, as one reads it: special tokens by name, but for those that begin and end every text.
    pub fn wrapped(&self, prompt: &str) -> Result<String, EvaluateError> {
        match &self.wrapping {
            Wrapping::Own => self.own(&[("user", prompt)], true),
            Wrapping::Format { format, .. } => Ok(format.render(prompt).text),
        }
    }

    /// The tokens of a prompt in the model's format, with `answer` begun after it.
    pub fn encode(&self, prompt: &str, answer: &str) -> Result<Vec<u32>, EvaluateError> {
        match &self.wrapping {
            Wrapping::Own => {
                let text = self.own(&[("user", prompt)], true)? + answer;
                // The template writes special tokens itself, by name.
                Ok(self.tokenizer.encode(&text, false)?)
            }
            Wrapping::Format { format, .. } => {
                let mut parts = format.render(prompt).parts;
                match parts.last_mut() {
                    Some(PromptPart::Text(text)) => text.push_str(answer),
                    Some(PromptPart::Special(_) | PromptPart::Bos | PromptPart::Eos) | None
                        if answer.is_empty() => {}
                    Some(PromptPart::Special(_) | PromptPart::Bos | PromptPart::Eos) | None => {
                        parts.push(PromptPart::Text(answer.to_owned()));
                    }
                }
                let mut ids = Vec::new();
                for part in parts {
                    self.append(&part, &mut ids)?;
                }
                Ok(ids)
            }
        }
    }

    /// The tokens of a prompt and of an answer with its end, for training and for answers that are given.
    ///
    /// The answer is encoded after the prompt, in one piece with it, `space` between them; where it would grow together
    /// with the prompt's end, it is encoded alone, because the prompt's tokens are those that a model is asked with. A
    /// `chat_template` says itself what stands around an answer, and `space` is not looked at.
    ///
    /// # Errors
    /// A template that does not write the assistant's turn after the prompt, a tokenizer without the token that ends an
    /// answer.
    pub fn encode_turn(
        &self,
        prompt: &str,
        space: &str,
        answer: &str,
    ) -> Result<EncodedTurn, EvaluateError> {
        let read = self.encode(prompt, "")?;
        let behind = |text: &str, before: &[u32]| -> Result<Option<Vec<u32>>, EvaluateError> {
            let whole = self.encode(prompt, text)?;
            Ok(whole.strip_prefix(before).map(<[u32]>::to_vec))
        };
        let (text, after) = match &self.wrapping {
            Wrapping::Own => self.own_answer(prompt, answer)?,
            Wrapping::Format { .. } => (format!("{space}{answer}"), String::new()),
        };
        let written = match behind(&text, &read)? {
            Some(tokens) => tokens,
            None => self.tokenizer.encode(&text, false)?,
        };
        let mut end = match &self.wrapping {
            Wrapping::Own => {
                let before = [read.as_slice(), &written].concat();
                match behind(&(text + &after), &before)? {
                    Some(tokens) => tokens,
                    None => self.tokenizer.encode(&after, false)?,
                }
            }
            Wrapping::Format { format, .. } => {
                let mut end = Vec::new();
                for part in format.answer_end().parts {
                    self.append(&part, &mut end)?;
                }
                end
            }
        };
        self.cut_end(&mut end)?;
        if end.is_empty() {
            return Err(EvaluateError::NoEnd {
                format: self.wrapping.name().to_owned(),
            });
        }
        Ok(EncodedTurn {
            prompt: read,
            answer: written,
            end,
        })
    }

    /// A conversation of roles and texts by the model's own template.
    pub(super) fn own(
        &self,
        turns: &[(&str, &str)],
        to_answer: bool,
    ) -> Result<String, EvaluateError> {
        let Some(template) = self.tokenizer.chat_template() else {
            return Err(EvaluateError::NoChatTemplate);
        };
        let message = |&(role, content): &(&str, &str)| Message {
            role: role.to_owned(),
            content: content.to_owned(),
        };
        let messages: Vec<_> = turns.iter().map(message).collect();
        Ok(template.render(&messages, to_answer, &self.variables)?)
    }

    /// An answer with what the template writes before it, and what it writes after it.
    fn own_answer(&self, prompt: &str, answer: &str) -> Result<(String, String), EvaluateError> {
        let before = self.own(&[("user", prompt)], true)?;
        let whole = self.own(&[("user", prompt), ("assistant", answer)], false)?;
        // Templates strip texts.
        let answer = answer.trim();
        let around = whole
            .strip_prefix(&before)
            .and_then(|turn| turn.rsplit_once(answer));
        let Some((opening, after)) = around else {
            return Err(EvaluateError::NoAssistantTurn);
        };
        Ok((format!("{opening}{answer}"), after.to_owned()))
    }

    fn append(&self, part: &PromptPart, ids: &mut Vec<u32>) -> Result<(), EvaluateError> {
        match part {
            PromptPart::Text(text) => ids.extend(self.tokenizer.encode(text, false)?),
            PromptPart::Special(name) => {
                let id = self.tokenizer.id(name);
                let id = id.ok_or_else(|| EvaluateError::NoToken {
                    token: name.clone(),
                    format: self.wrapping.name().to_owned(),
                })?;
                self.tokenizer.has_row(id)?;
                ids.push(id);
            }
            PromptPart::Bos => {
                for &id in self.tokenizer.before_text() {
                    self.tokenizer.has_row(id)?;
                    ids.push(id);
                }
            }
            PromptPart::Eos => {
                if let Some(id) = self.tokenizer.eos() {
                    self.tokenizer.has_row(id)?;
                    ids.push(id);
                }
            }
        }
        Ok(())
    }
}
