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
}
