//! What a model takes of memory, against the estimate: a process for each case, since memory is counted by process.

#![allow(clippy::unwrap_used)]

use clika_checkpoint::parse_architecture;
use clika_lm::{
    Architecture, Decoder, DeviceChoice, Dtype, InferenceMode, LoraConfig, LoraTargets,
    MemoryEstimate, Scorer, ScoringRequest, Trainer, TrainingConfig, TrainingExample, Workload,
};
use serde_json::json;
use std::{path::Path, process::Command};

fn architecture(name: &str) -> Architecture {
    let config = match name {
        "llama" => json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
            "hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 4,
            "num_attention_heads": 4, "vocab_size": 2048, "rms_norm_eps": 1e-6,
        }),
        // Large for its layers, as BLOOM's and Qwen's are.
        "wide" => json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
            "hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 60_000, "rms_norm_eps": 1e-6,
        }),
        _ => panic!("{name}"),
    };
    parse_architecture(Path::new("config.json"), &config.to_string()).unwrap()
}

fn training(targets: Option<LoraTargets>, batch_tokens: usize, recompute: bool) -> Workload {
    Workload::Training {
        config: TrainingConfig {
            lora: targets.map(|targets| LoraConfig {
                rank: 32,
                alpha: 16.0,
                dropout: 0.1,
                targets,
            }),
            learning_rate: 1e-4,
            warmup_steps: 0,
            epochs: 2,
            max_steps: None,
            batch: (batch_tokens / 63).max(1),
            weight_decay: 0.0,
            max_gradient_norm: 1.0,
            seed: 0,
            batch_tokens,
            recompute,
        },
        keeps_base: true,
    }
}

fn cases() -> Vec<(&'static str, &'static str, Workload)> {
    let answers = |batch_tokens, mode| Workload::Inference { batch_tokens, mode };
    let paper = Some(LoraTargets::Paper);
    let all = Some(LoraTargets::All);
    vec![
        ("lora", "llama", training(paper, 2048, false)),
        ("lora recompute", "llama", training(paper, 2048, true)),
        ("lora all", "llama", training(all, 512, false)),
        ("full", "llama", training(None, 1024, false)),
        ("letters", "llama", answers(3072, InferenceMode::NextToken)),
        ("texts", "llama", answers(2048, InferenceMode::Scoring)),
        ("wide full", "wide", training(None, 512, false)),
        ("wide texts", "wide", answers(256, InferenceMode::Scoring)),
    ]
}

/// Bytes that Linux counts under a name for this process.
fn memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

fn tokens(number: usize, length: usize) -> Vec<u32> {
    (0..length)
        .map(|at| ((number * 31 + at * 7) % 2000) as u32)
        .collect()
}

/// Does the work, and returns what memory it took beyond that of a process that does nothing.
fn peak(architecture: &Architecture, workload: &Workload) -> f64 {
    let before = memory("VmRSS:").unwrap();
    let device = DeviceChoice::Cpu.device().unwrap();
    let decoder = Decoder::random(architecture, &device, Dtype::F32, 0).unwrap();
    match workload {
        Workload::Training { config, .. } => {
            let examples = (0..config.batch).map(|number| TrainingExample {
                tokens: tokens(number, 64),
                answer: 52,
            });
            let mut trainer = Trainer::new(decoder.clone(), examples.collect(), config).unwrap();
            while trainer.done() < trainer.steps() {
                trainer.step().unwrap();
            }
        }
        Workload::Inference { batch_tokens, mode } => {
            let queries: Vec<ScoringRequest> = (0..batch_tokens / 32)
                .map(|number| ScoringRequest {
                    prompt: tokens(number, 64),
                    continuations: if *mode == InferenceMode::Scoring {
                        (0..4).map(|other| tokens(number + other, 17)).collect()
                    } else {
                        vec![vec![1], vec![2], vec![3]]
                    },
                })
                .collect();
            for batch in Scorer::new(&decoder, &queries, *batch_tokens).unwrap() {
                batch.unwrap();
            }
        }
    }
    memory("VmHWM:").unwrap() - before
}

/// The case of a process of its own.
const CASE: &str = "CLIKA_TEST_MEMORY_CASE";

#[test]
fn the_estimate_is_near_what_is_taken() {
    check(&["lora", "letters"]);
}

#[test]
#[ignore = "half a minute, of which the test above is a part: make test-memory"]
fn the_estimate_is_near_what_is_taken_in_every_case() {
    let all: Vec<&str> = cases().into_iter().map(|(name, ..)| name).collect();
    check(&all);
}

fn check(names: &[&str]) {
    if memory("VmHWM:").is_none() {
        eprintln!("SKIPPED: no /proc/self/status to count memory by");
        return;
    }
    let asked = std::env::var(CASE).ok();
    let mut wrong = Vec::new();
    for (name, model, workload) in cases() {
        let architecture = architecture(model);
        match &asked {
            Some(asked) if asked == name => {
                println!("peak {}", peak(&architecture, &workload));
                return;
            }
            Some(_) => continue,
            None if !names.contains(&name) => continue,
            None => {}
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--nocapture",
                "--exact",
                "the_estimate_is_near_what_is_taken",
            ])
            .env(CASE, name)
            .env("RAYON_NUM_THREADS", "2")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let peak: f64 = said
            .lines()
            .find_map(|line| line.split_once("peak "))
            .unwrap_or_else(|| panic!("{name}: {said}"))
            .1
            .parse()
            .unwrap();
        // As many threads as the process had.
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap();
        let estimate =
            pool.install(|| MemoryEstimate::of(&architecture, Dtype::F32, true, &workload));
        let share = estimate.total() / peak;
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        println!(
            "{name}: took {:.0} MiB, estimated {:.0} = {:.0} + {:.0} + {:.0}: {share:.2}",
            mib(peak),
            mib(estimate.total()),
            mib(estimate.weights),
            mib(estimate.training_state),
            mib(estimate.batch)
        );
        if !(0.95..1.25).contains(&share) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// What a stand-in for CUDA's driver (`make test-cuda-build`) was asked for at most, in bytes: whether the paper's LoRA or all
/// weights are trained, whether layers are computed again; on the paper's batch of 6,960 tokens in one part, in bf16.
const GPU: [(&str, bool, bool, f64); 5] = [
    ("llama_7b.json", true, false, 44.184e9),
    ("llama_7b.json", true, true, 20.015e9),
    ("llama_13b.json", true, false, 72.392e9),
    ("llama_13b.json", true, true, 34.972e9),
    ("llama_7b.json", false, true, 133.445e9),
];

#[test]
fn the_estimate_for_a_gpu_is_near_what_its_stand_in_counted() {
    for (config, lora, recompute, counted) in GPU {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("benches")
            .join(config);
        let text = std::fs::read_to_string(&path).unwrap();
        let architecture = parse_architecture(&path, &text).unwrap();
        let mut workload = training(lora.then_some(LoraTargets::Paper), 6960, recompute);
        if let Workload::Training { config, keeps_base } = &mut workload {
            *keeps_base = false;
            if let Some(lora) = &mut config.lora {
                lora.rank = 128;
            }
        }
        let estimate = MemoryEstimate::of(&architecture, Dtype::Bf16, false, &workload);
        let share = estimate.total() / counted;
        println!("{config}, LoRA {lora}, recompute {recompute}: {share:.3}");
        assert!((0.95..1.25).contains(&share), "{config}: {share}");
    }
}
