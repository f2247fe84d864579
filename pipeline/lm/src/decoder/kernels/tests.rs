//! Attention against its definition, in the processor's instructions and without any.

use super::{
    Floats,
    attention::{AttentionInput, attend, attend_by},
    rotate, tensor,
};
use crate::{
    RopePairs,
    decoder::{
        attention::Scoring,
        cache::{KeyValue, KvCache},
        segment::{Segment, line_of},
    },
};
use burn::tensor::Tensor;
use pulp::{Scalar, WithSimd};

const HEADS: usize = 6;
const KV_HEADS: usize = 2;
// No multiple of a vector.
const WIDTH: usize = 20;

/// Scores as most families have them, and with a bound that matters.
pub(super) fn scorings() -> [Scoring; 2] {
    let scale = 1.0 / (WIDTH as f32).sqrt();
    [
        Scoring {
            scale,
            softcap: None,
        },
        Scoring {
            scale: 0.4,
            softcap: Some(0.7),
        },
    ]
}

/// A product of a query and a key as a score, in f64.
pub(super) fn scored(product: f64, scoring: Scoring) -> f64 {
    let score = product * f64::from(scoring.scale);
    match scoring.softcap.map(f64::from) {
        Some(cap) => cap * (score / cap).tanh(),
        None => score,
    }
}

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
    scoring: Scoring,
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
            (scored(product(query, key), scoring) - f64::from(slope) * distance).exp()
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

/// The lengths of pieces, and what each comes after: a cache, another piece, or nothing.
#[derive(Clone, Copy)]
enum After {
    Nothing,
    Cache,
    Piece(usize),
}

/// Pieces of several lengths, longer than what a thread takes and than any panel, with and without what is before them.
fn check(
    pieces: &[(usize, After)],
    window: Option<usize>,
    scoring: Scoring,
    slopes: Option<&[f32]>,
    ends: bool,
) {
    let past = KvCache {
        layers: vec![vec![key_value(70, 10), key_value(5, 20)]],
        tokens: 75,
    };
    let ids = [0; 150];
    let mut segments: Vec<Segment> = Vec::new();
    for &(tokens, after) in pieces {
        let last = segments.last();
        segments.push(Segment {
            tokens: &ids[..tokens],
            past: matches!(after, After::Cache).then_some(&past),
            parent: match after {
                After::Piece(number) => Some(number),
                After::Nothing | After::Cache => None,
            },
            start: last.map_or(0, |last| last.start + last.tokens.len()),
            position: match after {
                After::Nothing => 0,
                After::Cache => past.tokens,
                After::Piece(number) => segments[number].end(),
            },
            outputs: if ends { 2.min(tokens) } else { tokens },
        });
    }
    let own = key_value(pieces.iter().map(|(tokens, _)| tokens).sum(), 30);
    let queries = segments.iter().map(|segment| segment.outputs).sum();
    let query = numbers(queries, HEADS, 40);
    let input = AttentionInput {
        query: &query,
        own: &own,
        segments: &segments,
        layer: 0,
        asked_only: ends,
        window,
        scoring,
        slopes,
    };
    let found = [
        attend(&input),
        attend_by(&input, |job| job.with_simd(Scalar::new())),
    ];
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        // Where the processor has wider vectors, they give the same bits.
        let by_avx2 = attend_by(&input, |job| pulp::Simd::vectorize(avx2, job));
        let [ours, theirs] = [&found[0], &by_avx2].map(Floats::of);
        let mut pairs = ours.values().iter().zip(theirs.values());
        assert!(pairs.all(|(a, b)| a.to_bits() == b.to_bits()), "AVX2");
    }
    let floats = |x: &KeyValue| [Floats::of(&x.key), Floats::of(&x.value)];
    let (own, query) = (floats(&own), Floats::of(&query));
    let past: Vec<_> = past.layers[0].iter().map(floats).collect();
    let mut row = 0;
    for (number, segment) in segments.iter().enumerate() {
        let line = line_of(&segments, number);
        for asking in segment.tokens.len() - segment.outputs..segment.tokens.len() {
            for head in 0..HEADS {
                let kv_head = head / (HEADS / KV_HEADS);
                let part = |x: &[f32], token: usize| {
                    x[(token * KV_HEADS + kv_head) * WIDTH..][..WIDTH].to_vec()
                };
                let mut tokens = Vec::new();
                for [key, value] in past.iter().filter(|_| segments[line[0]].past.is_some()) {
                    let count = key.values().len() / (KV_HEADS * WIDTH);
                    tokens.extend(
                        (0..count).map(|n| (part(key.values(), n), part(value.values(), n))),
                    );
                }
                for &before in &line {
                    let Segment {
                        start, tokens: ids, ..
                    } = segments[before];
                    let seen = if before == number {
                        asking + 1
                    } else {
                        ids.len()
                    };
                    tokens.extend(
                        (start..start + seen)
                            .map(|n| (part(own[0].values(), n), part(own[1].values(), n))),
                    );
                }
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
                    scoring,
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
    }
}

#[test]
fn attention_is_what_its_definition_says() {
    let slopes = [0.5, 0.25, 0.1, 0.05, 0.02, 0.01];
    let whole = [
        (150, After::Nothing),
        (90, After::Cache),
        (1, After::Cache),
        (3, After::Nothing),
    ];
    // Two that begin with the same 40 tokens, of which one goes on in two ways.
    let tree = [
        (40, After::Cache),
        (70, After::Piece(0)),
        (5, After::Piece(1)),
        (1, After::Piece(1)),
        (30, After::Piece(0)),
        (12, After::Nothing),
        (9, After::Piece(5)),
    ];
    for pieces in [whole.as_slice(), &tree] {
        for ends in [false, true] {
            for scoring in scorings() {
                check(pieces, None, scoring, None, ends);
                check(pieces, Some(37), scoring, None, ends);
            }
            check(pieces, None, scorings()[0], Some(&slopes), ends);
        }
    }
}

#[test]
fn an_infinite_score_does_not_become_the_bound() {
    let query = tensor(vec![1e30; HEADS * WIDTH], [1, HEADS, WIDTH]);
    let key = tensor(vec![1e30; KV_HEADS * WIDTH], [1, KV_HEADS, WIDTH]);
    let own = KeyValue {
        value: key.clone(),
        key,
    };
    let segments = [Segment {
        tokens: &[0],
        past: None,
        parent: None,
        start: 0,
        position: 0,
        outputs: 1,
    }];
    for scoring in scorings() {
        let attended = attend(&AttentionInput {
            query: &query,
            own: &own,
            segments: &segments,
            layer: 0,
            asked_only: false,
            window: None,
            scoring,
            slopes: None,
        });
        let attended = Floats::of(&attended);
        assert!(attended.values().iter().all(|x| x.is_nan()), "{scoring:?}");
    }
}

/// By hand: a quarter turn takes (a, b) to (-b, a); what is not rotated stays.
#[test]
fn the_beginning_of_every_head_is_rotated_in_halves_or_neighbours() {
    let head = |first: f32| (0..6).map(move |n| first + n as f32);
    let x: Vec<f32> = head(0.0).chain(head(10.0)).collect();
    let (cosines, sines) = ([0.0, 0.0], [1.0, 1.0]);
    for (pairs, expected) in [
        (RopePairs::Halves, [-2.0, -3.0, 0.0, 1.0, 4.0, 5.0]),
        (RopePairs::Neighbours, [-1.0, 0.0, -3.0, 2.0, 4.0, 5.0]),
    ] {
        let rotated = rotate(tensor(x.clone(), [1, 2, 6]), pairs, &cosines, &sines);
        let rotated = Floats::of(&rotated);
        assert_eq!(rotated.values()[..6], expected, "{pairs:?}");
        let second = [-12.0, -13.0, 10.0, 11.0, 14.0, 15.0];
        let second = match pairs {
            RopePairs::Halves => second,
            RopePairs::Neighbours => [-11.0, 10.0, -13.0, 12.0, 14.0, 15.0],
        };
        assert_eq!(rotated.values()[6..], second, "{pairs:?}");
    }
}
