use crate::{
    Decoder, KvCache, LmError, Sequence,
    guard::half_of_tokens,
    prefix::{SharedPrefix, all_known, take_batch},
};

/// When a generated text ends, and how many are generated at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationConfig {
    /// The most tokens of a generated text.
    pub max_new_tokens: usize,
    /// Tokens that end it, such as EOS; they are not part of it.
    pub stop_tokens: Vec<u32>,
    /// Tokens of prompts that are run at a time, or one prompt if it has more.
    pub batch_tokens: usize,
    /// Prompts that are continued at a time.
    pub batch_size: usize,
}

/// Generates a text after each prompt by greedy decoding, batch by batch: an iterator of batches.
///
/// Each text has a cache of its own and no padding, so it depends on the batch only through the order of additions. A text that has ended costs nothing
/// more.
pub struct Generator<'a> {
    decoder: &'a Decoder,
    prompts: &'a [Vec<u32>],
    prefix: SharedPrefix,
    order: Vec<usize>,
    config: GenerationConfig,
    /// Whether the tokens generated so far contain a stop string.
    is_stopped: &'a dyn Fn(&[u32]) -> bool,
    /// Whose texts are not needed; empty for none.
    known: Vec<bool>,
}

/// A text that is being generated.
struct OpenText {
    number: usize,
    cache: KvCache,
    tokens: Vec<u32>,
}

impl<'a> Generator<'a> {
    /// Prepares to continue `prompts`.
    pub fn new(
        decoder: &'a Decoder,
        prompts: &'a [Vec<u32>],
        config: GenerationConfig,
        is_stopped: &'a dyn Fn(&[u32]) -> bool,
    ) -> Result<Self, LmError> {
        for prompt in prompts {
            if prompt.is_empty() {
                return Err(LmError::EmptyPrompt);
            }
            decoder.fits(prompt.len() + config.max_new_tokens)?;
        }
        let slices: Vec<&[u32]> = prompts.iter().map(Vec::as_slice).collect();
        let prefix = SharedPrefix::new(decoder, &slices)?;
        let mut order: Vec<usize> = (0..prompts.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(prompts[number].len()));
        Ok(Self {
            decoder,
            prompts,
            prefix,
            order,
            config,
            is_stopped,
            known: Vec::new(),
        })
    }

    /// Leaves out batches of which every text is known, as [`Scorer::without`](crate::Scorer::without) does.
    pub fn without(mut self, known: Vec<bool>) -> Self {
        self.known = known;
        self
    }

    fn batch(&self, mut numbers: Vec<usize>) -> Result<Vec<(usize, Vec<u32>)>, LmError> {
        let mut done = Vec::new();
        let mut open = Vec::new();
        if self.config.max_new_tokens == 0 {
            return Ok(numbers
                .into_iter()
                .map(|number| (number, Vec::new()))
                .collect());
        }
        while !numbers.is_empty() {
            let part = take_batch(&mut numbers, self.config.batch_tokens, |number| {
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
                let begun = OpenText {
                    number,
                    cache,
                    tokens: Vec::new(),
                };
                self.append(begun, token, &mut open, &mut done);
            }
        }
        while !open.is_empty() {
            let sequences: Vec<Sequence> = open
                .iter()
                .map(|open| Sequence {
                    tokens: &open.tokens[open.tokens.len() - 1..],
                    past: Some(&open.cache),
                })
                .collect();
            let next = self.next(&sequences);
            let (next, caches) =
                next.map_err(|error| error.renumbered(|sequence| open[sequence].number))?;
            for ((mut sequence, cache), token) in
                std::mem::take(&mut open).into_iter().zip(caches).zip(next)
            {
                sequence.cache = cache;
                self.append(sequence, token, &mut open, &mut done);
            }
        }
        Ok(done)
    }

    /// The likeliest next token of each sequence, the lowest id if several are equally likely, and the caches.
    fn next(&self, sequences: &[Sequence]) -> Result<(Vec<u32>, Vec<KvCache>), LmError> {
        let (states, caches) = self.decoder.forward_last(sequences, true)?;
        Ok((self.decoder.greedy_tokens(states)?, caches))
    }

    /// Appends a token to a text, and moves the text to those that go on or that are done.
    fn append(
        &self,
        mut sequence: OpenText,
        token: u32,
        open: &mut Vec<OpenText>,
        done: &mut Vec<(usize, Vec<u32>)>,
    ) {
        let ended = self.config.stop_tokens.contains(&token);
        if !ended {
            sequence.tokens.push(token);
        }
        let full = sequence.tokens.len() >= self.config.max_new_tokens;
        if ended || full || (self.is_stopped)(&sequence.tokens) {
            done.push((sequence.number, sequence.tokens));
        } else {
            open.push(sequence);
        }
    }
}

impl Generator<'_> {
    /// The error for a prompt that does not fit alone.
    fn too_large(&self, error: LmError, number: usize) -> LmError {
        let (tokens, most) = (self.prompts[number].len(), self.config.max_new_tokens);
        error.with_memory_details(
            || format!("one prompt of {tokens} tokens and up to {most} after it"),
            || self.decoder.memory_advice(&[]),
        )
    }
}

impl Iterator for Generator<'_> {
    /// The number of each prompt of a batch, and the tokens generated after it.
    type Item = Result<Vec<(usize, Vec<u32>)>, LmError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.order.is_empty() {
            let rest = self
                .order
                .split_off(self.config.batch_size.max(1).min(self.order.len()));
            let numbers = std::mem::replace(&mut self.order, rest);
            if all_known(&self.known, &numbers) {
                continue;
            }
            let error = match self.batch(numbers.clone()) {
                Err(error @ LmError::OutOfMemory { .. }) => error,
                done => return Some(done),
            };
            let prompts = numbers.iter().map(|&number| self.prompts[number].len());
            let Some(budget) = half_of_tokens([prompts.collect::<Vec<_>>().as_slice()]) else {
                return Some(Err(self.too_large(error, numbers[0])));
            };
            let batch = numbers.len() / 2;
            tracing::warn!("memory ran out: from here on {batch} prompts are continued at a time");
            self.config.batch_size = batch;
            self.config.batch_tokens = self.config.batch_tokens.min(budget);
            self.order.splice(0..0, numbers);
        }
        None
    }
}
