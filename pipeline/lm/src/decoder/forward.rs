use super::{
    Decoder,
    cache::KvCache,
    context::{ForwardContext, OutputTokens},
    sequence::Sequence,
};
use crate::{LmError, PositionEncoding, guard::catch_device_errors};
use burn::tensor::{Int, Tensor, TensorData};

impl Decoder {
    /// Runs the model on some sequences and returns the hidden states of their tokens after the last norm, in order,
    /// `[tokens, hidden]`.
    ///
    /// With `use_cache` it also returns a cache for each sequence, with the tokens of its past. Sequences do not see each
    /// other: a result does not depend on the others, beyond the order of additions in a matrix product.
    pub fn forward(
        &self,
        sequences: &[Sequence],
        use_cache: bool,
    ) -> Result<(Tensor<2>, Vec<KvCache>), LmError> {
        catch_device_errors(&self.device, || {
            self.states(sequences, use_cache, OutputTokens::All)
        })
    }

    /// Like [`Decoder::forward`] with the states of the sequences' last tokens only, `[sequences, hidden]`: the next
    /// tokens depend on nothing else, and there is less to compute.
    pub fn forward_last(
        &self,
        sequences: &[Sequence],
        use_cache: bool,
    ) -> Result<(Tensor<2>, Vec<KvCache>), LmError> {
        catch_device_errors(&self.device, || {
            self.states(sequences, use_cache, OutputTokens::Last)
        })
    }

    fn states(
        &self,
        sequences: &[Sequence],
        use_cache: bool,
        output_tokens: OutputTokens,
    ) -> Result<(Tensor<2>, Vec<KvCache>), LmError> {
        self.check(sequences)?;
        let mut x = self.embed(self.ids(sequences));
        if let Some(norm) = &self.embedding_norm {
            x = norm.forward(x);
        }
        let context = ForwardContext::new(self, sequences, use_cache, &x);
        let mut caches: Vec<KvCache> = Vec::new();
        if use_cache {
            caches.extend(sequences.iter().map(|sequence| KvCache {
                layers: Vec::with_capacity(self.layers.len()),
                tokens: sequence.all_tokens(),
            }));
        }
        for (number, layer) in self.layers.iter().enumerate() {
            // The layers before need all tokens' states for their keys and values.
            let last = number + 1 == self.layers.len();
            let of_layer = if last {
                output_tokens
            } else {
                OutputTokens::All
            };
            let (out, kept) = layer.forward(x, &context, number, of_layer);
            x = out;
            for (cache, kept) in caches.iter_mut().zip(kept) {
                cache.layers.push(kept);
            }
        }
        Ok((self.norm.forward(x), caches))
    }

    fn embed(&self, tokens: Tensor<1, Int>) -> Tensor<2> {
        let plain = self.embedding.clone().select(0, tokens.clone());
        match &self.embedding_lora {
            Some(lora) => lora.embed(plain, tokens),
            None => plain,
        }
    }

    /// The token ids of all sequences, one sequence after the other.
    pub(super) fn ids(&self, sequences: &[Sequence]) -> Tensor<1, Int> {
        let tokens = sequences.iter().flat_map(|sequence| sequence.tokens);
        let ids: Vec<i64> = tokens.map(|&token| i64::from(token)).collect();
        let count = ids.len();
        Tensor::from_data(TensorData::new(ids, [count]), &self.device)
    }

    /// Logits of states, `[states, vocabulary]`, in f32.
    pub fn logits(&self, states: Tensor<2>) -> Tensor<2> {
        self.head.forward(states).cast(burn::tensor::DType::F32)
    }

    /// Whether the angles of a sequence's beginning depend on its whole length.
    pub(crate) fn depends_on_length(&self) -> bool {
        match &self.architecture.position {
            PositionEncoding::Rope(rope) => rope.depends_on_length(),
            PositionEncoding::Alibi => false,
        }
    }

    pub(super) fn check(&self, sequences: &[Sequence]) -> Result<(), LmError> {
        let vocabulary = self.architecture.vocabulary;
        for sequence in sequences {
            if sequence.tokens.is_empty() {
                return Err(LmError::EmptyPrompt);
            }
            if let Some(&token) = sequence
                .tokens
                .iter()
                .find(|&&token| token as usize >= vocabulary)
            {
                return Err(LmError::Token { token, vocabulary });
            }
            self.fits(sequence.all_tokens())?;
        }
        Ok(())
    }

    /// Whether a sequence of so many tokens is one that the model was made for. Dynamic RoPE is made for any.
    pub fn fits(&self, tokens: usize) -> Result<(), LmError> {
        match self.architecture.context_tokens {
            Some(context) if tokens > context && !self.depends_on_length() => {
                Err(LmError::Context { tokens, context })
            }
            Some(_) | None => Ok(()),
        }
    }
}
