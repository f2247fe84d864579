use super::{
    cache::KeyValue, linear::Linear, norm::NormLayer, rotation::Rotation, run::Run, spans::Span,
};
use burn::tensor::{Tensor, module, ops::AttentionModuleOptions};

/// A layer's attention.
pub(super) struct Attention {
    pub(super) projection: Projection,
    pub(super) output: Linear,
    /// Norms of queries and keys by head.
    pub(super) query_norm: Option<NormLayer>,
    pub(super) key_norm: Option<NormLayer>,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// Whether the model's sliding window holds in this layer.
    pub(super) windowed: bool,
}

/// The matrices of queries, keys and values.
pub(super) enum Projection {
    /// One each.
    Separate([Box<Linear>; 3]),
    /// One for all, behind each other.
    Stacked(Linear),
    /// One for all, head by head.
    ByHead(Linear),
}

impl Attention {
    /// Attends within each sequence of the run and to its cache.
    ///
    /// Returns the output and, if `keep`, each sequence's keys and values with those of its cache.
    ///
    /// # Shapes
    /// input and output: `[tokens, hidden]`
    pub(super) fn forward(
        &self,
        x: Tensor<2>,
        runs: &[Run],
        spans: &[Span],
        rotation: Option<&Rotation>,
        layer: usize,
        keep: bool,
    ) -> (Tensor<2>, Vec<KeyValue>) {
        let [query, key, value] = self.project(x);
        let query = self.prepare(query, self.query_norm.as_ref(), rotation);
        let key = self.prepare(key, self.key_norm.as_ref(), rotation);
        let mut kept = Vec::new();
        let mut outputs = Vec::with_capacity(spans.len());
        for span in spans {
            let sequences = |x: &Tensor<3>| self.sequences(x.clone(), span);
            let mut own = KeyValue {
                key: sequences(&key),
                value: sequences(&value),
            };
            if let Some(past) = runs[span.first].past {
                own = own.behind(&past.layers[layer], span.sequences);
            }
            if keep {
                kept.extend((0..span.sequences).map(|number| own.of(number)));
            }
            outputs.push(self.attend(sequences(&query), own, span));
        }
        let attended = match outputs.len() {
            1 => outputs.remove(0),
            _ => Tensor::cat(outputs, 0),
        };
        (self.output.forward(attended), kept)
    }

    /// Queries, keys and values, `[tokens, heads, head_dim]` each.
    fn project(&self, x: Tensor<2>) -> [Tensor<3>; 3] {
        let [tokens, _] = x.dims();
        let width = self.head_dim;
        let by_head = |x: Tensor<2>, heads| x.reshape([tokens, heads, width]);
        match &self.projection {
            Projection::Separate([query, key, value]) => [
                by_head(query.forward(x.clone()), self.heads),
                by_head(key.forward(x.clone()), self.kv_heads),
                by_head(value.forward(x), self.kv_heads),
            ],
            Projection::Stacked(all) => {
                let all = by_head(all.forward(x), self.heads + 2 * self.kv_heads);
                let part = |from, heads| all.clone().narrow(1, from, heads);
                [
                    part(0, self.heads),
                    part(self.heads, self.kv_heads),
                    part(self.heads + self.kv_heads, self.kv_heads),
                ]
            }
            Projection::ByHead(all) => {
                let all = all.forward(x).reshape([tokens, self.heads, 3, width]);
                [0, 1, 2].map(|part| all.clone().narrow(2, part, 1).squeeze_dim(2))
            }
        }
    }

    fn prepare(
        &self,
        x: Tensor<3>,
        norm: Option<&NormLayer>,
        rotation: Option<&Rotation>,
    ) -> Tensor<3> {
        let x = match norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        match rotation {
            Some(rotation) => rotation.rotate(x),
            None => x,
        }
    }

    /// A span's part of `[tokens, heads, head_dim]` as `[sequences, heads, length, head_dim]`.
    fn sequences(&self, x: Tensor<3>, span: &Span) -> Tensor<4> {
        let [_, heads, width] = x.dims();
        x.narrow(0, span.start, span.sequences * span.length)
            .reshape([span.sequences, span.length, heads, width])
            .swap_dims(1, 2)
    }

    fn attend(&self, query: Tensor<4>, own: KeyValue, span: &Span) -> Tensor<2> {
        let outside = span.outside.clone().filter(|_| self.windowed);
        let options = AttentionModuleOptions {
            is_causal: outside.is_none(),
            ..Default::default()
        };
        let attended = module::attention(
            query,
            self.for_all_heads(own.key),
            self.for_all_heads(own.value),
            outside,
            span.penalty.clone(),
            options,
        );
        attended
            .swap_dims(1, 2)
            .reshape([span.sequences * span.length, self.heads * self.head_dim])
    }

    /// Repeats each key or value head for the query heads that share it.
    fn for_all_heads(&self, x: Tensor<4>) -> Tensor<4> {
        let sharing = self.heads / self.kv_heads;
        if sharing == 1 {
            return x;
        }
        let [sequences, heads, tokens, width] = x.dims();
        x.unsqueeze_dim::<5>(2)
            .expand([sequences, heads, sharing, tokens, width])
            .reshape([sequences, heads * sharing, tokens, width])
    }
}

impl KeyValue {
    /// These behind those of a cache, which all `sequences` share.
    fn behind(self, past: &Self, sequences: usize) -> Self {
        let join = |past: &Tensor<4>, own: Tensor<4>| {
            let [_, heads, tokens, width] = past.dims();
            let past = past.clone().expand([sequences, heads, tokens, width]);
            Tensor::cat(vec![past, own], 2)
        };
        Self {
            key: join(&past.key, self.key),
            value: join(&past.value, self.value),
        }
    }

    /// Those of one sequence.
    fn of(&self, number: usize) -> Self {
        Self {
            key: self.key.clone().narrow(0, number, 1),
            value: self.value.clone().narrow(0, number, 1),
        }
    }
}
