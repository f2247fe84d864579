//! Gradients against differences of what they are the gradients of, which is computed in f64 from its definition.

use super::{
    AttentionBackwardInput, Floats, attend_backward,
    attention_backward::attend_backward_by,
    cross_entropy, dropout, finish_logits, finish_logits_backward, gated_silu_backward,
    gelu_backward, gelu_tanh_backward, norm_backward, norm_weights_backward, tensor,
    tests::{scored, scorings},
};
use crate::{
    Norm, RmsWeight,
    decoder::{
        attention::Scoring,
        cache::KeyValue,
        segment::{Segment, line_of},
    },
};
use burn::tensor::Tensor;
use pulp::{Scalar, WithSimd};

const HEADS: usize = 6;
const KV_HEADS: usize = 2;
// No multiple of a vector.
const WIDTH: usize = 20;

/// Numbers without a pattern that a mistake could hide in, between -1 and 1.
fn numbers(count: usize, seed: usize) -> Vec<f64> {
    let number = |n: usize| ((n * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0;
    (0..count).map(|n| f64::from(number(n))).collect()
}

fn narrow<const D: usize>(values: &[f64], shape: [usize; D]) -> Tensor<D> {
    tensor(values.iter().map(|x| *x as f32).collect(), shape)
}

fn wide<const D: usize>(x: &Tensor<D>) -> Vec<f64> {
    let x = Floats::of(x);
    x.values().iter().map(|x| f64::from(*x)).collect()
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Checks `gradient`, that of `value` at `x`, along some directions.
fn check(value: impl Fn(&[f64]) -> f64, x: &[f64], gradient: &[f64]) {
    const STEP: f64 = 1e-5;
    assert_eq!(x.len(), gradient.len());
    for seed in 100..103 {
        let direction = numbers(x.len(), seed);
        let moved = |step: f64| -> Vec<f64> {
            x.iter()
                .zip(&direction)
                .map(|(x, d)| x + step * d)
                .collect()
        };
        let expected = (value(&moved(STEP)) - value(&moved(-STEP))) / (2.0 * STEP);
        let found = product(gradient, &direction);
        let close = 2e-5 * (1.0 + expected.abs()) * (x.len() as f64).sqrt();
        assert!((found - expected).abs() < close, "{found}, not {expected}");
    }
}

/// The output of attention for pieces of sequences, `[tokens, heads · head_dim]`.
fn attention(
    [query, key, value]: [&[f64]; 3],
    segments: &[Segment],
    window: Option<usize>,
    scoring: Scoring,
    slopes: Option<&[f32]>,
) -> Vec<f64> {
    let mut out = Vec::with_capacity(query.len());
    for number in 0..segments.len() {
        let line = line_of(segments, number);
        let rows = line.iter().flat_map(|&before| {
            let segment = &segments[before];
            segment.start..segment.start + segment.tokens.len()
        });
        let rows: Vec<usize> = rows.collect();
        let length = segments[number].tokens.len();
        for row in rows.len() - length..rows.len() {
            for head in 0..HEADS {
                let kv_head = head / (HEADS / KV_HEADS);
                let query = &query[(rows[row] * HEADS + head) * WIDTH..][..WIDTH];
                let part = |x: &[f64], token: usize| -> Vec<f64> {
                    x[(rows[token] * KV_HEADS + kv_head) * WIDTH..][..WIDTH].to_vec()
                };
                let first = (row + 1) - window.unwrap_or(row + 1).min(row + 1);
                let slope = slopes.map_or(0.0, |slopes| f64::from(slopes[head]));
                let weights: Vec<f64> = (first..=row)
                    .map(|token| {
                        let score = scored(product(query, &part(key, token)), scoring);
                        (score - slope * (row - token) as f64).exp()
                    })
                    .collect();
                let total: f64 = weights.iter().sum();
                let values: Vec<Vec<f64>> = (first..=row).map(|n| part(value, n)).collect();
                out.extend((0..WIDTH).map(|d| {
                    let all = values.iter().zip(&weights);
                    all.map(|(value, weight)| value[d] * weight).sum::<f64>() / total
                }));
            }
        }
    }
    out
}

/// Lengths of pieces, and the piece that each comes after.
fn check_attention(
    pieces: &[(usize, Option<usize>)],
    window: Option<usize>,
    scoring: Scoring,
    slopes: Option<&[f32]>,
) {
    let ids = [0; 75];
    let mut segments: Vec<Segment> = Vec::new();
    for &(tokens, parent) in pieces {
        let last = segments.last();
        segments.push(Segment {
            tokens: &ids[..tokens],
            past: None,
            parent,
            start: last.map_or(0, |last| last.start + last.tokens.len()),
            position: parent.map_or(0, |parent| segments[parent].end()),
            outputs: tokens,
        });
    }
    let tokens: usize = pieces.iter().map(|(tokens, _)| tokens).sum();
    let query = numbers(tokens * HEADS * WIDTH, 1);
    let key = numbers(tokens * KV_HEADS * WIDTH, 2);
    let value = numbers(tokens * KV_HEADS * WIDTH, 3);
    let above = numbers(tokens * HEADS * WIDTH, 4);
    let attended = attention([&query, &key, &value], &segments, window, scoring, slopes);
    let input = AttentionBackwardInput {
        query: &narrow(&query, [tokens, HEADS, WIDTH]),
        own: &KeyValue {
            key: narrow(&key, [tokens, KV_HEADS, WIDTH]),
            value: narrow(&value, [tokens, KV_HEADS, WIDTH]),
        },
        attended: &narrow(&attended, [tokens, HEADS * WIDTH]),
        gradient: &narrow(&above, [tokens, HEADS * WIDTH]),
        segments: &segments,
        window,
        scoring,
        slopes,
    };
    let scalar = attend_backward_by(&input, |job| job.with_simd(Scalar::new()));
    for [of_query, of_key, of_value] in [attend_backward(&input), scalar] {
        let loss = |parts: [&[f64]; 3]| {
            product(
                &attention(parts, &segments, window, scoring, slopes),
                &above,
            )
        };
        check(|x| loss([x, &key, &value]), &query, &wide(&of_query));
        check(|x| loss([&query, x, &value]), &key, &wide(&of_key));
        check(|x| loss([&query, &key, x]), &value, &wide(&of_value));
    }
}

#[test]
fn gradients_of_attention_are_its_differences() {
    // Longer than a panel, no multiple of a tile, a single token.
    let whole = [(75, None), (34, None), (1, None), (3, None)];
    // What several go on from, in the middle of a tile and not.
    let tree = [
        (21, None),
        (40, Some(0)),
        (5, Some(1)),
        (1, Some(1)),
        (16, Some(0)),
        (12, None),
    ];
    for pieces in [whole.as_slice(), &tree] {
        for scoring in scorings() {
            check_attention(pieces, None, scoring, None);
            check_attention(pieces, Some(17), scoring, None);
        }
        let slopes = [0.5, 0.25, 0.1, 0.05, 0.02, 0.01];
        check_attention(pieces, None, scorings()[0], Some(&slopes));
    }
}

#[test]
fn gradients_of_norms_are_their_differences() {
    let (rows, width) = (3, 45);
    let x = numbers(rows * width, 1);
    let weight = numbers(width, 2);
    let above = numbers(rows * width, 3);
    let epsilon = 1e-3;
    let root_mean_square = Norm::Rms {
        epsilon,
        weight: RmsWeight::Rounded,
    };
    let layer_norm = Norm::Layer {
        epsilon,
        bias: true,
    };
    for (kind, centred) in [(root_mean_square, false), (layer_norm, true)] {
        let loss = |x: &[f64], weight: &[f64], bias: &[f64]| -> f64 {
            let rows = x.chunks(width).zip(above.chunks(width));
            rows.map(|(x, above)| {
                let mean = if centred {
                    x.iter().sum::<f64>() / width as f64
                } else {
                    0.0
                };
                let x: Vec<f64> = x.iter().map(|x| x - mean).collect();
                let scale = 1.0 / (product(&x, &x) / width as f64 + 1e-3).sqrt();
                let numbers = x.iter().zip(weight).zip(bias).zip(above);
                numbers
                    .map(|(((x, w), b), above)| (x * scale * w + b) * above)
                    .sum::<f64>()
            })
            .sum()
        };
        let bias = vec![0.0; width];
        let [x32, above32] = [&x, &above].map(|x| narrow(x, [rows, width]));
        let found = norm_backward(&x32, kind, &narrow(&weight, [width]), above32.clone());
        check(|x| loss(x, &weight, &bias), &x, &wide(&found));
        let [of_weight, of_bias] = norm_weights_backward(&x32, kind, &above32);
        check(|weight| loss(&x, weight, &bias), &weight, &wide(&of_weight));
        check(|bias| loss(&x, &weight, bias), &bias, &wide(&of_bias));
    }
}

#[test]
fn gradients_of_activations_are_their_differences() {
    let shape = [3, 45];
    let [x, up, above] = [1, 2, 3].map(|seed| numbers(shape.iter().product(), seed));
    let x: Vec<f64> = x.iter().map(|x| 4.0 * x).collect();
    let [x32, up32, above32] = [&x, &up, &above].map(|x| narrow(x, shape));
    let [of_gate, of_up] = gated_silu_backward(&x32, &up32, above32.clone());
    let silu = |gate: &[f64], up: &[f64]| -> f64 {
        let numbers = gate.iter().zip(up).zip(&above);
        numbers
            .map(|((gate, up), above)| gate / (1.0 + (-gate).exp()) * up * above)
            .sum()
    };
    check(|gate| silu(gate, &up), &x, &wide(&of_gate));
    check(|up| silu(&x, up), &up, &wide(&of_up));
    let gelu = |x: &[f64]| -> f64 {
        let inner = |x: f64| (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
        let numbers = x.iter().zip(&above);
        numbers
            .map(|(x, above)| 0.5 * x * (1.0 + inner(*x).tanh()) * above)
            .sum()
    };
    let found = gelu_tanh_backward(&x32, above32.clone());
    check(gelu, &x, &wide(&found));
    // The error function by its series, of which forty terms are enough below 4.
    let exact = |x: &[f64]| -> f64 {
        let erf = |x: f64| {
            let mut term = x;
            let mut sum = x;
            for n in 1..60 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            sum * std::f64::consts::FRAC_2_SQRT_PI
        };
        let numbers = x.iter().zip(&above);
        numbers
            .map(|(x, above)| 0.5 * x * (1.0 + erf(x / 2.0_f64.sqrt())) * above)
            .sum()
    };
    check(exact, &x, &wide(&gelu_backward(&x32, above32)));
}

#[test]
fn gradients_of_scaled_and_bounded_logits_are_their_differences() {
    let shape = [3, 45];
    let [x, above] = [1, 2].map(|seed| numbers(shape.iter().product(), seed));
    for (scale, softcap) in [(0.25_f32, None), (3.0, Some(1.5_f32))] {
        let finished = |x: f64| {
            let scaled = x * f64::from(scale);
            match softcap.map(f64::from) {
                Some(cap) => cap * (scaled / cap).tanh(),
                None => scaled,
            }
        };
        let found = wide(&finish_logits(narrow(&x, shape), scale, softcap));
        for (found, x) in found.iter().zip(&x) {
            assert!((found - finished(*x)).abs() < 1e-6);
        }
        let loss = |x: &[f64]| -> f64 {
            let numbers = x.iter().zip(&above);
            numbers.map(|(x, above)| finished(*x) * above).sum()
        };
        let [x32, above32] = [&x, &above].map(|x| narrow(x, shape));
        let gradient = finish_logits_backward(&x32, above32, scale, softcap);
        check(loss, &x, &wide(&gradient));
    }
    let infinite = finish_logits(narrow(&[f64::INFINITY], [1, 1]), 1.0, Some(30.0));
    assert!(wide(&infinite)[0].is_nan());
}

#[test]
fn cross_entropy_is_that_of_the_target() {
    // By hand: logits of 1, 2 and 5 eighths.
    let logits = [1.0_f64, 2.0, 5.0].map(f64::ln);
    let rows: Vec<f64> = [logits, logits.map(|x| x + 50.0)].concat();
    let (losses, gradient) = cross_entropy(narrow(&rows, [2, 3]), &[1, 2], 0.5);
    let expected = [(8.0_f64 / 2.0).ln(), (8.0_f64 / 5.0).ln()];
    for (found, expected) in losses.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
    let expected = [1.0, 2.0 - 8.0, 5.0, 1.0, 2.0, 5.0 - 8.0].map(|x| x / 16.0);
    for (found, expected) in wide(&gradient).into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}

#[test]
fn dropout_leaves_out_its_share_and_makes_up_for_it() {
    let shape = [200, 500];
    let ones = || tensor(vec![1.0; 100_000], shape);
    let dropped = wide(&dropout(ones(), 0.1, 7));
    let zeros = dropped.iter().filter(|x| **x == 0.0).count();
    // Five deviations of 100,000 draws.
    assert!((zeros as f64 - 10_000.0).abs() < 475.0, "{zeros}");
    assert!(
        dropped
            .iter()
            .all(|x| *x == 0.0 || (x - 1.0 / 0.9).abs() < 1e-6)
    );
    for part in [dropped.chunks(500).next(), dropped.chunks(500).last()] {
        let zeros = part
            .expect("200 rows")
            .iter()
            .filter(|x| **x == 0.0)
            .count();
        assert!((15..=90).contains(&zeros), "{zeros} of a row of 500");
    }
    assert_eq!(wide(&dropout(ones(), 0.1, 7)), dropped);
    assert_ne!(wide(&dropout(ones(), 0.1, 8)), dropped);
}
