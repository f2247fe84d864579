use super::{
    cache::KeyValue,
    context::{AttentionPath, ForwardContext, OutputTokens},
    groups::SequenceGroup,
    kernels,
    linear::Linear,
    norm::NormLayer,
    rotary::RotaryEmbedding,
};
use burn::tensor::{DType, Tensor, module, ops::AttentionModuleOptions};

/// The self-attention of a layer.
#[derive(Clone)]
pub(super) struct Attention {
    pub(super) projection: Projection,
    pub(super) output: Linear,
    /// Norms of queries and keys.
    pub(super) query_norm: Option<NormLayer>,
    pub(super) key_norm: Option<NormLayer>,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    /// The sliding window of this layer: tokens that a query sees, itself included.
    pub(super) window: Option<usize>,
    /// The number of this layer's rotation among [`crate::Architecture::ropes`].
    pub(super) rotary: Option<usize>,
    pub(super) scoring: Scoring,
}

/// How products of queries and keys become scores.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scoring {
    /// What they are multiplied by.
    pub(super) scale: f32,
    /// Their bound.
    pub(super) softcap: Option<f32>,
}

/// The linear layers that give queries, keys and values.
#[derive(Clone)]
pub(super) enum Projection {
    /// One each.
    Separate([Box<Linear>; 3]),
    /// One for all: queries, then keys, then values.
    Stacked(Linear),
    /// One for all, head by head.
    ByHead(Linear),
}

impl Attention {
    /// Attends within each sequence, and to its cache.
    ///
    /// Returns the output and, if the context asks for caches, each sequence's keys and values with those of its cache.
    ///
    /// # Shapes
    /// input: `[tokens, hidden]`, output: `[output_tokens, hidden]`
    pub(super) fn forward(
        &self,
        x: Tensor<2>,
        context: &ForwardContext,
        layer: usize,
        output_tokens: OutputTokens,
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let [query, key, value] = self.project(x, context, output_tokens);
        let of_queries = context.rotary(self.rotary, output_tokens);
        let of_keys = context.rotary(self.rotary, OutputTokens::All);
        let query = self.norm_and_rotate(query, self.query_norm.as_ref(), of_queries);
        let key = self.norm_and_rotate(key, self.key_norm.as_ref(), of_keys);
        let own = KeyValue { key, value };
        let (attended, kept) = match &context.attention_path {
            AttentionPath::Kernels(slopes) => self.attend_by_kernels(
                &query,
                own,
                context,
                layer,
                output_tokens,
                slopes.as_deref(),
            ),
            AttentionPath::Burn(groups) => {
                self.attend_by_burn(&query, &own, context, layer, output_tokens, groups)
            }
        };
        (self.output.forward(&attended), kept)
    }

    fn attend_by_kernels(
        &self,
        query: &Tensor<3>,
        own: KeyValue,
        context: &ForwardContext,
        layer: usize,
        output_tokens: OutputTokens,
        slopes: Option<&[f32]>,
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let own = KeyValue {
            key: kernels::contiguous(own.key),
            value: kernels::contiguous(own.value),
        };
        let attended = kernels::attend(&kernels::AttentionInput {
            query,
            own: &own,
            segments: &context.segments,
            layer,
            asked_only: output_tokens == OutputTokens::Asked,
            window: self.window,
            scoring: self.scoring,
            slopes,
        });
        let mut kept = Vec::new();
        if context.use_cache {
            for segment in &context.segments {
                let past = segment.past.map_or(&[][..], |past| &past.layers[layer]);
                let own = own.narrow(segment.start, segment.tokens.len());
                kept.push(own.append_to(past));
            }
        }
        (attended, kept)
    }

    pub(super) fn attend_by_burn(
        &self,
        query: &Tensor<3>,
        own: &KeyValue,
        context: &ForwardContext,
        layer: usize,
        output_tokens: OutputTokens,
        groups: &[SequenceGroup],
    ) -> (Tensor<2>, Vec<Vec<KeyValue>>) {
        let mut kept = Vec::new();
        let mut outputs = Vec::with_capacity(groups.len());
        for group in groups {
            let own = [&own.key, &own.value]
                .map(|x| batch_of(x, group.start, [group.count, group.length]));
            let all = match context.segments[group.first].past {
                Some(past) => after_past(own, &past.layers[layer]),
                None => own,
            };
            if context.use_cache {
                kept.extend((0..group.count).map(|number| vec![one_sequence(&all, number)]));
            }
            let query = match output_tokens {
                OutputTokens::All => batch_of(query, group.start, [group.count, group.length]),
                // On other devices the last one of each sequence.
                OutputTokens::Asked => batch_of(query, group.first, [group.count, 1]),
            };
            outputs.push(self.attend(query, all, group));
        }
        let mut attended = match outputs.len() {
            1 => outputs.remove(0),
            _ => Tensor::cat(outputs, 0),
        };
        if context.check_nan {
            let key = context.rows(own.key.clone(), output_tokens);
            attended = attended + zero_if_finite(query.clone()) + zero_if_finite(key);
        }
        (attended, kept)
    }

    /// Queries of the output tokens, keys and values of all tokens, `[tokens, heads, head_dim]` each.
    fn project(
        &self,
        x: Tensor<2>,
        context: &ForwardContext,
        output_tokens: OutputTokens,
    ) -> [Tensor<3>; 3] {
        match &self.projection {
            Projection::Separate([query, key, value]) => match output_tokens {
                OutputTokens::All => Linear::forward_each([query, key, value].map(Box::as_ref), &x),
                OutputTokens::Asked => {
                    let [key, value] = Linear::forward_each([key, value].map(Box::as_ref), &x);
                    [query.forward(&context.rows(x, output_tokens)), key, value]
                }
            }
            .map(|part| self.split_heads(part)),
            Projection::Stacked(all) | Projection::ByHead(all) => {
                let [query, key, value] = self.split_query_key_value(all.forward(&x));
                [context.rows(query, output_tokens), key, value]
            }
        }
    }

    /// `[tokens, heads · head_dim]` as `[tokens, heads, head_dim]`.
    pub(super) fn split_heads(&self, x: Tensor<2>) -> Tensor<3> {
        let [tokens, width] = x.dims();
        x.reshape([tokens, width / self.head_dim, self.head_dim])
    }

    /// Splits the output of one matrix into queries, keys and values.
    pub(super) fn split_query_key_value(&self, all: Tensor<2>) -> [Tensor<3>; 3] {
        if let Projection::ByHead(_) = self.projection {
            let [tokens, _] = all.dims();
            let all = all.reshape([tokens, self.heads, 3, self.head_dim]);
            return [0, 1, 2].map(|part| all.clone().narrow(2, part, 1).squeeze_dim(2));
        }
        let all = self.split_heads(all);
        let part = |from, heads| all.clone().narrow(1, from, heads);
        [
            part(0, self.heads),
            part(self.heads, self.kv_heads),
            part(self.heads + self.kv_heads, self.kv_heads),
        ]
    }

    pub(super) fn norm_and_rotate(
        &self,
        x: Tensor<3>,
        norm: Option<&NormLayer>,
        rotary: Option<&RotaryEmbedding>,
    ) -> Tensor<3> {
        let x = match norm {
            Some(norm) => norm.forward_heads(x),
            None => x,
        };
        match rotary {
            Some(rotary) => rotary.rotate(x),
            None => x,
        }
    }

    fn attend(
        &self,
        query: Tensor<4>,
        [key, value]: [Tensor<4>; 2],
        group: &SequenceGroup,
    ) -> Tensor<2> {
        let [_, _, queries, _] = query.dims();
        let dtype = query.dtype();
        // A bound would hide what overflows in 16 bits.
        let wide = |x: Tensor<4>| match self.scoring.softcap {
            Some(_) => x.cast(DType::F32),
            None => x,
        };
        let (query, key, value) = (wide(query), wide(key), wide(value));
        // Mask and bias have a row for each query of the group; these are the last ones.
        let first = group.length - queries;
        let mask = group.window_mask.clone().filter(|_| self.window.is_some());
        let options = AttentionModuleOptions {
            // With a scale burn takes none of its fused kernels on a GPU.
            scale: self.own_scale(),
            softcap: self.scoring.softcap.map(f64::from),
            is_causal: mask.is_none(),
        };
        let attended = module::attention(
            query,
            self.repeat_kv(key),
            self.repeat_kv(value),
            mask.map(|mask| mask.narrow(2, first, queries)),
            group
                .alibi_bias
                .clone()
                .map(|bias| bias.narrow(2, first, queries)),
            options,
        );
        attended
            .cast(dtype)
            .swap_dims(1, 2)
            .reshape([group.count * queries, self.heads * self.head_dim])
    }

    /// What scores are multiplied by, if it is not the usual `1 / √head_dim`.
    fn own_scale(&self) -> Option<f64> {
        let usual = (1.0 / (self.head_dim as f64).sqrt()) as f32;
        let scale = self.scoring.scale;
        (scale != usual).then(|| f64::from(scale))
    }

    /// Repeats each key or value head for the query heads that share it.
    pub(super) fn repeat_kv(&self, x: Tensor<4>) -> Tensor<4> {
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
pub(super) fn batch_of(x: &Tensor<3>, start: usize, [sequences, length]: [usize; 2]) -> Tensor<4> {
    let [_, heads, width] = x.dims();
    x.clone()
        .narrow(0, start, sequences * length)
        .reshape([sequences, length, heads, width])
        .swap_dims(1, 2)
}

/// Appends keys and values to those of a cache, which all sequences share.
fn after_past(own: [Tensor<4>; 2], past: &[KeyValue]) -> [Tensor<4>; 2] {
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
fn one_sequence([key, value]: &[Tensor<4>; 2], number: usize) -> KeyValue {
    let of = |x: &Tensor<4>| {
        let x = x.clone().narrow(0, number, 1).squeeze_dim::<3>(0);
        x.swap_dims(0, 1)
    };
    KeyValue {
        key: of(key),
        value: of(value),
    }
}
