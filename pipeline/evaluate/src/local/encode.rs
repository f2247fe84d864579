use super::LocalModel;
use crate::EvaluateError;
use clika_templates::{Format, Part};
use clika_tokenizer::Message;

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
}

impl LocalModel {
    /// The tokens of a prompt in the model's format, with `answer` begun behind it.
    pub fn encode(&self, prompt: &str, answer: &str) -> Result<Vec<u32>, EvaluateError> {
        match &self.wrapping {
            Wrapping::Own => {
                let Some(template) = self.tokenizer.chat_template() else {
                    return Err(EvaluateError::NoChatTemplate);
                };
                let message = Message {
                    role: "user".to_owned(),
                    content: prompt.to_owned(),
                };
                let text = template.render(&[message], true)? + answer;
                // The template writes special tokens itself, by name.
                Ok(self.tokenizer.encode(&text, false)?)
            }
            Wrapping::Format { format, .. } => {
                let mut parts = format.render(prompt).parts;
                match parts.last_mut() {
                    Some(Part::Text(text)) => text.push_str(answer),
                    Some(Part::Special(_) | Part::Bos | Part::Eos) | None if answer.is_empty() => {}
                    Some(Part::Special(_) | Part::Bos | Part::Eos) | None => {
                        parts.push(Part::Text(answer.to_owned()));
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

    fn append(&self, part: &Part, ids: &mut Vec<u32>) -> Result<(), EvaluateError> {
        match part {
            Part::Text(text) => ids.extend(self.tokenizer.encode(text, false)?),
            Part::Special(name) => {
                let id = self.tokenizer.id(name);
                ids.push(id.ok_or_else(|| EvaluateError::NoToken {
                    token: name.clone(),
                    format: self.wrapping.name().to_owned(),
                })?);
            }
            Part::Bos => {
                // What the tokenizer puts before every text; some put nothing there.
                let before = self.tokenizer.encode("", true)?;
                ids.extend(
                    before
                        .first()
                        .filter(|id| Some(**id) == self.tokenizer.bos()),
                );
            }
            Part::Eos => ids.extend(self.tokenizer.eos()),
        }
        Ok(())
    }
}
