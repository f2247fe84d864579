use super::{LocalModel, Wrapping};
use crate::EvaluateError;
use clika_lm::{Decoder, Generating, Limits};

/// Prompts that are continued at a time.
const GENERATION_BATCH: usize = 32;

/// How long texts are, and how many tokens are run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Tokens of a text.
    pub max_tokens: usize,
    /// Tokens of prompts that are run at a time.
    pub batch_tokens: usize,
}

impl LocalModel {
    /// Has `decoder`, this model's or one with an adapter on it, continue prompts greedily until a token or a text of the
    /// format ends the answer.
    ///
    /// `keep` gets the texts of each batch with the numbers of their prompts; its error ends the work.
    pub fn write<E: From<EvaluateError>>(
        &self,
        decoder: &Decoder,
        prompts: &[Vec<u32>],
        writing: Writing,
        mut keep: impl FnMut(Vec<(usize, String)>) -> Result<(), E>,
    ) -> Result<(), E> {
        let stops = self.stops();
        let limits = Limits {
            max_new_tokens: writing.max_tokens,
            ends: self.ends(),
            budget: writing.batch_tokens,
            batch: GENERATION_BATCH,
        };
        let found = |text: &str| stops.iter().filter_map(|stop| text.find(stop)).min();
        let enough = |tokens: &[u32]| {
            // A text that cannot be decoded yet is in the middle of a letter.
            !stops.is_empty()
                && self
                    .tokenizer
                    .decode(tokens)
                    .is_ok_and(|text| found(&text).is_some())
        };
        let generating =
            Generating::new(decoder, prompts, limits, &enough).map_err(EvaluateError::from)?;
        for batch in generating {
            let mut texts = Vec::new();
            for (number, tokens) in batch.map_err(EvaluateError::from)? {
                let text = self
                    .tokenizer
                    .decode(&tokens)
                    .map_err(EvaluateError::from)?;
                let end = found(&text).unwrap_or(text.len());
                texts.push((number, text[..end].to_owned()));
            }
            keep(texts)?;
        }
        Ok(())
    }

    /// Texts that end an answer.
    pub(super) fn stops(&self) -> Vec<&str> {
        match &self.wrapping {
            Wrapping::Format { format, .. } => format.stop.iter().map(String::as_str).collect(),
            Wrapping::Own => Vec::new(),
        }
    }
}
