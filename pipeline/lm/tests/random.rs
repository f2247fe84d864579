//! Models with random weights, which benches/bench_gpu.py measures time with.

#![allow(clippy::unwrap_used)]

use clika_checkpoint::{Architecture, parse_architecture};
use clika_lm::{Decoder, DeviceChoice, Dtype, Sequence};
use std::{fs, path::Path};

fn architecture(name: &str) -> Architecture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches")
        .join(name);
    parse_architecture(&path, &fs::read_to_string(&path).unwrap()).unwrap()
}

fn logits(seed: u64) -> Vec<f32> {
    let device = DeviceChoice::Cpu.device().unwrap();
    let architecture = architecture("llama_small.json");
    let decoder = Decoder::random(&architecture, &device, Dtype::F32, seed).unwrap();
    assert_eq!(decoder.unused(), [] as [String; 0]);
    let sequence = Sequence {
        tokens: &[1, 2, 3],
        past: None,
    };
    let (states, _) = decoder.forward(&[sequence], false).unwrap();
    let logits = decoder.logits(states);
    assert_eq!(logits.dims(), [3, architecture.vocabulary]);
    logits.into_data().try_into_vec_as::<f32>().unwrap()
}

#[test]
fn random_models_give_numbers_that_depend_on_the_seed() {
    let (one, other) = (logits(1), logits(2));
    assert!(one.iter().all(|logit| logit.is_finite()));
    assert_ne!(one, other);
    // States have a root mean square of 1 after the last norm, and 64 rows of deviation 0.02: about 0.02 · √64.
    let square: f32 = one.iter().map(|logit| logit * logit).sum();
    let deviation = (square / one.len() as f32).sqrt();
    assert!((deviation - 0.16).abs() < 0.03, "{deviation}");
}

#[test]
fn the_benchmark_s_shape_is_that_of_llama_7b() {
    // 6,738,415,616 parameters, of which 65 norms have 4,096 each.
    let parameters = architecture("llama_7b.json").parameters();
    assert_eq!(parameters, 6_738_415_616 - 65 * 4096);
}
