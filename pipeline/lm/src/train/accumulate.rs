//! Gradient accumulation: a batch is run in micro-batches, and again in smaller ones if memory runs out.

use super::{Trainer, TrainingExample};
use crate::{
    LmError,
    decoder::{DeferredSum, Dropout, Gradients, PART_TOKENS, TrainContext, Trainable, mix_bits},
    guard::{half_of_tokens, run_in_pool},
    tree::common,
};
use rayon::prelude::*;
use std::ops::Range;

/// Parts that a batch is cut into at least, so that several threads have work, and tokens that a part has at least.
const PARTS: usize = 4;
const LEAST_TOKENS: usize = 128;

/// Parameters of a model that is trained whole, up to which each part may have gradients of its own: 16 MiB.
const FEW_PARAMETERS: u128 = 1 << 22;

/// The gradients of a batch, and its loss.
pub(super) struct BatchGradients {
    pub(super) gradients: Gradients,
    /// The norm of all gradients as one vector.
    pub(super) norm: f64,
    /// The mean loss of the answers' tokens.
    pub(super) loss: f64,
    /// Tokens that were run.
    pub(super) tokens: usize,
}

impl Trainer {
    /// The gradients of a batch. If memory runs out, the batch starts again with micro-batches of half as many tokens, and
    /// later batches keep to that size. A failure may show only after the gradients of its micro-batch were added, so
    /// nothing of them is kept.
    pub(super) fn batch_gradients(
        &mut self,
        step: usize,
        batch: &[usize],
    ) -> Result<BatchGradients, LmError> {
        loop {
            let micro_batches = self.micro_batches(batch);
            let error = match self.accumulate(step, &micro_batches) {
                Err(error @ LmError::OutOfMemory { .. }) => error,
                done => return done,
            };
            self.check_allocated()?;
            let lengths: Vec<Vec<usize>> = micro_batches
                .iter()
                .map(|micro_batch| {
                    micro_batch
                        .iter()
                        .map(|&number| self.length(number))
                        .collect()
                })
                .collect();
            let Some(budget) = half_of_tokens(lengths.iter().map(Vec::as_slice)) else {
                let longest = lengths.iter().flatten().max().copied().unwrap_or(0);
                let over = || format!("one example of {longest} tokens in step {step}");
                return Err(error.with_memory_details(over, || self.memory_advice()));
            };
            tracing::warn!(
                "memory ran out in step {step}: it starts again, with {budget} tokens at a time"
            );
            self.budget = budget;
        }
    }

    fn accumulate(
        &self,
        step: usize,
        micro_batches: &[Vec<usize>],
    ) -> Result<BatchGradients, LmError> {
        let all = || {
            micro_batches
                .iter()
                .flatten()
                .map(|&number| &self.examples[number])
        };
        let answers: usize = all().map(|it| it.tokens.len() - it.answer).sum();
        let mut gradients = Gradients::default();
        let mut loss = DeferredSum::default();
        let run = |micro_batch: usize, gradients: &mut Gradients| {
            let numbers = micro_batches[micro_batch].iter();
            let examples: Vec<&TrainingExample> =
                numbers.map(|&number| &self.examples[number]).collect();
            let context = self.context(step, micro_batch, answers);
            run_in_pool(self.decoder.device(), || {
                self.decoder
                    .forward_backward(&examples, &context, gradients)
            })
        };
        for together in self.together(micro_batches) {
            if together.len() == 1 {
                loss.add(run(together.start, &mut gradients)?);
                continue;
            }
            // Added up in their order, whichever is done first.
            let done: Vec<(DeferredSum, Gradients)> = together
                .into_par_iter()
                .map(|micro_batch| {
                    let mut gradients = Gradients::default();
                    Ok((run(micro_batch, &mut gradients)?, gradients))
                })
                .collect::<Result<_, LmError>>()?;
            for (of_micro_batch, others) in done {
                loss.add(of_micro_batch);
                gradients.add_all(others);
            }
        }
        // Only here does the host wait for the device in a step.
        let [loss, squares] = run_in_pool(self.decoder.device(), || {
            if self.trainable == Trainable::All {
                self.decoder.finish_head_gradient(&mut gradients);
            }
            DeferredSum::fetch([loss, gradients.squared_norm()])
        })?;
        Ok(BatchGradients {
            gradients,
            norm: squares.sqrt(),
            loss: loss / answers as f64,
            tokens: all().map(|it| it.tokens.len() - 1).sum(),
        })
    }

    /// Checks that memory did not run out while weights were changed, which shows only when they are read.
    fn check_allocated(&self) -> Result<(), LmError> {
        let moments = self
            .moments
            .values()
            .flat_map(|it| [&it.mean, &it.square].into_iter().chain(it.master.as_ref()));
        self.decoder.check_allocated(moments).map_err(|error| {
            let over = || "new weights, which are lost with the steps since the last save";
            error.with_memory_details(|| over().to_owned(), || self.memory_advice())
        })
    }

    /// Advice on what takes less memory than this training.
    fn memory_advice(&self) -> String {
        let full = self.config.lora.is_none();
        let options = [
            (!self.config.recompute, "--recompute"),
            (full, "--strategy lora-all"),
        ];
        let options = options.map(|(helps, option)| helps.then_some(option));
        let options: Vec<&str> = options.into_iter().flatten().collect();
        self.decoder.memory_advice(&options)
    }

    /// Tokens of an example that go into the model: the last one predicts nothing.
    pub(super) fn length(&self, number: usize) -> usize {
        self.examples[number].tokens.len() - 1
    }

    /// The micro-batches that are run at the same time, within the budget of tokens: several on a processor, a thread each,
    /// where gradients are small.
    fn together(&self, micro_batches: &[Vec<usize>]) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        let mut sum = 0;
        for (number, examples) in micro_batches.iter().enumerate() {
            let tokens = self.tokens_alike(examples);
            sum += tokens;
            match all.last_mut() {
                Some(last) if self.by_thread() && sum <= self.budget => last.end = number + 1,
                Some(_) | None => {
                    all.push(number..number + 1);
                    sum = tokens;
                }
            }
        }
        all
    }

    fn by_thread(&self) -> bool {
        let few = match self.trainable {
            Trainable::Adapter => true,
            Trainable::All => self.decoder.architecture().parameters() <= FEW_PARAMETERS,
        };
        self.decoder.on_processor() && few
    }

    /// Cuts a batch into micro-batches, each within the budget of tokens: of examples that begin alike on a processor, of
    /// similar length elsewhere.
    pub(super) fn micro_batches(&self, batch: &[usize]) -> Vec<Vec<usize>> {
        if self.decoder.on_processor() {
            return if self.by_thread() {
                self.micro_batches_alike(batch, self.budget.min(PART_TOKENS), PARTS)
            } else {
                self.micro_batches_alike(batch, self.budget, 1)
            };
        }
        let length = |number: usize| self.length(number);
        let mut order = batch.to_vec();
        order.sort_by_key(|&number| std::cmp::Reverse(length(number)));
        let mut micro_batches = Vec::new();
        while !order.is_empty() {
            micro_batches.push(crate::prefix::take_batch(&mut order, self.budget, length));
        }
        micro_batches
    }

    /// Tokens of examples in order, without those that one begins with as the one before.
    fn tokens_alike(&self, examples: &[usize]) -> usize {
        let first = examples.first().map_or(0, |&first| self.length(first));
        let others = examples
            .windows(2)
            .map(|pair| self.more_tokens(pair[0], pair[1]));
        first + others.sum::<usize>()
    }

    /// Tokens of an example that do not begin the one before.
    fn more_tokens(&self, before: usize, number: usize) -> usize {
        let tokens = |number: usize| &self.examples[number].tokens;
        self.length(number)
            .saturating_sub(common(tokens(before), tokens(number)))
    }

    /// Cuts a batch into parts of at most so many tokens, at least `parts` if these are not too small.
    fn micro_batches_alike(&self, batch: &[usize], most: usize, parts: usize) -> Vec<Vec<usize>> {
        let mut order = batch.to_vec();
        order.sort_by_key(|&number| &self.examples[number].tokens);
        // Of about the same size.
        let all = self.tokens_alike(&order);
        let count = all.div_ceil(most).max(parts.min(all / LEAST_TOKENS));
        let mut micro_batches: Vec<Vec<usize>> = Vec::new();
        // Tokens of the last one, and of all.
        let (mut of_last, mut taken) = (0, 0);
        for number in order {
            let before = micro_batches.last().and_then(|last| last.last());
            let more = match before {
                Some(&before) => self.more_tokens(before, number),
                None => self.length(number),
            };
            let begun = micro_batches.len();
            match micro_batches.last_mut() {
                Some(last) if taken * count < all * begun && of_last + more <= most => {
                    last.push(number);
                    of_last += more;
                }
                Some(_) | None => {
                    micro_batches.push(vec![number]);
                    of_last = self.length(number);
                }
            }
            taken += more;
        }
        micro_batches
    }

    fn context(&self, step: usize, micro_batch: usize, answers: usize) -> TrainContext {
        let rate = self.config.lora.as_ref().map_or(0.0, |lora| lora.dropout);
        let key = mix_bits(self.config.seed ^ mix_bits(((step as u64) << 20) + micro_batch as u64));
        if rate > 0.0 && !self.decoder.on_processor() {
            self.decoder.device().seed(key);
        }
        TrainContext {
            trainable: self.trainable,
            dropout: Dropout {
                rate: rate as f32,
                key,
            },
            recompute: self.config.recompute,
            scale: 1.0 / answers as f32,
        }
    }
}
