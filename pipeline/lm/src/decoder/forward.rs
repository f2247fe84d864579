use super::{
    Decoder,
    cache::KvCache,
    context::{ForwardContext, OutputTokens},
    kernels,
    segment::Segment,
    sequence::Sequence,
};
use crate::{LmError, Rope, guard::run_in_pool, tree::TokenTree};
use burn::tensor::{Int, Tensor, TensorData};
use rayon::prelude::*;

/// Tokens that a thread takes through all layers at a time, if there are more: so many that reading the weights costs
/// little, and so few that several threads have work.
pub(crate) const PART_TOKENS: usize = 512;

/// Cuts sequences into parts of about [`PART_TOKENS`] tokens.
pub(super) fn parts<'a, 'b>(sequences: &'a [Sequence<'b>]) -> Vec<&'a [Sequence<'b>]> {
    let all: usize = sequences.iter().map(|sequence| sequence.tokens.len()).sum();
    let count = all.div_ceil(PART_TOKENS).max(1);
    let mut parts = Vec::with_capacity(count);
    let (mut rest, mut taken) = (sequences, 0);
    for number in 1..=count {
        let mut length = 0;
        while length < rest.len() && taken < all * number / count {
            taken += rest[length].tokens.len();
            length += 1;
        }
        let (part, later) = rest.split_at(length);
        if !part.is_empty() {
            parts.push(part);
        }
        rest = later;
    }
    parts
}

impl Decoder {
    /// Runs the model on some sequences and returns the hidden states of their tokens after the last norm, in order,
    /// `[tokens, hidden]`.
    ///
    /// With `use_cache` it also returns a cache for each sequence, with the tokens of its past. Sequences do not see each
    /// other: a result does not depend on the others, except where burn multiplies, through the order of additions.
    pub fn forward(
        &self,
        sequences: &[Sequence],
        use_cache: bool,
    ) -> Result<(Tensor<2>, Vec<KvCache>), LmError> {
        run_in_pool(&self.device, || self.states(sequences, use_cache, false))
    }

    /// Like [`Decoder::forward`] with the states of the sequences' last tokens only, `[sequences, hidden]`: the next
    /// tokens depend on nothing else, and there is less to compute.
    pub fn forward_last(
        &self,
        sequences: &[Sequence],
        use_cache: bool,
    ) -> Result<(Tensor<2>, Vec<KvCache>), LmError> {
        run_in_pool(&self.device, || self.states(sequences, use_cache, true))
    }

    fn states(
        &self,
        sequences: &[Sequence],
        use_cache: bool,
        last_only: bool,
    ) -> Result<(Tensor<2>, Vec<KvCache>), LmError> {
        self.check(&Segment::of_sequences(sequences, last_only))?;
        if !self.on_processor() {
            let segments = Segment::of_sequences(sequences, last_only);
            return Ok(self.states_of(segments, use_cache));
        }
        // Each thread runs sequences of its own through all layers, so that none waits for another at every product.
        let parts = parts(sequences);
        let mut done: Vec<(Tensor<2>, Vec<KvCache>)> = parts
            .into_par_iter()
            .map(|part| self.states_of(Segment::of_sequences(part, last_only), use_cache))
            .collect();
        if done.len() == 1 {
            return Ok(done.remove(0));
        }
        let (states, caches): (Vec<_>, Vec<_>) = done.into_iter().unzip();
        Ok((Tensor::cat(states, 0), caches.concat()))
    }

    /// The states of the tokens of a tree that are asked for, `[outputs, hidden]`; the whole tree comes after `past`. For
    /// the processor.
    pub(crate) fn tree_states(
        &self,
        tree: &TokenTree,
        past: Option<&KvCache>,
    ) -> Result<Tensor<2>, LmError> {
        let segments = Segment::of_tree(tree, past);
        self.check(&segments)?;
        run_in_pool(&self.device, || Ok(self.states_of(segments, false).0))
    }

    fn states_of(&self, segments: Vec<Segment>, use_cache: bool) -> (Tensor<2>, Vec<KvCache>) {
        let mut x = self.embed(self.ids(&segments));
        if let Some(norm) = &self.embedding_norm {
            x = norm.forward(x);
        }
        let asked: usize = segments.iter().map(|segment| segment.outputs).sum();
        let output_tokens = if asked == x.dims()[0] {
            OutputTokens::All
        } else {
            OutputTokens::Asked
        };
        let context = ForwardContext::new(self, segments, use_cache, &x);
        let mut caches: Vec<KvCache> = Vec::new();
        if use_cache {
            caches.extend(context.segments.iter().map(|segment| KvCache {
                layers: Vec::with_capacity(self.layers.len()),
                tokens: segment.end(),
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
        (self.norm.forward(x), caches)
    }

    fn embed(&self, tokens: Tensor<1, Int>) -> Tensor<2> {
        let plain = self.embedding.rows(tokens.clone());
        let embedded = match &self.embedding_lora {
            Some(lora) => lora.embed(plain, tokens),
            None => plain,
        };
        self.scale_embedded(embedded)
    }

    /// Multiplies embeddings, or their gradient, by what the family multiplies them by.
    pub(super) fn scale_embedded(&self, embedded: Tensor<2>) -> Tensor<2> {
        match self.architecture.embedding_scale {
            Some(scale) => kernels::scaled(embedded, scale as f32),
            None => embedded,
        }
    }

    /// The token ids of all pieces, one piece after the other.
    pub(super) fn ids(&self, segments: &[Segment]) -> Tensor<1, Int> {
        let tokens = segments.iter().flat_map(|segment| segment.tokens);
        let ids: Vec<i64> = tokens.map(|&token| i64::from(token)).collect();
        let count = ids.len();
        Tensor::from_data(TensorData::new(ids, [count]), &self.device)
    }

    /// Logits of states, `[states, vocabulary]`, in f32.
    pub fn logits(&self, states: Tensor<2>) -> Tensor<2> {
        let logits = self.head.forward(&states).cast(burn::tensor::DType::F32);
        self.finish_logits(logits)
    }

    /// Scales and bounds what the head gives, f32.
    pub(super) fn finish_logits(&self, logits: Tensor<2>) -> Tensor<2> {
        let Some((scale, softcap)) = self.finish() else {
            return logits;
        };
        if kernels::supports(&logits) {
            return kernels::finish_logits(logits, scale, softcap);
        }
        let logits = logits * scale;
        match softcap {
            // NaN of infinity, which would become the bound unnoticed.
            Some(cap) => (logits.clone() / cap).tanh() * cap + (logits.clone() - logits),
            None => logits,
        }
    }

    /// The gradient of what the head gives, `logits`, from that of what [`Decoder::finish_logits`] gives.
    pub(super) fn finish_logits_backward(
        &self,
        logits: Option<Tensor<2>>,
        gradient: Tensor<2>,
    ) -> Tensor<2> {
        let (Some((scale, softcap)), Some(logits)) = (self.finish(), logits) else {
            return gradient;
        };
        if kernels::supports(&logits) {
            return kernels::finish_logits_backward(&logits, gradient, scale, softcap);
        }
        let gradient = gradient * scale;
        match softcap {
            Some(cap) => gradient * ((logits * scale / cap).tanh().square().neg() + 1.0),
            None => gradient,
        }
    }

    /// What logits are multiplied by, and their bound; `None` if they are as the head gives them.
    pub(super) fn finish(&self) -> Option<(f32, Option<f32>)> {
        let (scale, softcap) = (
            self.architecture.logit_scale,
            self.architecture.logit_softcap,
        );
        if scale.is_none() && softcap.is_none() {
            return None;
        }
        Some((scale.unwrap_or(1.0) as f32, softcap.map(|cap| cap as f32)))
    }

    /// Whether the angles of a sequence's beginning depend on its whole length.
    pub(crate) fn depends_on_length(&self) -> bool {
        let ropes = self.architecture.ropes();
        ropes.into_iter().any(Rope::depends_on_length)
    }

    pub(super) fn check(&self, segments: &[Segment]) -> Result<(), LmError> {
        let vocabulary = self.architecture.vocabulary;
        for segment in segments {
            if segment.tokens.is_empty() {
                return Err(LmError::EmptyPrompt);
            }
            if let Some(&token) = segment
                .tokens
                .iter()
                .find(|&&token| token as usize >= vocabulary)
            {
                return Err(LmError::Token { token, vocabulary });
            }
            self.fits(segment.end())?;
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
