use super::{
    Floats,
    attention::{softcap_slope, softmax_unnormalized},
    panels::{Scratch, TILE, products},
    tensor,
};
use crate::{
    decoder::{
        attention::Scoring,
        cache::KeyValue,
        segment::{Segment, line_of},
    },
    simd::sum_of_products,
};
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::borrow::Borrow;

/// The inputs of the backward pass of attention. The pieces have no cache before them, and each comes after all that are
/// before it in its sequence, without others in between but those that begin alike.
pub(in crate::decoder) struct AttentionBackwardInput<'a> {
    /// `[tokens, heads, head_dim]`
    pub(in crate::decoder) query: &'a Tensor<3>,
    /// `[tokens, kv_heads, head_dim]`
    pub(in crate::decoder) own: &'a KeyValue,
    /// `[tokens, heads · head_dim]`, attention's output.
    pub(in crate::decoder) attended: &'a Tensor<2>,
    /// The gradient of `attended`.
    pub(in crate::decoder) gradient: &'a Tensor<2>,
    pub(in crate::decoder) segments: &'a [Segment<'a>],
    /// Tokens that a query sees, itself included; `None` for all before it.
    pub(in crate::decoder) window: Option<usize>,
    pub(in crate::decoder) scoring: Scoring,
    /// ALiBi's slopes, of each head.
    pub(in crate::decoder) slopes: Option<&'a [f32]>,
}

/// The backward pass of attention: the gradients of queries, keys and values. Probabilities are computed again, piece by
/// piece.
pub(in crate::decoder) fn attend_backward(input: &AttentionBackwardInput) -> [Tensor<3>; 3] {
    let arch = Arch::new();
    attend_backward_by(input, |job| arch.dispatch(job))
}

/// [`attend_backward`] with the instructions that `dispatch` chooses.
pub(super) fn attend_backward_by(
    input: &AttentionBackwardInput,
    dispatch: impl Fn(TreeJob) + Send + Sync,
) -> [Tensor<3>; 3] {
    let [tokens, heads, width] = input.query.dims();
    let [_, kv_heads, _] = input.own.key.dims();
    let query = Floats::of(input.query);
    let own = [&input.own.key, &input.own.value].map(Floats::of);
    let out = [input.attended, input.gradient].map(Floats::of);
    let wide = heads * width;
    let narrow = kv_heads * width;
    let mut gradients = [wide, narrow, narrow].map(|row| vec![0.0; tokens * row]);
    let [mut of_query, mut of_key, mut of_value] = gradients.each_mut().map(Vec::as_mut_slice);
    // Pieces without a parent begin a job.
    let mut jobs = Vec::new();
    let mut first = 0;
    while first < input.segments.len() {
        let others = &input.segments[first + 1..];
        let next = others.iter().position(|segment| segment.parent.is_none());
        let to = next.map_or(input.segments.len(), |next| first + 1 + next);
        let last = &input.segments[to - 1];
        let start = input.segments[first].start;
        let end = last.start + last.tokens.len();
        let part = |floats: &'_ Floats, row: usize| -> std::ops::Range<usize> {
            debug_assert!(floats.values().len() >= end * row);
            start * row..end * row
        };
        jobs.push(TreeJob {
            query: &query.values()[part(&query, wide)],
            key: &own[0].values()[part(&own[0], narrow)],
            value: &own[1].values()[part(&own[1], narrow)],
            attended: &out[0].values()[part(&out[0], wide)],
            gradient: &out[1].values()[part(&out[1], wide)],
            of_query: cut(&mut of_query, (end - start) * wide),
            of_key: cut(&mut of_key, (end - start) * narrow),
            of_value: cut(&mut of_value, (end - start) * narrow),
            pieces: (first..to)
                .map(|number| Piece::new(input.segments, number, start))
                .collect(),
            heads,
            kv_heads,
            width,
            window: input.window,
            scoring: input.scoring,
            slopes: input.slopes,
        });
        first = to;
    }
    jobs.into_par_iter().for_each(dispatch);
    let [of_query, of_key, of_value] = gradients;
    [
        tensor(of_query, [tokens, heads, width]),
        tensor(of_key, [tokens, kv_heads, width]),
        tensor(of_value, [tokens, kv_heads, width]),
    ]
}

/// Takes the first numbers off a slice.
fn cut<'a>(rest: &mut &'a mut [f32], count: usize) -> &'a mut [f32] {
    let (now, later) = std::mem::take(rest).split_at_mut(count);
    *rest = later;
    now
}

/// The backward pass of sequences that begin alike, which a thread computes.
pub(super) struct TreeJob<'a> {
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    attended: &'a [f32],
    gradient: &'a [f32],
    of_query: &'a mut [f32],
    of_key: &'a mut [f32],
    of_value: &'a mut [f32],
    pieces: Vec<Piece>,
    heads: usize,
    kv_heads: usize,
    width: usize,
    window: Option<usize>,
    scoring: Scoring,
    slopes: Option<&'a [f32]>,
}

/// Neighbouring tokens of a sequence.
struct Piece {
    /// The first row of its queries among those of the job.
    start: usize,
    queries: usize,
    /// The row of each key that the last query may see, in the order of the sequence.
    keys: Vec<usize>,
}

impl Piece {
    /// `start` is the row of the job's first token.
    fn new(segments: &[Segment], number: usize, start: usize) -> Self {
        let line = line_of(segments, number);
        let rows = line.iter().flat_map(|&number| {
            let segment = &segments[number];
            segment.start - start..segment.start - start + segment.tokens.len()
        });
        Self {
            start: segments[number].start - start,
            queries: segments[number].tokens.len(),
            keys: rows.collect(),
        }
    }

    /// The keys that a query sees.
    fn sees(&self, query: usize, window: Option<usize>) -> std::ops::Range<usize> {
        let end = self.keys.len() - self.queries + query + 1;
        end - window.map_or(end, |window| window.min(end))..end
    }
}

/// Intermediate results for a head, in memory that is used again.
#[derive(Default)]
struct Buffers {
    /// Keys packed both ways.
    keys: Scratch,
    /// Values packed by key.
    values: Scratch,
    /// Queries packed by dimension.
    queries: Scratch,
    /// The output's gradient packed by dimension.
    gradients: Scratch,
    /// Gradients of a tile's probabilities.
    slopes: [Vec<f32>; TILE],
    /// Slopes of a tile's scores over those without a bound.
    bends: [Vec<f32>; TILE],
    /// Probabilities, a row a key, a column a query.
    probabilities: Vec<f32>,
    /// Gradients of the scores, in the same order.
    scores: Vec<f32>,
}

impl WithSimd for TreeJob<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let panel = 2 * S::F32_LANES;
        let sharing = self.heads / self.kv_heads;
        let mut buffers = Buffers::default();
        for piece in std::mem::take(&mut self.pieces) {
            let own = piece.start..piece.start + piece.queries;
            for kv_head in 0..self.kv_heads {
                let [keys, values] = [self.key, self.value]
                    .map(|x| rows(x, self.kv_heads, kv_head, self.width, &piece.keys));
                buffers.keys.pack_keys(&keys, self.width, panel);
                buffers.keys.pack_values(&keys, self.width, panel);
                buffers.values.pack_keys(&values, self.width, panel);
                for head in kv_head * sharing..(kv_head + 1) * sharing {
                    let [queries, gradients] = [self.query, self.gradient]
                        .map(|x| rows(x, self.heads, head, self.width, own.clone()));
                    buffers.queries.pack_values(&queries, self.width, panel);
                    buffers.gradients.pack_values(&gradients, self.width, panel);
                    self.of_queries(simd, head, &piece, [&queries, &gradients], &mut buffers);
                    self.of_keys(simd, kv_head, &piece, &buffers);
                }
            }
        }
    }
}

impl TreeJob<'_> {
    /// Probabilities, the gradients of the scores, and from them those of a head's queries.
    #[inline(always)]
    fn of_queries<S: Simd>(
        &mut self,
        simd: S,
        head: usize,
        piece: &Piece,
        [queries, gradients]: [&[&[f32]]; 2],
        buffers: &mut Buffers,
    ) {
        let panel = 2 * S::F32_LANES;
        let (length, all, width) = (piece.queries, piece.keys.len(), self.width);
        let scoring = self.scoring;
        let slope = self.slopes.map(|slopes| slopes[head]);
        let own = piece.start..piece.start + length;
        let attended = rows(self.attended, self.heads, head, width, own);
        for transposed in [&mut buffers.probabilities, &mut buffers.scores] {
            transposed.clear();
            transposed.resize(all * length, 0.0);
        }
        for first in (0..length).step_by(TILE) {
            // The last tile is filled up with its last row, which is then computed more than once.
            let tile: [usize; TILE] = std::array::from_fn(|n| (first + n).min(length - 1));
            let count = piece.sees(tile[TILE - 1], self.window).end;
            let Buffers {
                keys,
                values,
                slopes,
                bends,
                ..
            } = buffers;
            let scores = &mut keys.scores;
            times_keys(
                simd,
                tile.map(|row| queries[row]),
                &keys.keys,
                count,
                scores,
            );
            times_keys(
                simd,
                tile.map(|row| gradients[row]),
                &values.keys,
                count,
                slopes,
            );
            for (n, row) in tile.into_iter().enumerate() {
                let (scores, slopes, bends) = (&mut scores[n], &mut slopes[n], &mut bends[n]);
                if let Some(cap) = scoring.softcap {
                    bends.clear();
                    let of_score = |score: &f32| softcap_slope(score * scoring.scale, cap);
                    bends.extend(scores.iter().map(of_score));
                }
                let factor =
                    softmax_unnormalized(scores, piece.sees(row, self.window), scoring, slope);
                let delta = sum_of_products(attended[row], gradients[row]);
                for (score, slope) in scores.iter_mut().zip(slopes.iter_mut()) {
                    *score *= factor;
                    *slope = *score * (*slope - delta) * scoring.scale;
                }
                if scoring.softcap.is_some() {
                    for (slope, bend) in slopes.iter_mut().zip(bends.iter()) {
                        *slope *= bend;
                    }
                }
            }
            let rows = TILE.min(length - first);
            for (n, row) in tile.into_iter().enumerate().take(rows) {
                for key in piece.sees(row, self.window) {
                    buffers.probabilities[key * length + row] = scores[n][key];
                    buffers.scores[key * length + row] = slopes[n][key];
                }
            }
            let slopes = slopes.each_ref().map(|slopes| &slopes[..count]);
            for (number, keys) in keys.values.chunks_exact(panel * all).enumerate() {
                let sums = products(simd, slopes, &keys[..panel * count]);
                for (row, sums) in tile.into_iter().zip(sums).take(rows) {
                    let row = piece.start + row;
                    let row = &mut self.of_query[(row * self.heads + head) * width..][..width];
                    let row = &mut row[number * panel..];
                    let part = row.len().min(panel);
                    let sums: &[f32] = bytemuck::cast_slice(&sums);
                    row[..part].copy_from_slice(&sums[..part]);
                }
            }
        }
    }

    /// Adds what a head contributes to the gradients of its keys and values.
    #[inline(always)]
    fn of_keys<S: Simd>(&mut self, simd: S, kv_head: usize, piece: &Piece, buffers: &Buffers) {
        let panel = 2 * S::F32_LANES;
        let (length, all, width) = (piece.queries, piece.keys.len(), self.width);
        for first in (0..all).step_by(TILE) {
            let tile: [usize; TILE] = std::array::from_fn(|n| (first + n).min(all - 1));
            let keys = TILE.min(all - first);
            // No query before this one sees any of the tile's keys.
            let from = first.saturating_sub(all - length);
            for (transposed, packed, out) in [
                (&buffers.scores, &buffers.queries.values, &mut self.of_key),
                (
                    &buffers.probabilities,
                    &buffers.gradients.values,
                    &mut self.of_value,
                ),
            ] {
                let lines = tile.map(|key| &transposed[key * length + from..(key + 1) * length]);
                for (number, packed) in packed.chunks_exact(panel * length).enumerate() {
                    let sums = products(simd, lines, &packed[panel * from..]);
                    for (key, sums) in tile.into_iter().zip(sums).take(keys) {
                        let row = piece.keys[key];
                        let row = &mut out[(row * self.kv_heads + kv_head) * width..][..width];
                        let sums: &[f32] = bytemuck::cast_slice(&sums);
                        for (out, sum) in row[number * panel..].iter_mut().zip(sums) {
                            *out += sum;
                        }
                    }
                }
            }
        }
    }
}

/// A head's numbers of some tokens.
fn rows<I>(x: &[f32], heads: usize, head: usize, width: usize, tokens: I) -> Vec<&[f32]>
where
    I: IntoIterator,
    I::Item: Borrow<usize>,
{
    let row = |token: I::Item| &x[(token.borrow() * heads + head) * width..][..width];
    tokens.into_iter().map(row).collect()
}

/// Products of a tile's rows with the first `count` keys.
#[inline(always)]
fn times_keys<S: Simd>(
    simd: S,
    tile: [&[f32]; TILE],
    keys: &[f32],
    count: usize,
    out: &mut [Vec<f32>; TILE],
) {
    let panel = 2 * S::F32_LANES;
    let width = tile[0].len();
    for out in out.iter_mut() {
        out.resize(count.next_multiple_of(panel), 0.0);
    }
    let panels = keys.chunks_exact(panel * width).take(count.div_ceil(panel));
    for (number, keys) in panels.enumerate() {
        for (out, products) in out.iter_mut().zip(products(simd, tile, keys)) {
            let place = &mut out[number * panel..][..panel];
            place.copy_from_slice(bytemuck::cast_slice(&products));
        }
    }
}
