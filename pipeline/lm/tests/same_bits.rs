//! On a processor a score and a training have the same bits whatever runs beside them and however many threads there are.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_lm::{
    Decoder, DeviceChoice, Dtype, GenerationConfig, Generator, LoraConfig, LoraTargets, Scorer,
    ScoringRequest, Trainer, TrainingConfig, TrainingExample,
};
use std::path::Path;

/// Grouped queries; a sliding window; ALiBi; norms of queries and keys; one matrix for queries, keys and values; bounds of scores
/// and logits; two rotations; norms after attention and MLP; layers without rotation; blocks beside each other.
const MODELS: [&str; 10] = [
    "llama-gqa",
    "mistral-sliding",
    "bloom-post-residual",
    "qwen3",
    "baichuan2-7b-like",
    "gemma2",
    "gemma3",
    "olmo2",
    "cohere2",
    "gpt-neox",
];

fn load(name: &str) -> Decoder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let device = DeviceChoice::Cpu.device().unwrap();
    Decoder::load(&folder, &device, Some(Dtype::F32), &NoProgress).unwrap()
}

fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(work)
}

/// Prompts of which some begin alike, up to their last token, and one of which is there twice.
fn requests() -> Vec<ScoringRequest> {
    let token = |number: usize, at: usize| ((7 * number + 5 * at) % 90 + 3) as u32;
    let prompt = |number: usize| -> Vec<u32> {
        let alike = [0, 9, 9, 17, 17, 17, 4][number % 7];
        let own = 1 + number % 5;
        (0..alike)
            .map(|at| token(1, at))
            .chain((0..own).map(|at| token(number % 11 + 2, at)))
            .collect()
    };
    (0..30)
        .map(|number| ScoringRequest {
            prompt: prompt(number),
            continuations: vec![vec![5], vec![9, 11, 2], vec![9, 11, 7, 30], vec![5]],
        })
        .collect()
}

fn scores(decoder: &Decoder, requests: &[ScoringRequest], batch_tokens: usize) -> Vec<Vec<u64>> {
    let mut found = vec![Vec::new(); requests.len()];
    for batch in Scorer::new(decoder, requests, batch_tokens).unwrap() {
        for (number, scores) in batch.unwrap() {
            assert!(found[number].is_empty(), "request {number} twice");
            found[number] = scores.iter().map(|score| score.to_bits()).collect();
        }
    }
    found
}

#[test]
fn a_score_has_the_same_bits_in_any_batch_and_on_any_number_of_threads() {
    let requests = requests();
    for name in MODELS {
        let decoder = load(name);
        let alone: Vec<Vec<u64>> = requests
            .iter()
            .map(|request| scores(&decoder, std::slice::from_ref(request), 4096).remove(0))
            .collect();
        for batch_tokens in [1, 20, 100, 4096] {
            for threads in [1, 2, 3, 16, 64] {
                let found = on_threads(threads, || scores(&decoder, &requests, batch_tokens));
                assert!(
                    found == alone,
                    "{name}, {batch_tokens} tokens at a time, {threads} threads"
                );
            }
        }
        // Others beside them, and so others that begin alike.
        let some: Vec<ScoringRequest> = requests.iter().skip(3).step_by(4).cloned().collect();
        let expected: Vec<Vec<u64>> = alone.iter().skip(3).step_by(4).cloned().collect();
        assert!(scores(&decoder, &some, 4096) == expected, "{name}, some");
    }
}

#[test]
fn a_text_is_the_same_on_any_number_of_threads() {
    let prompts: Vec<Vec<u32>> = requests().into_iter().map(|it| it.prompt).collect();
    let texts = |decoder: &Decoder, batch_size: usize| {
        let limits = GenerationConfig {
            max_new_tokens: 6,
            stop_tokens: Vec::new(),
            batch_tokens: 4096,
            batch_size,
        };
        let mut found = vec![Vec::new(); prompts.len()];
        for batch in Generator::new(decoder, &prompts, limits, &|_| false).unwrap() {
            for (number, tokens) in batch.unwrap() {
                found[number] = tokens;
            }
        }
        found
    };
    let decoder = load("llama-gqa");
    let expected = texts(&decoder, 1);
    for threads in [1, 3, 16] {
        assert_eq!(
            on_threads(threads, || texts(&decoder, 30)),
            expected,
            "{threads} threads"
        );
    }
}

/// The bits of losses and of the lengths of gradients.
fn steps(lora: bool) -> Vec<[u64; 2]> {
    let config = TrainingConfig {
        lora: lora.then_some(LoraConfig {
            rank: 4,
            alpha: 8.0,
            dropout: 0.1,
            targets: LoraTargets::All,
        }),
        learning_rate: 1e-2,
        warmup_steps: 0,
        epochs: 2,
        max_steps: Some(4),
        batch: 12,
        weight_decay: 0.1,
        max_gradient_norm: 1.0,
        seed: 5,
        batch_tokens: 60,
        recompute: false,
    };
    let examples = requests().into_iter().map(|request| TrainingExample {
        answer: request.prompt.len(),
        tokens: [request.prompt, vec![9, 11, 7]].concat(),
    });
    let mut trainer = Trainer::new(load("llama-gqa"), examples.collect(), &config).unwrap();
    let mut step = || {
        let step = trainer.step().unwrap();
        [step.loss.to_bits(), step.gradient_norm.to_bits()]
    };
    (0..4).map(|_| step()).collect()
}

#[test]
fn a_training_has_the_same_bits_on_any_number_of_threads() {
    for lora in [true, false] {
        let expected = on_threads(1, || steps(lora));
        for threads in [2, 3, 16] {
            assert_eq!(
                on_threads(threads, || steps(lora)),
                expected,
                "{threads} threads, {lora}"
            );
        }
    }
}
