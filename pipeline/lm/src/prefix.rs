//! A beginning that all prompts share is run once, and its cache is used for all of them.

use crate::{Decoder, KvCache, LmError, Sequence};

/// The beginning that some prompts share, and its cache.
pub(crate) struct SharedPrefix {
    tokens: usize,
    cache: Option<KvCache>,
}

/// Tokens of the shortest beginning that is worth a run of its own.
const MIN_TOKENS: usize = 8;

impl SharedPrefix {
    /// Runs the beginning that all `prompts` share. Each prompt keeps at least one token of its own.
    pub(crate) fn new(decoder: &Decoder, prompts: &[&[u32]]) -> Result<Self, LmError> {
        let none = Self {
            tokens: 0,
            cache: None,
        };
        let [first, rest @ ..] = prompts else {
            return Ok(none);
        };
        // With dynamic RoPE the angles depend on the length of the whole sequence, so no beginning can be run before.
        if rest.is_empty() || decoder.depends_on_length() {
            return Ok(none);
        }
        let shared = rest.iter().fold(first.len(), |shared, prompt| {
            let same = first.iter().zip(*prompt).take_while(|(a, b)| a == b);
            shared.min(same.count())
        });
        let shortest = prompts.iter().map(|prompt| prompt.len()).min().unwrap_or(0);
        let tokens = shared.min(shortest.saturating_sub(1));
        if tokens < MIN_TOKENS {
            return Ok(none);
        }
        let sequence = Sequence {
            tokens: &first[..tokens],
            past: None,
        };
        let (_, mut caches) = decoder.forward_last(&[sequence], true)?;
        Ok(Self {
            tokens,
            cache: caches.pop(),
        })
    }

    /// The number of its tokens.
    pub(crate) const fn tokens(&self) -> usize {
        self.tokens
    }

    /// Its cache, if it has any tokens.
    pub(crate) const fn cache(&self) -> Option<&KvCache> {
        self.cache.as_ref()
    }

    /// What is left of a prompt after the shared beginning, with the cache of that.
    pub(crate) fn rest<'a>(&'a self, prompt: &'a [u32]) -> Sequence<'a> {
        Sequence {
            tokens: &prompt[self.tokens..],
            past: self.cache.as_ref(),
        }
    }
}

/// Whether nothing of a batch is needed.
pub(crate) fn all_known(known: &[bool], batch: &[usize]) -> bool {
    batch
        .iter()
        .all(|&number| known.get(number).is_some_and(|&known| known))
}

/// Takes as many items off the front of `order` as fit into `budget` tokens, but at least one.
pub(crate) fn take_batch(
    order: &mut Vec<usize>,
    budget: usize,
    tokens: impl Fn(usize) -> usize,
) -> Vec<usize> {
    let mut taken = 0;
    let mut sum = 0;
    for &item in order.iter() {
        sum += tokens(item);
        if taken > 0 && sum > budget {
            break;
        }
        taken += 1;
    }
    order.drain(..taken).collect()
}
