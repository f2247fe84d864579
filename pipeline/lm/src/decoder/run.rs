use super::{Decoder, cache::Cache, rotation::Rotation, spans::spans};
use crate::{LmError, Position};
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
        self.check(runs)?;
        let ids: Vec<i64> = runs
            .iter()
            .flat_map(|run| run.tokens)
            .map(|&token| i64::from(token))
            .collect();
        let count = ids.len();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [count]), &self.device);
        let mut x = self.embedding.clone().select(0, ids);
        if let Some(norm) = &self.embedding_norm {
            x = norm.forward(x);
        }
        let spans = spans(runs, &self.architecture, self.dtype, &self.device);
        let rotation = match &self.architecture.position {
            Position::Rope(rope) => Some(Rotation::new(rope, runs, self.dtype, &self.device)),
            Position::Alibi => None,
        };
        let mut caches: Vec<Cache> = Vec::new();
        if keep {
            caches.extend(runs.iter().map(|run| Cache {
                layers: Vec::with_capacity(self.layers.len()),
                tokens: run.past_tokens() + run.tokens.len(),
            }));
        }
        for (number, layer) in self.layers.iter().enumerate() {
            let (out, kept) = layer.forward(x, runs, &spans, rotation.as_ref(), number, keep);
            x = out;
            for (cache, kept) in caches.iter_mut().zip(kept) {
                cache.layers.push(kept);
            }
        }
        Ok((self.norm.forward(x), caches))
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

    fn check(&self, runs: &[Run]) -> Result<(), LmError> {
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
            let tokens = run.past_tokens() + run.tokens.len();
            self.fits(tokens)?;
        }
        Ok(())
    }

    /// Whether a sequence of so many tokens is one that the model was made for.
    pub fn fits(&self, tokens: usize) -> Result<(), LmError> {
        let stretched = match &self.architecture.position {
            Position::Rope(rope) => rope.stretch(),
            Position::Alibi => 1.0,
        };
        match self.architecture.context_tokens {
            Some(context) if tokens as f32 > context as f32 * stretched => {
                Err(LmError::Context { tokens, context })
            }
            Some(_) | None => Ok(()),
        }
    }
}
