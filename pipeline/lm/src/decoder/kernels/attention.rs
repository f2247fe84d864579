use super::{
    Floats,
    panels::{Scratch, TILE, products},
    tensor,
};
use crate::{
    decoder::{
        attention::Scoring,
        cache::KeyValue,
        segment::{Segment, line_of},
    },
    functions::{exp, tanh},
    simd::{max_of, sum_of},
};
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// The inputs of attention over some pieces of sequences.
pub(in crate::decoder) struct AttentionInput<'a> {
    /// `[queries, heads, head_dim]`: of each token of the pieces, or of each that is asked for.
    pub(in crate::decoder) query: &'a Tensor<3>,
    /// `[tokens, kv_heads, head_dim]`, of the pieces' tokens.
    pub(in crate::decoder) own: &'a KeyValue,
    pub(in crate::decoder) segments: &'a [Segment<'a>],
    /// The layer's number in the caches.
    pub(in crate::decoder) layer: usize,
    /// Whether only tokens that are asked for have a query.
    pub(in crate::decoder) asked_only: bool,
    /// Tokens that a query sees, itself included; `None` for all before it.
    pub(in crate::decoder) window: Option<usize>,
    pub(in crate::decoder) scoring: Scoring,
    /// ALiBi's slopes, of each head.
    pub(in crate::decoder) slopes: Option<&'a [f32]>,
}

/// Queries that a thread computes at a time.
const BLOCK: usize = 64;

/// Attention of every piece to what is before it and itself, `[queries, heads · head_dim]`: keys and values are read where
/// they lie, query heads share them, and scores do not leave the caches of a core.
pub(in crate::decoder) fn attend(input: &AttentionInput) -> Tensor<2> {
    let arch = Arch::new();
    attend_by(input, |job| arch.dispatch(job))
}

/// [`attend`] with the instructions that `dispatch` chooses.
pub(super) fn attend_by(
    input: &AttentionInput,
    dispatch: impl Fn(QueryBlock) + Send + Sync,
) -> Tensor<2> {
    let [queries, heads, width] = input.query.dims();
    let query = Floats::of(input.query);
    let own = [&input.own.key, &input.own.value].map(Floats::of);
    let [_, kv_heads, _] = input.own.key.dims();
    let shape = Shape {
        heads,
        kv_heads,
        width,
    };
    let past: Vec<Vec<[Floats; 2]>> = input
        .segments
        .iter()
        .map(|segment| {
            let cached = segment
                .past
                .map_or(&[][..], |past| &past.layers[input.layer]);
            let floats = |cached: &KeyValue| [&cached.key, &cached.value].map(Floats::of);
            cached.iter().map(floats).collect()
        })
        .collect();
    let mut out = vec![0.0; queries * heads * width];
    let (mut query, mut rest) = (query.values(), out.as_mut_slice());
    let mut blocks = Vec::new();
    for (number, segment) in input.segments.iter().enumerate() {
        let line = line_of(input.segments, number);
        let past = past[line[0]]
            .iter()
            .map(|cached| cached.each_ref().map(Floats::values));
        let here = line.iter().map(|&number| {
            let Segment { start, tokens, .. } = input.segments[number];
            own.each_ref().map(|own| {
                let row = kv_heads * width;
                &own.values()[start * row..(start + tokens.len()) * row]
            })
        });
        let segments: Vec<_> = past.chain(here).collect();
        let mut position = if input.asked_only {
            segment.end() - segment.outputs
        } else {
            segment.position
        };
        while position < segment.end() {
            let rows = BLOCK.min(segment.end() - position);
            let (now, later) = std::mem::take(&mut rest).split_at_mut(rows * heads * width);
            rest = later;
            blocks.push(QueryBlock {
                query: &query[..now.len()],
                segments: segments.clone(),
                position,
                shape,
                window: input.window,
                scoring: input.scoring,
                slopes: input.slopes,
                out: now,
            });
            query = &query[rows * heads * width..];
            position += rows;
        }
    }
    blocks.into_par_iter().for_each(dispatch);
    tensor(out, [queries, heads * width])
}

#[derive(Clone, Copy)]
struct Shape {
    heads: usize,
    kv_heads: usize,
    width: usize,
}

/// Neighbouring queries of a sequence, which a thread computes.
pub(super) struct QueryBlock<'a> {
    query: &'a [f32],
    /// Keys and values, segment by segment.
    segments: Vec<[&'a [f32]; 2]>,
    /// The position of the first query.
    position: usize,
    shape: Shape,
    window: Option<usize>,
    scoring: Scoring,
    slopes: Option<&'a [f32]>,
    out: &'a mut [f32],
}

/// A query of one head.
#[derive(Clone, Copy)]
struct HeadQuery {
    head: usize,
    row: usize,
}

impl WithSimd for QueryBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.query.len() / (self.shape.heads * self.shape.width);
        let sharing = self.shape.heads / self.shape.kv_heads;
        let from = self.sees(0).start;
        let to = self.sees(rows - 1).end;
        let mut scratch = Scratch::default();
        for kv_head in 0..self.shape.kv_heads {
            let lines: Vec<HeadQuery> = (0..sharing)
                .map(|number| kv_head * sharing + number)
                .flat_map(|head| (0..rows).map(move |row| HeadQuery { head, row }))
                .collect();
            let [keys, values] = self.rows(kv_head, from, to);
            let panel = 2 * S::F32_LANES;
            scratch.pack_keys(&keys, self.shape.width, panel);
            scratch.pack_values(&values, self.shape.width, panel);
            for lines in lines.chunks(TILE) {
                // The last tile is filled up with its last line, which is then computed more than once.
                let lines = std::array::from_fn(|n| lines[n.min(lines.len() - 1)]);
                self.tile(simd, lines, from, &mut scratch);
            }
        }
    }
}

impl<'a> QueryBlock<'a> {
    /// The keys that a row sees.
    fn sees(&self, row: usize) -> std::ops::Range<usize> {
        let end = self.position + row + 1;
        end - self.window.map_or(end, |window| window.min(end))..end
    }

    /// Keys and values of a head, of the tokens `from..to`.
    fn rows(&self, kv_head: usize, from: usize, to: usize) -> [Vec<&'a [f32]>; 2] {
        let Shape {
            kv_heads, width, ..
        } = self.shape;
        [0, 1].map(|which| {
            let tokens = self
                .segments
                .iter()
                .flat_map(|segment| segment[which].chunks_exact(kv_heads * width));
            let rows = tokens.map(|token| &token[kv_head * width..][..width]);
            rows.skip(from).take(to - from).collect()
        })
    }

    fn query(&self, line: HeadQuery) -> &[f32] {
        let Shape { heads, width, .. } = self.shape;
        &self.query[(line.row * heads + line.head) * width..][..width]
    }

    fn out(&mut self, line: HeadQuery) -> &mut [f32] {
        let Shape { heads, width, .. } = self.shape;
        &mut self.out[(line.row * heads + line.head) * width..][..width]
    }

    /// [`softmax_unnormalized`] of the products with the keys from `from` on.
    #[inline(always)]
    fn softmax_unnormalized(&self, line: HeadQuery, from: usize, scores: &mut [f32]) -> f32 {
        let sees = self.sees(line.row);
        let slope = self.slopes.map(|slopes| slopes[line.head]);
        let sees = sees.start - from..sees.end - from;
        softmax_unnormalized(scores, sees, self.scoring, slope)
    }

    #[inline(always)]
    fn tile<S: Simd>(
        &mut self,
        simd: S,
        lines: [HeadQuery; TILE],
        from: usize,
        scratch: &mut Scratch,
    ) {
        let panel = 2 * S::F32_LANES;
        let width = self.shape.width;
        // The keys that any of the lines sees.
        let count = lines.map(|line| self.sees(line.row).end - from);
        let count = count.into_iter().fold(0, usize::max);
        let Scratch {
            keys,
            values,
            scores,
        } = scratch;
        let queries = lines.map(|line| self.query(line));
        for scores in scores.iter_mut() {
            scores.resize(count.next_multiple_of(panel), 0.0);
        }
        for (number, keys) in keys.chunks_exact(panel * width).enumerate() {
            if number * panel >= count {
                break;
            }
            let products = products(simd, queries, keys);
            for (scores, products) in scores.iter_mut().zip(products) {
                let place = &mut scores[number * panel..][..panel];
                place.copy_from_slice(bytemuck::cast_slice(&products));
            }
        }
        let mut factors = [0.0; TILE];
        for ((factor, line), scores) in factors.iter_mut().zip(lines).zip(scores.iter_mut()) {
            *factor = self.softmax_unnormalized(line, from, scores);
        }
        let all = values.len() / width.next_multiple_of(panel);
        let scores = scores.each_ref().map(|scores| &scores[..count]);
        for (number, values) in values.chunks_exact(panel * all).enumerate() {
            let sums = products(simd, scores, &values[..panel * count]);
            for ((line, sums), factor) in lines.into_iter().zip(sums).zip(factors) {
                let out = &mut self.out(line)[number * panel..];
                let factor = simd.splat_f32s(factor);
                let sums = [
                    simd.mul_f32s(sums[0], factor),
                    simd.mul_f32s(sums[1], factor),
                ];
                let sums: &[f32] = bytemuck::cast_slice(&sums);
                let part = out.len().min(panel);
                out[..part].copy_from_slice(&sums[..part]);
            }
        }
    }
}

/// `cap · tanh(x / cap)`, and NaN of infinity: it would become the bound unnoticed.
#[inline(always)]
pub(super) fn softcapped(x: f32, cap: f32) -> f32 {
    cap * tanh(x / cap) + x * 0.0
}

/// The slope of [`softcapped`].
#[inline(always)]
pub(super) fn softcap_slope(x: f32, cap: f32) -> f32 {
    let bent = tanh(x / cap);
    1.0 - bent * bent
}

/// Softmax without its last step: turns products with keys into exponentials, with 0 for keys that are not `seen`, and
/// returns the factor that makes them probabilities.
#[inline(always)]
pub(super) fn softmax_unnormalized(
    scores: &mut [f32],
    seen: std::ops::Range<usize>,
    scoring: Scoring,
    slope: Option<f32>,
) -> f32 {
    let (before, rest) = scores.split_at_mut(seen.start);
    before.fill(0.0);
    let (seen, after) = rest.split_at_mut(seen.len());
    after.fill(0.0);
    for score in seen.iter_mut() {
        *score *= scoring.scale;
    }
    if let Some(cap) = scoring.softcap {
        for score in seen.iter_mut() {
            *score = softcapped(*score, cap);
        }
    }
    if let Some(slope) = slope {
        let nearest = seen.len() as f32 - 1.0;
        for (place, score) in seen.iter_mut().enumerate() {
            *score += slope * (place as f32 - nearest);
        }
    }
    let most = max_of(seen);
    for score in seen.iter_mut() {
        *score = exp(*score - most);
    }
    1.0 / sum_of(seen, |score| score)
}
