//! The gradients of a batch, part by part, and again in smaller parts where memory runs out.

use super::{Example, Trainer};
use crate::{
    LmError,
    decoder::{Dropout, Gradients, Lesson, Sum, Trained, mixed},
    guard::{guarded, halved},
};

/// What a batch taught.
pub(super) struct Learnt {
    pub(super) gradients: Gradients,
    /// The length of all gradients as one vector.
    pub(super) norm: f64,
    /// The mean over the answers' tokens.
    pub(super) loss: f64,
    /// Tokens that were run.
    pub(super) tokens: usize,
}

impl Trainer {
    /// Learns a batch. Where memory runs out, it is learnt anew in parts of half as many tokens, and so is what comes after
    /// it: a failure may show only after gradients of its part were added, so that nothing is kept of them.
    pub(super) fn learn(&mut self, step: usize, batch: &[usize]) -> Result<Learnt, LmError> {
        loop {
            let parts = self.parts(batch);
            let error = match self.learn_parts(step, &parts) {
                Err(error @ LmError::OutOfMemory { .. }) => error,
                done => return done,
            };
            self.check_there()?;
            let lengths: Vec<Vec<usize>> = parts
                .iter()
                .map(|part| part.iter().map(|&number| self.length(number)).collect())
                .collect();
            let Some(budget) = halved(lengths.iter().map(Vec::as_slice)) else {
                let longest = lengths.iter().flatten().max().copied().unwrap_or(0);
                let over = || format!("one example of {longest} tokens in step {step}");
                return Err(error.over(over, || self.lower()));
            };
            tracing::warn!(
                "memory ran out in step {step}: it begins anew, with {budget} tokens at a time"
            );
            self.budget = budget;
        }
    }

    fn learn_parts(&self, step: usize, parts: &[Vec<usize>]) -> Result<Learnt, LmError> {
        let all = || parts.iter().flatten().map(|&number| &self.examples[number]);
        let answers: usize = all().map(|it| it.tokens.len() - it.answer).sum();
        let mut gradients = Gradients::default();
        let mut loss = Sum::default();
        for (part, numbers) in parts.iter().enumerate() {
            let examples: Vec<&Example> = numbers
                .iter()
                .map(|&number| &self.examples[number])
                .collect();
            let lesson = self.lesson(step, part, answers);
            loss.add(guarded(self.decoder.device(), || {
                self.decoder.learn(&examples, &lesson, &mut gradients)
            })?);
        }
        // The one place in a step where the host waits for the device.
        let [loss, squares] = guarded(self.decoder.device(), || {
            if self.trained == Trained::All {
                self.decoder.finish(&mut gradients);
            }
            Sum::fetch([loss, gradients.squares()])
        })?;
        Ok(Learnt {
            gradients,
            norm: squares.sqrt(),
            loss: loss / answers as f64,
            tokens: all().map(|it| it.tokens.len() - 1).sum(),
        })
    }

    /// An error if memory ran out while weights were changed, which shows only when they are read.
    fn check_there(&self) -> Result<(), LmError> {
        let moments = self
            .moments
            .values()
            .flat_map(|it| [&it.mean, &it.square].into_iter().chain(it.master.as_ref()));
        self.decoder.check_there(moments).map_err(|error| {
            let over = || "new weights, which are lost with the steps since the last save";
            error.over(|| over().to_owned(), || self.lower())
        })
    }

    /// What takes less memory than this training.
    fn lower(&self) -> String {
        let full = self.config.lora.is_none();
        let options = [
            (!self.config.recompute, "--recompute"),
            (full, "--strategy lora-all"),
        ];
        let options = options.map(|(helps, option)| helps.then_some(option));
        let options: Vec<&str> = options.into_iter().flatten().collect();
        self.decoder.lower(&options)
    }

    /// Tokens of an example that are run: the last one predicts nothing.
    pub(super) fn length(&self, number: usize) -> usize {
        self.examples[number].tokens.len() - 1
    }

    /// A batch in parts of like length, each within the budget of tokens.
    pub(super) fn parts(&self, batch: &[usize]) -> Vec<Vec<usize>> {
        let length = |number: usize| self.length(number);
        let mut order = batch.to_vec();
        order.sort_by_key(|&number| std::cmp::Reverse(length(number)));
        let mut parts = Vec::new();
        while !order.is_empty() {
            parts.push(crate::prefix::cut(&mut order, self.budget, length));
        }
        parts
    }

    fn lesson(&self, step: usize, part: usize, answers: usize) -> Lesson {
        let rate = self.config.lora.as_ref().map_or(0.0, |lora| lora.dropout);
        let key = mixed(self.config.seed ^ mixed(((step as u64) << 20) + part as u64));
        if rate > 0.0 && !self.decoder.on_processor() {
            self.decoder.device().seed(key);
        }
        Lesson {
            trained: self.trained,
            dropout: Dropout {
                rate: rate as f32,
                key,
            },
            recompute: self.config.recompute,
            scale: 1.0 / answers as f32,
        }
    }
}
