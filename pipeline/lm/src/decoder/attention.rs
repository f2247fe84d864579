use super::{
    cache::KeyValue,
    kernels,
    linear::Linear,
    norm::NormLayer,
    pass::{Means, Pass, Wanted},
    rotation::Rotation,
    spans::Span,
};
use burn::tensor::{Tensor, module, ops::AttentionModuleOptions};

/// A layer's attention.
#[derive(Clone)]
pub(super) struct Attention {
    pub(super) projection: Projection,
    pub(super) output: Linear,
    /// Norms of queries and keys by head.
    pub(super) query_norm: Option<NormLayer>,
    pub(super) key_norm: Option<NormLayer>,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// The sliding window of this layer: tokens that a query sees, itself included.
    pub(super) window: Option<usize>,
}

/// The matrices of queries, keys and values.
#[derive(Clone)]
pub(super) enum Projection {
    /// One each.
    Separate([Box<Linear>; 3]),
    /// One for all, behind each other.
    Stacked(Linear),
    /// One for all, head by head.
    ByHead(Linear),
}

impl Attention {
    /// Attends within each sequence, and to its cache.
    ///
    /// Returns the output and, if the pass keeps them, each sequence's keys and values with those of its cache.
    ///
    /// # Shapes
    /// input: `[tokens, hidden]`, output: `[wanted, hidden]`
    pub(super) fn forward(
        &self,
        x: Tensor<2>,
        pass: &Pass,
        layer: usize,
        wanted: Wanted,
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let [query, key, value] = self.project(x, pass, wanted);
        let rotation = match wanted {
            Wanted::All => &pass.rotation,
            Wanted::Ends => &pass.end_rotation,
        };
        let query = self.prepare(query, self.query_norm.as_ref(), rotation.as_ref());
        let key = self.prepare(key, self.key_norm.as_ref(), pass.rotation.as_ref());
        let own = KeyValue { key, value };
        let (attended, kept) = match &pass.means {
            Means::Kernels(slopes) => {
                self.by_kernels(&query, own, pass, layer, wanted, slopes.as_deref())
            }
            Means::Spans(spans) => self.by_spans(&query, &own, pass, layer, wanted, spans),
        };
        (self.output.forward(attended), kept)
    }

    fn by_kernels(
        &self,
        query: &Tensor<3>,
        own: KeyValue,
        pass: &Pass,
        layer: usize,
        wanted: Wanted,
        slopes: Option<&[f32]>,
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let own = KeyValue {
            key: kernels::contiguous(own.key),
            value: kernels::contiguous(own.value),
        };
        let attended = kernels::attend(&kernels::AttentionInput {
            query,
            own: &own,
            sequences: pass.sequences,
            layer,
            ends: wanted == Wanted::Ends,
            window: self.window,
            slopes,
        });
        let mut kept = Vec::new();
        if pass.keep {
            let mut start = 0;
            for sequence in pass.sequences {
                let past = sequence.past.map_or(&[][..], |past| &past.layers[layer]);
                kept.push(own.of(start, sequence.tokens.len()).behind(past));
                start += sequence.tokens.len();
            }
        }
        (attended, kept)
    }

    pub(super) fn by_spans(
        &self,
        query: &Tensor<3>,
        own: &KeyValue,
        pass: &Pass,
        layer: usize,
        wanted: Wanted,
        spans: &[Span],
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let mut kept = Vec::new();
        let mut outputs = Vec::with_capacity(spans.len());
        for span in spans {
            let own = [&own.key, &own.value]
                .map(|x| sequences(x, span.start, [span.sequences, span.length]));
            let all = match pass.sequences[span.first].past {
                Some(past) => behind(own, &past.layers[layer]),
                None => own,
            };
            if pass.keep {
                kept.extend((0..span.sequences).map(|number| vec![sequence(&all, number)]));
            }
            let query = match wanted {
                Wanted::All => sequences(query, span.start, [span.sequences, span.length]),
                Wanted::Ends => sequences(query, span.first, [span.sequences, 1]),
            };
            outputs.push(self.attend(query, all, span));
        }
        let mut attended = match outputs.len() {
            1 => outputs.remove(0),
            _ => Tensor::cat(outputs, 0),
        };
        if pass.guards {
            let key = pass.rows(own.key.clone(), wanted);
            attended = attended + zero_if_finite(query.clone()) + zero_if_finite(key);
        }
        (attended, kept)
    }

    /// Queries of the wanted tokens, keys and values of all, `[tokens, heads, head_dim]` each.
    fn project(&self, x: Tensor<2>, pass: &Pass, wanted: Wanted) -> [Tensor<3>; 3] {
        match &self.projection {
            Projection::Separate([query, key, value]) => [
                self.by_head(query.forward(pass.rows(x.clone(), wanted))),
                self.by_head(key.forward(x.clone())),
                self.by_head(value.forward(x)),
            ],
            Projection::Stacked(all) | Projection::ByHead(all) => {
                let [query, key, value] = self.split(all.forward(x));
                [pass.rows(query, wanted), key, value]
            }
        }
    }

    /// `[tokens, heads · head_dim]` as `[tokens, heads, head_dim]`.
    pub(super) fn by_head(&self, x: Tensor<2>) -> Tensor<3> {
        let [tokens, width] = x.dims();
        x.reshape([tokens, width / self.head_dim, self.head_dim])
    }

    /// What one matrix gave, as queries, keys and values.
    pub(super) fn split(&self, all: Tensor<2>) -> [Tensor<3>; 3] {
        if let Projection::ByHead(_) = self.projection {
            let [tokens, _] = all.dims();
            let all = all.reshape([tokens, self.heads, 3, self.head_dim]);
            return [0, 1, 2].map(|part| all.clone().narrow(2, part, 1).squeeze_dim(2));
        }
        let all = self.by_head(all);
        let part = |from, heads| all.clone().narrow(1, from, heads);
        [
            part(0, self.heads),
            part(self.heads, self.kv_heads),
            part(self.heads + self.kv_heads, self.kv_heads),
        ]
    }

    pub(super) fn prepare(
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

    fn attend(&self, query: Tensor<4>, [key, value]: [Tensor<4>; 2], span: &Span) -> Tensor<2> {
        let [_, _, asking, _] = query.dims();
        // Of what is said about each query, the last ones' part.
        let first = span.length - asking;
        let outside = span.outside.clone().filter(|_| self.window.is_some());
        let options = AttentionModuleOptions {
            is_causal: outside.is_none(),
            ..Default::default()
        };
        let attended = module::attention(
            query,
            self.for_all_heads(key),
            self.for_all_heads(value),
            outside.map(|outside| outside.narrow(2, first, asking)),
            span.penalty
                .clone()
                .map(|penalty| penalty.narrow(2, first, asking)),
            options,
        );
        attended
            .swap_dims(1, 2)
            .reshape([span.sequences * asking, self.heads * self.head_dim])
    }

    /// Repeats each key or value head for the query heads that share it.
    pub(super) fn for_all_heads(&self, x: Tensor<4>) -> Tensor<4> {
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

/// `[tokens, 1]`: 0, or NaN where a number of the token is NaN or infinite.
fn zero_if_finite(x: Tensor<3>) -> Tensor<2> {
    let [tokens, heads, width] = x.dims();
    let x = x.reshape([tokens, heads * width]);
    (x.clone() - x).sum_dim(1)
}

/// Sequences of equal length in `[tokens, heads, head_dim]`, as `[sequences, heads, length, head_dim]`.
pub(super) fn sequences(x: &Tensor<3>, start: usize, [sequences, length]: [usize; 2]) -> Tensor<4> {
    let [_, heads, width] = x.dims();
    x.clone()
        .narrow(0, start, sequences * length)
        .reshape([sequences, length, heads, width])
        .swap_dims(1, 2)
}

/// Keys and values behind those of a cache, which all sequences share.
fn behind(own: [Tensor<4>; 2], past: &[KeyValue]) -> [Tensor<4>; 2] {
    let [key, value] = own;
    let join = |own: Tensor<4>, of: fn(&KeyValue) -> &Tensor<3>| {
        let [sequences, heads, _, width] = own.dims();
        let past = past.iter().map(|segment| {
            let segment = of(segment).clone().swap_dims(0, 1);
            let [_, tokens, _] = segment.dims();
            segment
                .unsqueeze::<4>()
                .expand([sequences, heads, tokens, width])
        });
        Tensor::cat(past.chain([own.clone()]).collect(), 2)
    };
    [join(key, |past| &past.key), join(value, |past| &past.value)]
}

/// Keys and values of one sequence.
fn sequence([key, value]: &[Tensor<4>; 2], number: usize) -> KeyValue {
    let of = |x: &Tensor<4>| {
        let x = x.clone().narrow(0, number, 1).squeeze_dim::<3>(0);
        x.swap_dims(0, 1)
    };
    KeyValue {
        key: of(key),
        value: of(value),
    }
}
