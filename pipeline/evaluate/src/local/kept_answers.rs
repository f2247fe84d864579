//! Answers of a decoder on this machine, kept a batch at a time before they are used.

use super::{GenerationLimits, LocalModel, StopConditions};
use crate::{EvaluateError, SCORING_VERSION};
use clika_base::types::Progress;
use clika_lm::{Decoder, Scorer, ScoringRequest};
use clika_network::services::{AnswerCache, RequestKey};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks a decoder, and keeps every answer in a cache, so that a run that ends early goes on from there: the answers of a batch
/// of the decoder are written and synced together, and a kill loses one batch at most.
///
/// Everything that one call asks is in memory until it returns: ask many prompts in parts.
pub struct KeptAnswers<'a> {
    /// Tokenizer and format.
    pub model: &'a LocalModel,
    /// What answers: the model's decoder, or one that was trained from it.
    pub decoder: &'a Decoder,
    /// Names the decoder's weights, as [`LocalModel::fingerprint`] does.
    pub fingerprint: &'a str,
    /// Where answers are kept.
    pub cache: &'a AnswerCache,
    /// Ends the work soon after it is set, with [`EvaluateError::Stopped`].
    pub stop: &'a AtomicBool,
    /// Told of every answer.
    pub progress: &'a dyn Progress,
}

impl KeptAnswers<'_> {
    /// The log-probabilities of each request's continuations, in the order of the requests.
    ///
    /// # Errors
    /// [`LmError::NotFinite`](clika_lm::LmError::NotFinite) has the number of the request, from 0.
    pub fn score(
        &self,
        requests: &[ScoringRequest],
        batch_tokens: usize,
        detail: &str,
    ) -> Result<Vec<Vec<f64>>, EvaluateError> {
        let keys: Vec<RequestKey> = requests
            .iter()
            .map(|request| {
                let ScoringRequest {
                    prompt,
                    continuations,
                } = request;
                self.key(&json!({ "prompt": prompt, "continuations": continuations }))
            })
            .collect();
        let mut found = self.kept(&keys, detail, |number, values: &Vec<f64>| {
            values.len() == requests[number].continuations.len()
                && values.iter().all(|value| value.is_finite())
        })?;
        let Some(known) = known(&found) else {
            return Ok(found.into_iter().flatten().collect());
        };
        for batch in Scorer::new(self.decoder, requests, batch_tokens)?.without(known) {
            self.keep(batch?, &keys, &mut found, detail)?;
            self.check_stop()?;
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// What is written after each prompt, in the order of the prompts; see [`LocalModel::write`].
    ///
    /// # Errors
    /// [`LmError::NotFinite`](clika_lm::LmError::NotFinite) has the number of the prompt, from 0.
    pub fn write(
        &self,
        prompts: &[Vec<u32>],
        limits: GenerationLimits,
        detail: &str,
    ) -> Result<Vec<String>, EvaluateError> {
        let StopConditions { tokens, texts } = self.model.ends()?;
        let keys: Vec<RequestKey> = prompts
            .iter()
            .map(|prompt| {
                self.key(&json!({
                    "prompt": prompt,
                    "max_tokens": limits.max_tokens,
                    "stops": texts,
                    "ends": tokens,
                    // Older versions kept what they read out of NaN, and a text does not show it.
                    "finite": true,
                }))
            })
            .collect();
        let mut found: Vec<Option<String>> = self.kept(&keys, detail, |_, _| true)?;
        let Some(known) = known(&found) else {
            return Ok(found.into_iter().flatten().collect());
        };
        self.model
            .write(self.decoder, prompts, known, limits, |batch| {
                self.keep(batch, &keys, &mut found, detail)?;
                self.check_stop()
            })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Names what is asked by everything that decides the answer.
    fn key(&self, asked: &Value) -> RequestKey {
        RequestKey::new(&json!({
            "model": self.fingerprint,
            "dtype": self.decoder.dtype().name(),
            "scoring_version": SCORING_VERSION,
            "device": self.model.device.api(),
            "asked": asked,
        }))
    }

    /// The answers that were kept. One that is not `sound`, as older versions kept them of models that gave NaN, is
    /// computed again and replaced.
    fn kept<T: DeserializeOwned>(
        &self,
        keys: &[RequestKey],
        detail: &str,
        sound: impl Fn(usize, &T) -> bool,
    ) -> Result<Vec<Option<T>>, EvaluateError> {
        let mut answers = Vec::with_capacity(keys.len());
        let mut broken = 0;
        for (number, key) in keys.iter().enumerate() {
            let kept = self.cache.get(key)?;
            let answer = kept.and_then(|kept| match serde_json::from_value(kept.value) {
                Ok(answer) if sound(number, &answer) => Some(answer),
                Ok(_) | Err(_) => {
                    broken += 1;
                    None
                }
            });
            if answer.is_some() {
                self.progress.step(detail);
            }
            answers.push(answer);
        }
        if broken > 0 {
            self.progress.note(&format!(
                "{broken} kept answers to {detail} have no usable numbers and are computed again"
            ));
        }
        Ok(answers)
    }

    /// Keeps the answers of a batch that were not known, with one write, and then uses them.
    fn keep<T: Serialize>(
        &self,
        batch: Vec<(usize, T)>,
        keys: &[RequestKey],
        found: &mut [Option<T>],
        detail: &str,
    ) -> Result<(), EvaluateError> {
        let mut new = batch;
        new.retain(|(number, _)| found[*number].is_none());
        let lines = new.iter().map(|(number, it)| (&keys[*number], json!(it)));
        self.cache.put_batch(lines)?;
        for (number, answer) in new {
            found[number] = Some(answer);
            self.progress.step(detail);
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<(), EvaluateError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(EvaluateError::Stopped);
        }
        Ok(())
    }
}

/// Which answers are known; `None` if all are.
///
/// The batches are those of all requests, whatever is known: a batch moves the last digits of a score, and a run that was
/// killed in the middle of one shall end with the scores that it would have had.
fn known<T>(found: &[Option<T>]) -> Option<Vec<bool>> {
    let known: Vec<bool> = found.iter().map(Option::is_some).collect();
    known.contains(&false).then_some(known)
}
