use super::cache::KvCache;

/// A sequence of tokens to run the model on, with the cache of the tokens before them.
#[derive(Clone, Copy)]
pub struct Sequence<'a> {
    /// The new tokens, at least one.
    pub tokens: &'a [u32],
    /// The cache of the tokens before them.
    pub past: Option<&'a KvCache>,
}

impl Sequence<'_> {
    pub(super) fn past_tokens(&self) -> usize {
        self.past.map_or(0, KvCache::tokens)
    }

    /// The number of tokens, past and new.
    pub(super) fn all_tokens(&self) -> usize {
        self.past_tokens() + self.tokens.len()
    }

    /// Whether both continue the same cache.
    pub(super) fn same_past(&self, other: &Self) -> bool {
        match (self.past, other.past) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}
