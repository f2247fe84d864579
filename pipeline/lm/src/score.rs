use crate::{
    Decoder, KvCache, LmError, Sequence,
    guard::halved,
    prefix::{Prefix, cut},
    whole,
};

/// A prompt, and what may follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The prompt's tokens.
    pub prompt: Vec<u32>,
    /// Tokens of each possible continuation; at least one.
    pub continuations: Vec<Vec<u32>>,
}

/// Scores queries batch by batch: the log-probability of every continuation of a query, from one run of its prompt.
///
/// What all prompts begin with is run once. Batches hold prompts of like length without padding. A score does not
/// depend on the batch that its query is in.
pub struct Scoring<'a> {
    decoder: &'a Decoder,
    queries: &'a [Query],
    prefix: Prefix,
    /// Longest first, so that what does not fit fails at once.
    order: Vec<usize>,
    budget: usize,
}

impl<'a> Scoring<'a> {
    /// Prepares to score `queries` with at most `budget` tokens at a time, or one query where it has more.
    pub fn new(decoder: &'a Decoder, queries: &'a [Query], budget: usize) -> Result<Self, LmError> {
        for query in queries {
            if query.prompt.is_empty() || query.continuations.iter().any(Vec::is_empty) {
                return Err(LmError::EmptyPrompt);
            }
            let longest = query.continuations.iter().map(Vec::len).max();
            decoder.fits(query.prompt.len() + longest.map_or(0, |longest| longest - 1))?;
        }
        let prompts: Vec<&[u32]> = queries
            .iter()
            .map(|query| query.prompt.as_slice())
            .collect();
        let prefix = Prefix::of(decoder, &prompts)?;
        let mut order: Vec<usize> = (0..queries.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(queries[number].prompt.len()));
        Ok(Self {
            decoder,
            queries,
            prefix,
            order,
            budget,
        })
    }

    /// The scores of one batch.
    fn batch(&self, numbers: &[usize]) -> Result<Vec<(usize, Vec<f64>)>, LmError> {
        let of = |number: usize| &self.queries[number];
        if self.decoder.depends_on_length() {
            let scores = |&number: &usize| {
                let scores = whole::scores(self.decoder, of(number))
                    .map_err(|error| error.renumbered(|_| number))?;
                Ok((number, scores))
            };
            return numbers.iter().map(scores).collect();
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

    /// Adds the tokens of the continuations behind their first ones.
    fn add_rest(
        &self,
        scores: &mut [(usize, Vec<f64>)],
        caches: &[KvCache],
    ) -> Result<(), LmError> {
        let mut left: Vec<(usize, usize)> = Vec::new();
        for (row, (number, _)) in scores.iter().enumerate() {
            let continuations = self.queries[*number].continuations.iter().enumerate();
            let long = continuations.filter(|(_, tokens)| tokens.len() > 1);
            left.extend(long.map(|(continuation, _)| (row, continuation)));
        }
        let tokens_of = |(row, continuation): (usize, usize), scores: &[(usize, Vec<f64>)]| {
            self.queries[scores[row].0].continuations[continuation].as_slice()
        };
        // Those of equal length behind the same prompt can be attended to together.
        left.sort_by_key(|&place| (place.0, tokens_of(place, scores).len()));
        let mut order: Vec<usize> = (0..left.len()).collect();
        while !order.is_empty() {
            let taken = cut(&mut order, self.budget, |place| {
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

impl Scoring<'_> {
    /// Half of the tokens of a batch, if it can be parted: between prompts, or between the continuations of the last one.
    fn smaller(&self, numbers: &[usize]) -> Option<usize> {
        if self.decoder.depends_on_length() {
            // Each is run alone.
            return None;
        }
        let of = |number: &usize| self.prefix.rest(&self.queries[*number].prompt).tokens.len();
        let prompts: Vec<usize> = numbers.iter().map(of).collect();
        let continuations = numbers
            .iter()
            .flat_map(|&it| &self.queries[it].continuations);
        let mut rest: Vec<usize> = continuations.map(|tokens| tokens.len() - 1).collect();
        rest.retain(|&tokens| tokens > 0);
        // As they are taken together.
        rest.sort_unstable();
        let mut order: Vec<usize> = (0..rest.len()).collect();
        let together = cut(&mut order, self.budget, |place| rest[place]).len();
        halved([prompts.as_slice()]).or_else(|| halved([&rest[..together]]))
    }

    /// The error for a query that is too much alone.
    fn over_one(&self, error: LmError, number: usize) -> LmError {
        let Query {
            prompt,
            continuations,
        } = &self.queries[number];
        let longest = continuations.iter().map(Vec::len).max().unwrap_or(0);
        error.over(
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

impl Iterator for Scoring<'_> {
    /// The number of each query of a batch, and the log-probabilities of its continuations, at most 0 and finite.
    type Item = Result<Vec<(usize, Vec<f64>)>, LmError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.order.is_empty() {
            return None;
        }
        loop {
            let numbers = cut(&mut self.order, self.budget, |number| {
                self.prefix.rest(&self.queries[number].prompt).tokens.len()
            });
            let error = match self.batch(&numbers) {
                Err(error @ LmError::OutOfMemory { .. }) => error,
                done => return Some(done),
            };
            let Some(budget) = self.smaller(&numbers) else {
                return Some(Err(self.over_one(error, numbers[0])));
            };
            tracing::warn!("memory ran out: from here on {budget} tokens are run at a time");
            self.budget = budget;
            self.order.splice(0..0, numbers);
        }
    }
}
