use burn::tensor::Tensor;

/// The KV cache of a sequence: the keys and values of its first tokens in all layers. Sequences that begin with the same
/// tokens may share one.
#[derive(Clone)]
pub struct KvCache {
    /// The segments of each layer, one after the other.
    pub(super) layers: Vec<Vec<KeyValue>>,
    pub(super) tokens: usize,
}

/// A layer's keys and values of some tokens.
#[derive(Clone)]
pub(super) struct KeyValue {
    /// `[tokens, kv_heads, head_dim]`
    pub(super) key: Tensor<3>,
    /// `[tokens, kv_heads, head_dim]`
    pub(super) value: Tensor<3>,
}

/// Tokens up to which neighbouring segments are joined: a sequence that is generated token by token has a segment for
/// each such number of tokens, and copies at most as many for a new token.
const SEGMENT_TOKENS: usize = 64;

impl KvCache {
    /// Tokens in the cache.
    pub const fn tokens(&self) -> usize {
        self.tokens
    }
}

impl KeyValue {
    /// The keys and values of some tokens.
    pub(super) fn narrow(&self, start: usize, tokens: usize) -> Self {
        Self {
            key: self.key.clone().narrow(0, start, tokens),
            value: self.value.clone().narrow(0, start, tokens),
        }
    }

    fn tokens(&self) -> usize {
        self.key.dims()[0]
    }

    /// Appends these to a sequence's segments.
    pub(super) fn append_to(self, past: &[Self]) -> Vec<Self> {
        let mut segments = past.to_vec();
        match segments.pop_if(|last| last.tokens() + self.tokens() <= SEGMENT_TOKENS) {
            Some(last) => segments.push(Self {
                key: Tensor::cat(vec![last.key, self.key], 0),
                value: Tensor::cat(vec![last.value, self.value], 0),
            }),
            None => segments.push(self),
        }
        segments
    }
}
