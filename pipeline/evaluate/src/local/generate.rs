use super::{LocalModel, StopConditions};
use crate::{EvaluateError, thought};
use clika_lm::{Decoder, GenerationConfig, Generator};

/// Prompts that are continued at a time.
const GENERATION_BATCH: usize = 32;

/// How long generated texts may be, and how many tokens are run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationLimits {
    /// Tokens of a text.
    pub max_tokens: usize,
    /// Tokens of prompts that are run at a time.
    pub batch_tokens: usize,
}

impl LocalModel {
    /// Has `decoder`, this model's or one with an adapter on it, continue prompts greedily until
    /// one of the [`StopConditions`] ends the answer. Special tokens in the text are left out, as transformers' decoding with
    /// `skip_special_tokens=True` leaves them out.
    ///
    /// `keep` gets the texts of each batch with the numbers of their prompts; its error ends the work. A batch of which all
    /// texts are `known` is left out.
    pub fn write<E: From<EvaluateError>>(
        &self,
        decoder: &Decoder,
        prompts: &[Vec<u32>],
        known: Vec<bool>,
        writing: GenerationLimits,
        mut keep: impl FnMut(Vec<(usize, String)>) -> Result<(), E>,
    ) -> Result<(), E> {
        let StopConditions {
            tokens,
            texts: stops,
        } = self.ends()?;
        let limits = GenerationConfig {
            max_new_tokens: writing.max_tokens,
            stop_tokens: tokens.iter().copied().collect(),
            batch_tokens: writing.batch_tokens,
            batch_size: GENERATION_BATCH,
        };
        let found = |text: &str| {
            stops
                .iter()
                .filter_map(|stop| text.find(stop.as_str()))
                .min()
        };
        let enough = |tokens: &[u32]| {
            // A text that cannot be decoded yet is in the middle of a letter.
            !stops.is_empty()
                && self
                    .tokenizer
                    .decode(tokens)
                    .is_ok_and(|text| found(&text).is_some())
        };
        let generating =
            Generator::new(decoder, prompts, limits, &enough).map_err(EvaluateError::from)?;
        for batch in generating.without(known) {
            let mut texts = Vec::new();
            for (number, tokens) in batch.map_err(EvaluateError::from)? {
                let text = self.text(&tokens)?;
                let end = found(&text).unwrap_or(text.len());
                texts.push((number, text[..end].to_owned()));
            }
            keep(texts)?;
        }
        Ok(())
    }

    /// The text of tokens without special ones, but with the marks of a thought, which are special in some models: what comes
    /// after the thought could not be told from it.
    fn text(&self, tokens: &[u32]) -> Result<String, EvaluateError> {
        let mut text = String::new();
        let mut rest = tokens;
        let mark =
            |token: &u32| thought::marks().find(|mark| self.tokenizer.id(mark) == Some(*token));
        while let Some((place, mark)) = rest
            .iter()
            .enumerate()
            .find_map(|(place, token)| Some((place, mark(token)?)))
        {
            text += &self.tokenizer.decode(&rest[..place])?;
            text += mark;
            rest = &rest[place + 1..];
        }
        Ok(text + &self.tokenizer.decode(rest)?)
    }
}
