use crate::{
    Decoder, KvCache, LmError, Sequence,
    guard::half_of_tokens,
    prefix::{SharedPrefix, all_known, take_batch},
    score_tree::{self, NumberedRequest},
    score_whole,
};

/// A prompt, and continuations whose log-probabilities are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoringRequest {
    /// The prompt's tokens.
    pub prompt: Vec<u32>,
    /// Tokens of each possible continuation; at least one.
    pub continuations: Vec<Vec<u32>>,
}

/// Scores requests batch by batch: an iterator of the log-probabilities of every continuation, from one run of its prompt.
///
/// A beginning that all prompts share is run once. Batches hold prompts of similar length without padding. By our
/// kernels a score has the same bits in any batch; elsewhere it depends on its batch through the order of additions.
pub struct Scorer<'a> {
    decoder: &'a Decoder,
    requests: &'a [ScoringRequest],
    prefix: SharedPrefix,
    /// On a GPU longest first, so that what does not fit fails at once.
    order: Vec<usize>,
    batch_tokens: usize,
    /// Whose scores are not needed; empty for none.
    known: Vec<bool>,
}

impl<'a> Scorer<'a> {
    /// Prepares to score `requests` with at most `batch_tokens` tokens at a time, or one request if it has more.
    pub fn new(
        decoder: &'a Decoder,
        requests: &'a [ScoringRequest],
        batch_tokens: usize,
    ) -> Result<Self, LmError> {
        for request in requests {
            if request.prompt.is_empty() || request.continuations.iter().any(Vec::is_empty) {
                return Err(LmError::EmptyPrompt);
            }
            let longest = request.continuations.iter().map(Vec::len).max();
            decoder.fits(request.prompt.len() + longest.map_or(0, |longest| longest - 1))?;
        }
        let prompts: Vec<&[u32]> = requests
            .iter()
            .map(|request| request.prompt.as_slice())
            .collect();
        let prefix = SharedPrefix::new(decoder, &prompts)?;
        let mut order: Vec<usize> = (0..requests.len()).collect();
        if by_tree(decoder) {
            // What begins alike is in one batch.
            order.sort_by_key(|&number| &requests[number].prompt);
        } else {
            order.sort_by_key(|&number| std::cmp::Reverse(requests[number].prompt.len()));
        }
        Ok(Self {
            decoder,
            requests,
            prefix,
            order,
            batch_tokens,
            known: Vec::new(),
        })
    }

    /// Leaves out batches of which every request is known. All others are run whole: who knows some scores of a run that was
    /// cut off, gets the others to the last digit as that run would have.
    pub fn without(mut self, known: Vec<bool>) -> Self {
        self.known = known;
        self
    }

    /// The scores of one batch.
    fn batch(&self, numbers: &[usize]) -> Result<Vec<(usize, Vec<f64>)>, LmError> {
        let of = |number: usize| &self.requests[number];
        if self.decoder.depends_on_length() {
            let scores = |&number: &usize| {
                let scores = score_whole::scores(self.decoder, of(number))
                    .map_err(|error| error.renumbered(|_| number))?;
                Ok((number, scores))
            };
            return numbers.iter().map(scores).collect();
        }
        if by_tree(self.decoder) {
            let requests: Vec<NumberedRequest> = numbers
                .iter()
                .map(|&number| NumberedRequest::new(number, of(number), self.prefix.tokens()))
                .collect();
            let cache = self.prefix.cache();
            return score_tree::scores(self.decoder, cache, &requests, self.batch_tokens);
        }
        let sequences: Vec<Sequence> = numbers
            .iter()
            .map(|&number| self.prefix.rest(&of(number).prompt))
            .collect();
        let long = |number: usize| {
            of(number)
                .continuations
                .iter()
                .any(|tokens| tokens.len() > 1)
        };
        let keep = numbers.iter().any(|&number| long(number));
        let (states, caches) = self.decoder.forward_last(&sequences, keep)?;
        let first = self.decoder.log_probabilities(states);
        let first = first.map_err(|error| error.renumbered(|row| numbers[row]))?;
        let mut scores: Vec<(usize, Vec<f64>)> = numbers
            .iter()
            .enumerate()
            .map(|(row, &number)| {
                let continuations = of(number).continuations.iter();
                (
                    number,
                    continuations
                        .map(|tokens| first.of(row, tokens[0]))
                        .collect(),
                )
            })
            .collect();
        self.add_rest(&mut scores, &caches)?;
        Ok(scores)
    }

    /// Adds the log-probabilities of all but the first tokens of the continuations.
    fn add_rest(
        &self,
        scores: &mut [(usize, Vec<f64>)],
        caches: &[KvCache],
    ) -> Result<(), LmError> {
        let mut left: Vec<(usize, usize)> = Vec::new();
        for (row, (number, _)) in scores.iter().enumerate() {
            let continuations = self.requests[*number].continuations.iter().enumerate();
            let long = continuations.filter(|(_, tokens)| tokens.len() > 1);
            left.extend(long.map(|(continuation, _)| (row, continuation)));
        }
        let tokens_of = |(row, continuation): (usize, usize), scores: &[(usize, Vec<f64>)]| {
            self.requests[scores[row].0].continuations[continuation].as_slice()
        };
        // Attention takes those of equal length after the same prompt together.
        left.sort_by_key(|&place| (place.0, tokens_of(place, scores).len()));
        let mut order: Vec<usize> = (0..left.len()).collect();
        while !order.is_empty() {
            let taken = take_batch(&mut order, self.batch_tokens, |place| {
                tokens_of(left[place], scores).len() - 1
            });
            let sequences: Vec<Sequence> = taken
                .iter()
                .map(|&place| {
                    let tokens = tokens_of(left[place], scores);
                    Sequence {
                        tokens: &tokens[..tokens.len() - 1],
                        past: Some(&caches[left[place].0]),
                    }
                })
                .collect();
            let (states, _) = self.decoder.forward(&sequences, false)?;
            let probabilities = self.decoder.log_probabilities(states);
            let probabilities = probabilities.map_err(|error| {
                error.renumbered(|position| {
                    let ends = sequences.iter().scan(0, |end, sequence| {
                        *end += sequence.tokens.len();
                        Some(*end)
                    });
                    let place = taken[ends.take_while(|end| *end <= position).count()];
                    scores[left[place].0].0
                })
            })?;
            let mut position = 0;
            for place in taken {
                let (row, continuation) = left[place];
                let tokens = tokens_of((row, continuation), scores);
                let mut sum = 0.0;
                for &token in &tokens[1..] {
                    sum += probabilities.of(position, token);
                    position += 1;
                }
                scores[row].1[continuation] += sum;
            }
        }
        Ok(())
    }
}

/// Whether requests are run as trees; where angles depend on a sequence's whole length, each is run alone.
fn by_tree(decoder: &Decoder) -> bool {
    decoder.on_processor() && !decoder.depends_on_length()
}

impl Scorer<'_> {
    /// Half of the tokens of a batch, if it can be split: between prompts, or between the continuations of the last one.
    fn smaller_batch(&self, numbers: &[usize]) -> Option<usize> {
        if self.decoder.depends_on_length() {
            // Each is run alone.
            return None;
        }
        let of = |number: &usize| {
            self.prefix
                .rest(&self.requests[*number].prompt)
                .tokens
                .len()
        };
        let prompts: Vec<usize> = numbers.iter().map(of).collect();
        let continuations = numbers
            .iter()
            .flat_map(|&it| &self.requests[it].continuations);
        let mut rest: Vec<usize> = continuations.map(|tokens| tokens.len() - 1).collect();
        rest.retain(|&tokens| tokens > 0);
        // As they are taken together.
        rest.sort_unstable();
        let mut order: Vec<usize> = (0..rest.len()).collect();
        let together = take_batch(&mut order, self.batch_tokens, |place| rest[place]).len();
        half_of_tokens([prompts.as_slice()]).or_else(|| half_of_tokens([&rest[..together]]))
    }

    /// The error for a request that does not fit alone.
    fn too_large(&self, error: LmError, number: usize) -> LmError {
        let ScoringRequest {
            prompt,
            continuations,
        } = &self.requests[number];
        let longest = continuations.iter().map(Vec::len).max().unwrap_or(0);
        error.with_memory_details(
            || {
                format!(
                    "one prompt of {} tokens with {longest} to score",
                    prompt.len()
                )
            },
            || self.decoder.memory_advice(&[]),
        )
    }
}

impl Iterator for Scorer<'_> {
    /// The number of each request of a batch, and the log-probabilities of its continuations, at most 0 and finite.
    type Item = Result<Vec<(usize, Vec<f64>)>, LmError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.order.is_empty() {
            let numbers = take_batch(&mut self.order, self.batch_tokens, |number| {
                self.prefix.rest(&self.requests[number].prompt).tokens.len()
            });
            if all_known(&self.known, &numbers) {
                continue;
            }
            let error = match self.batch(&numbers) {
                Err(error @ LmError::OutOfMemory { .. }) => error,
                done => return Some(done),
            };
            let Some(batch_tokens) = self.smaller_batch(&numbers) else {
                return Some(Err(self.too_large(error, numbers[0])));
            };
            tracing::warn!("memory ran out: from here on {batch_tokens} tokens are run at a time");
            self.batch_tokens = batch_tokens;
            self.order.splice(0..0, numbers);
        }
        None
    }
}
