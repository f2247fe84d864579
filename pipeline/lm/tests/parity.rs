//! Logits and greedy continuations equal those of transformers (Baichuan: of a PyTorch reference), element by element;
//! `parity.py` beside this file wrote the checkpoints and what they give.

#![allow(clippy::unwrap_used)]

mod adapters;
mod reference;

use burn::tensor::Tensor;
use clika_core::NoProgress;
use clika_lm::{Decoder, DeviceChoice, Run};

/// The largest difference of any logit, in f32.
const F32: f32 = 1e-4;
/// The largest difference in bf16, as a share of the largest logit.
const BF16: f32 = 2e-2;

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as::<f32>().unwrap()
}

/// The largest difference and the largest expected logit.
fn distance(found: &[f32], expected: &[f32]) -> (f32, f32) {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs.fold((0.0, 0.0), |(difference, largest), (found, expected)| {
        assert!(found.is_finite(), "a logit is {found}");
        (
            f32::max(difference, (found - expected).abs()),
            f32::max(largest, expected.abs()),
        )
    })
}

#[test]
fn logits_equal_the_reference_in_every_family_and_variant() {
    let place = DeviceChoice::Cpu.place().unwrap();
    println!("| variant | dtype | largest difference |\n|---|---|---|");
    let mut failed = Vec::new();
    for folder in &reference::all() {
        let name = reference::name(folder);
        let bf16 = name.ends_with("bf16");
        let dtype = if bf16 {
            clika_lm::Dtype::Bf16
        } else {
            clika_lm::Dtype::F32
        };
        let decoder = Decoder::load(folder, &place, Some(dtype), &NoProgress).unwrap();
        assert_eq!(decoder.unused(), [] as [String; 0], "{name}");
        let expected = reference::expected(folder);
        let mut worst = (0.0_f32, 0.0_f32);
        for prompt in &expected {
            let run = Run {
                tokens: &prompt.ids,
                past: None,
            };
            let (states, _) = decoder.run(&[run], false).unwrap();
            let (difference, largest) = distance(&numbers(decoder.logits(states)), &prompt.logits);
            worst = (worst.0.max(difference), worst.1.max(largest));
        }
        // The same prompts in one run, in another order, the last tokens behind a cache.
        let mut together = 0.0_f32;
        let shuffled = [2, 0, 1].map(|number: usize| &expected[number]);
        let runs = shuffled.map(|prompt| Run {
            tokens: &prompt.ids[..4],
            past: None,
        });
        let (_, caches) = decoder.run(&runs, true).unwrap();
        let rest: Vec<_> = shuffled
            .iter()
            .zip(&caches)
            .map(|(prompt, cache)| Run {
                tokens: &prompt.ids[4..],
                past: Some(cache),
            })
            .collect();
        let (states, _) = decoder.run(&rest, false).unwrap();
        let logits = numbers(decoder.logits(states));
        let vocabulary = decoder.architecture().vocabulary;
        let wanted: Vec<f32> = shuffled
            .iter()
            .flat_map(|prompt| &prompt.logits[4 * vocabulary..])
            .copied()
            .collect();
        // Angles that depend on the whole sequence's length cannot be known when its beginning is run.
        if name != "llama-rope-dynamic" {
            together = distance(&logits, &wanted).0;
        }
        let (limit, difference) = if bf16 {
            (BF16 * worst.1, worst.0)
        } else {
            (F32, worst.0)
        };
        println!("| {name} | {} | {difference:.1e} |", dtype.name());
        if difference.max(together) > limit {
            failed.push(format!(
                "{name}: {difference:e}, with a cache {together:e}, limit {limit:e}"
            ));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
