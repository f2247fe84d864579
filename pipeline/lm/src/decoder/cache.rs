use burn::tensor::Tensor;

/// Keys and values of the tokens that a sequence begins with; sequences that begin alike may share them.
#[derive(Clone)]
pub struct Cache {
    /// Of each layer: segments, one behind the other.
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

/// Tokens up to which neighbouring segments are joined: a sequence that is written token by token has a segment for
/// every so many, and copies at most so many when one more comes.
const JOINED: usize = 64;

impl Cache {
    /// Tokens in the cache.
    pub const fn tokens(&self) -> usize {
        self.tokens
    }
}

impl KeyValue {
    /// Those of some tokens.
    pub(super) fn of(&self, start: usize, tokens: usize) -> Self {
        Self {
            key: self.key.clone().narrow(0, start, tokens),
            value: self.value.clone().narrow(0, start, tokens),
        }
    }

    fn tokens(&self) -> usize {
        self.key.dims()[0]
    }

    /// Puts these behind a sequence's segments.
    pub(super) fn behind(self, past: &[Self]) -> Vec<Self> {
        let mut segments = past.to_vec();
        match segments.pop_if(|last| last.tokens() + self.tokens() <= JOINED) {
            Some(last) => segments.push(Self {
                key: Tensor::cat(vec![last.key, self.key], 0),
                value: Tensor::cat(vec![last.value, self.value], 0),
            }),
            None => segments.push(self),
        }
        segments
    }
}
