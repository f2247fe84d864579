use crate::{
    Decoder, KvCache, LmError, Sequence,
    guard::halved,
    prefix::{Prefix, cut},
};

/// Where a continuation ends, and how many are written at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tokens of a continuation.
    pub max_new_tokens: usize,
    /// Tokens that end it; they are not part of it.
    pub ends: Vec<u32>,
    /// Tokens of prompts that are run at a time, or one prompt where it has more.
    pub budget: usize,
    /// Prompts that are continued at a time.
    pub batch: usize,
}

/// Continues prompts greedily, batch by batch.
///
/// Each sequence has a cache of its own and no padding, so that what is written does not depend on the batch; those
/// that have ended cost nothing more.
pub struct Generating<'a> {
    decoder: &'a Decoder,
    prompts: &'a [Vec<u32>],
    prefix: Prefix,
    order: Vec<usize>,
    limits: Limits,
    /// Whether the tokens written so far are enough: a stop string is in them.
    enough: &'a dyn Fn(&[u32]) -> bool,
}

/// A sequence that is being written.
struct Writing {
    number: usize,
    cache: KvCache,
    tokens: Vec<u32>,
}

impl<'a> Generating<'a> {
    /// Prepares to continue `prompts`.
    pub fn new(
        decoder: &'a Decoder,
        prompts: &'a [Vec<u32>],
        limits: Limits,
        enough: &'a dyn Fn(&[u32]) -> bool,
    ) -> Result<Self, LmError> {
        for prompt in prompts {
            if prompt.is_empty() {
                return Err(LmError::EmptyPrompt);
            }
            decoder.fits(prompt.len() + limits.max_new_tokens)?;
        }
        let slices: Vec<&[u32]> = prompts.iter().map(Vec::as_slice).collect();
        let prefix = Prefix::of(decoder, &slices)?;
        let mut order: Vec<usize> = (0..prompts.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(prompts[number].len()));
        Ok(Self {
            decoder,
            prompts,
            prefix,
            order,
            limits,
            enough,
        })
    }

    fn batch(&self, mut numbers: Vec<usize>) -> Result<Vec<(usize, Vec<u32>)>, LmError> {
        let mut done = Vec::new();
        let mut writing = Vec::new();
        if self.limits.max_new_tokens == 0 {
            return Ok(numbers
                .into_iter()
                .map(|number| (number, Vec::new()))
                .collect());
        }
        while !numbers.is_empty() {
            let part = cut(&mut numbers, self.limits.budget, |number| {
                self.prefix.rest(&self.prompts[number]).tokens.len()
            });
            let sequences: Vec<Sequence> = part
                .iter()
                .map(|&number| self.prefix.rest(&self.prompts[number]))
                .collect();
            let next = self.next(&sequences);
            let (next, caches) =
                next.map_err(|error| error.renumbered(|sequence| part[sequence]))?;
            for ((&number, cache), token) in part.iter().zip(caches).zip(next) {
                let begun = Writing {
                    number,
                    cache,
                    tokens: Vec::new(),
                };
                self.go_on(begun, token, &mut writing, &mut done);
            }
        }
        while !writing.is_empty() {
            let sequences: Vec<Sequence> = writing
                .iter()
                .map(|writing| Sequence {
                    tokens: &writing.tokens[writing.tokens.len() - 1..],
                    past: Some(&writing.cache),
                })
                .collect();
            let next = self.next(&sequences);
            let (next, caches) =
                next.map_err(|error| error.renumbered(|sequence| writing[sequence].number))?;
            for ((mut sequence, cache), token) in std::mem::take(&mut writing)
                .into_iter()
                .zip(caches)
                .zip(next)
            {
                sequence.cache = cache;
                self.go_on(sequence, token, &mut writing, &mut done);
            }
        }
        Ok(done)
    }

    /// The likeliest next token of each run, of equals the lowest id, and the caches.
    fn next(&self, sequences: &[Sequence]) -> Result<(Vec<u32>, Vec<KvCache>), LmError> {
        let (states, caches) = self.decoder.forward_last(sequences, true)?;
        Ok((self.decoder.likeliest(states)?, caches))
    }

    /// Appends a token, and puts the sequence to those that go on or that are done.
    fn go_on(
        &self,
        mut sequence: Writing,
        token: u32,
        writing: &mut Vec<Writing>,
        done: &mut Vec<(usize, Vec<u32>)>,
    ) {
        let ended = self.limits.ends.contains(&token);
        if !ended {
            sequence.tokens.push(token);
        }
        let full = sequence.tokens.len() >= self.limits.max_new_tokens;
        if ended || full || (self.enough)(&sequence.tokens) {
            done.push((sequence.number, sequence.tokens));
        } else {
            writing.push(sequence);
        }
    }
}

impl Generating<'_> {
    /// The error for a prompt that is too much alone.
    fn over_one(&self, error: LmError, number: usize) -> LmError {
        let (tokens, most) = (self.prompts[number].len(), self.limits.max_new_tokens);
        error.over(
            || format!("one prompt of {tokens} tokens and up to {most} after it"),
            || self.decoder.memory_advice(&[]),
        )
    }
}

impl Iterator for Generating<'_> {
    /// The number of each prompt of a batch, and the tokens behind it.
    type Item = Result<Vec<(usize, Vec<u32>)>, LmError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.order.is_empty() {
            return None;
        }
        loop {
            let rest = self
                .order
                .split_off(self.limits.batch.max(1).min(self.order.len()));
            let numbers = std::mem::replace(&mut self.order, rest);
            let error = match self.batch(numbers.clone()) {
                Err(error @ LmError::OutOfMemory { .. }) => error,
                done => return Some(done),
            };
            let prompts = numbers.iter().map(|&number| self.prompts[number].len());
            let Some(budget) = halved([prompts.collect::<Vec<_>>().as_slice()]) else {
                return Some(Err(self.over_one(error, numbers[0])));
            };
            let batch = numbers.len() / 2;
            tracing::warn!("memory ran out: from here on {batch} prompts are continued at a time");
            self.limits.batch = batch;
            self.limits.budget = self.limits.budget.min(budget);
            self.order.splice(0..0, numbers);
        }
    }
}
