//! Attention against its definition, in the processor's instructions and without any.

use super::{
    Floats,
    attention::{AttentionInput, attend, attend_by},
    tensor,
};
use crate::decoder::{
    cache::{KeyValue, KvCache},
    sequence::Sequence,
};
use burn::tensor::Tensor;
use pulp::{Scalar, WithSimd};

const HEADS: usize = 6;
const KV_HEADS: usize = 2;
// No multiple of a vector.
const WIDTH: usize = 20;

/// Numbers without a pattern that a mistake could hide in, between -1 and 1.
fn numbers(tokens: usize, heads: usize, seed: usize) -> Tensor<3> {
    let number = |n: usize| ((n * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0;
    let values = (0..tokens * heads * WIDTH).map(number).collect();
    tensor(values, [tokens, heads, WIDTH])
}

fn key_value(tokens: usize, seed: usize) -> KeyValue {
    KeyValue {
        key: numbers(tokens, KV_HEADS, seed),
        value: numbers(tokens, KV_HEADS, seed + 1),
    }
}

/// The definition, number by number, in f64: of one query among the keys and values of its sequence.
fn expected(
    query: &[f32],
    tokens: &[(&[f32], &[f32])],
    window: Option<usize>,
    slope: f32,
) -> Vec<f64> {
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let seen = &tokens[tokens.len() - window.unwrap_or(tokens.len()).min(tokens.len())..];
    let weights: Vec<f64> = seen
        .iter()
        .enumerate()
        .map(|(place, (key, _))| {
            let distance = (seen.len() - 1 - place) as f64;
            (product(query, key) / (WIDTH as f64).sqrt() - f64::from(slope) * distance).exp()
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let at = |d: usize| {
        seen.iter()
            .zip(&weights)
            .map(move |((_, v), w)| f64::from(v[d]) * w)
    };
    (0..WIDTH).map(|d| at(d).sum::<f64>() / total).collect()
}

/// Sequences of several lengths, longer than what a thread takes and than any panel, with and without a past.
fn check(window: Option<usize>, slopes: Option<&[f32]>, ends: bool) {
    let past = KvCache {
        layers: vec![vec![key_value(70, 10), key_value(5, 20)]],
        tokens: 75,
    };
    let ids = [0; 150];
    let sequences = [(150, None), (90, Some(&past)), (1, Some(&past)), (3, None)];
    let sequences = sequences.map(|(tokens, past)| Sequence {
        tokens: &ids[..tokens],
        past,
    });
    let own = key_value(244, 30);
    let queries = if ends { 4 } else { 244 };
    let query = numbers(queries, HEADS, 40);
    let input = AttentionInput {
        query: &query,
        own: &own,
        sequences: &sequences,
        layer: 0,
        last_only: ends,
        window,
        slopes,
    };
    let found = [
        attend(&input),
        attend_by(&input, |job| job.with_simd(Scalar::new())),
    ];
    let floats = |x: &KeyValue| [Floats::of(&x.key), Floats::of(&x.value)];
    let (own, query) = (floats(&own), Floats::of(&query));
    let past: Vec<_> = past.layers[0].iter().map(floats).collect();
    let (mut start, mut row) = (0, 0);
    for sequence in &sequences {
        let length = sequence.tokens.len();
        for asking in if ends { length - 1..length } else { 0..length } {
            for head in 0..HEADS {
                let kv_head = head / (HEADS / KV_HEADS);
                let part = |x: &[f32], token: usize| {
                    x[(token * KV_HEADS + kv_head) * WIDTH..][..WIDTH].to_vec()
                };
                let mut tokens = Vec::new();
                for [key, value] in past.iter().filter(|_| sequence.past.is_some()) {
                    let count = key.values().len() / (KV_HEADS * WIDTH);
                    tokens.extend(
                        (0..count).map(|n| (part(key.values(), n), part(value.values(), n))),
                    );
                }
                tokens.extend(
                    (start..=start + asking)
                        .map(|n| (part(own[0].values(), n), part(own[1].values(), n))),
                );
                let tokens: Vec<_> = tokens
                    .iter()
                    .map(|(k, v)| (k.as_slice(), v.as_slice()))
                    .collect();
                let place = (row * HEADS + head) * WIDTH;
                let slope = slopes.map_or(0.0, |slopes| slopes[head]);
                let wanted = expected(
                    &query.values()[place..place + WIDTH],
                    &tokens,
                    window,
                    slope,
                );
                for found in &found {
                    let found = Floats::of(found);
                    for (found, wanted) in found.values()[place..].iter().zip(wanted.iter()) {
                        assert!(
                            (f64::from(*found) - wanted).abs() < 1e-5,
                            "{found}, not {wanted}"
                        );
                    }
                }
            }
            row += 1;
        }
        start += length;
    }
}

#[test]
fn attention_is_what_its_definition_says() {
    let slopes = [0.5, 0.25, 0.1, 0.05, 0.02, 0.01];
    for ends in [false, true] {
        check(None, None, ends);
        check(Some(37), None, ends);
        check(None, Some(&slopes), ends);
    }
}
