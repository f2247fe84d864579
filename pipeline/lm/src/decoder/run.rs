use super::{
    Decoder,
    cache::Cache,
    pass::{Pass, Wanted},
};
use crate::{LmError, Position, guard::guarded};
use burn::tensor::{Int, Tensor, TensorData};

/// A sequence to run: its new tokens, and the cache of those before them.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// At least one.
    pub tokens: &'a [u32],
    /// What comes before.
    pub past: Option<&'a Cache>,
}

impl Run<'_> {
    pub(super) fn past_tokens(&self) -> usize {
        self.past.map_or(0, Cache::tokens)
    }

    /// Of the past and the new ones.
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

impl Decoder {
    /// Runs sequences side by side and returns the normalized states of their tokens, in order, `[tokens, hidden]`.
    ///
    /// With `keep` also a cache for each sequence, with the tokens of its past. Sequences do not see each other: a
    /// result does not depend on what else is run, beyond the order of additions in a matrix product.
    pub fn run(&self, runs: &[Run], keep: bool) -> Result<(Tensor<2>, Vec<Cache>), LmError> {
        guarded(&self.device, || self.states(runs, keep, Wanted::All))
    }

    /// Like [`Decoder::run`] with the states of the sequences' last tokens only, `[sequences, hidden]`: all that their
    /// next tokens depend on, and less to compute.
    pub fn run_to_ends(
        &self,
        runs: &[Run],
        keep: bool,
    ) -> Result<(Tensor<2>, Vec<Cache>), LmError> {
        guarded(&self.device, || self.states(runs, keep, Wanted::Ends))
    }

    fn states(
        &self,
        runs: &[Run],
        keep: bool,
        wanted: Wanted,
    ) -> Result<(Tensor<2>, Vec<Cache>), LmError> {
        self.check(runs)?;
        let mut x = self.embed(self.ids(runs));
        if let Some(norm) = &self.embedding_norm {
            x = norm.forward(x);
        }
        let pass = Pass::new(self, runs, keep, &x);
        let mut caches: Vec<Cache> = Vec::new();
        if keep {
            caches.extend(runs.iter().map(|run| Cache {
                layers: Vec::with_capacity(self.layers.len()),
                tokens: run.all_tokens(),
            }));
        }
        for (number, layer) in self.layers.iter().enumerate() {
            // The layers before need all tokens' states for their keys and values.
            let last = number + 1 == self.layers.len();
            let of_layer = if last { wanted } else { Wanted::All };
            let (out, kept) = layer.forward(x, &pass, number, of_layer);
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

    /// The tokens of all runs, behind each other.
    pub(super) fn ids(&self, runs: &[Run]) -> Tensor<1, Int> {
        let tokens = runs.iter().flat_map(|run| run.tokens);
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
            Position::Rope(rope) => rope.depends_on_length(),
            Position::Alibi => false,
        }
    }

    pub(super) fn check(&self, runs: &[Run]) -> Result<(), LmError> {
        let vocabulary = self.architecture.vocabulary;
        for run in runs {
            if run.tokens.is_empty() {
                return Err(LmError::EmptyPrompt);
            }
            if let Some(&token) = run
                .tokens
                .iter()
                .find(|&&token| token as usize >= vocabulary)
            {
                return Err(LmError::Token { token, vocabulary });
            }
            self.fits(run.all_tokens())?;
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
