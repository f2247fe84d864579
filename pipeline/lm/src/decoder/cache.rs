use burn::tensor::Tensor;

/// Keys and values of the tokens that a sequence begins with; sequences that begin alike may share one.
#[derive(Clone)]
pub struct Cache {
    pub(super) layers: Vec<KeyValue>,
    pub(super) tokens: usize,
}

/// A layer's keys and values.
#[derive(Clone)]
pub(super) struct KeyValue {
    /// `[1, kv_heads, tokens, head_dim]`
    pub(super) key: Tensor<4>,
    /// `[1, kv_heads, tokens, head_dim]`
    pub(super) value: Tensor<4>,
}

impl Cache {
    /// Tokens in the cache.
    pub const fn tokens(&self) -> usize {
        self.tokens
    }
}
