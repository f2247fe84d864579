//! A model of random weights, drawn on the device, that is scored with or trained: what `make test-cuda-build` sends through
//! the stand-in for NVIDIA's driver. It reaches the device by clika-lm's interface alone, as `clika evaluate` and
//! `clika finetune` do.
//!
//!     cuda_shapes devices
//!     cuda_shapes DEVICE CONFIG score PROMPTS TOKENS BATCH_TOKENS
//!     cuda_shapes DEVICE CONFIG train lora|full ROWS BATCH_TOKENS keep|recompute
//!
//! Phases are appended to the file that `CUDA_STANDIN_LOG` names, between the events of the stand-in; each ends when the
//! device has done all that it was given. What was computed is a line of JSON on stdout.

use burn::tensor::Device as BurnDevice;
use clika_checkpoint::parse_architecture;
use clika_lm::{
    Decoder, Device, DeviceChoice, Dtype, LmError, LoraConfig, LoraTargets, Scorer, ScoringRequest,
    Trainer, TrainingConfig, TrainingExample,
};
use miette::Diagnostic;
use serde_json::{Value, json};
use std::{error::Error, fs, io::Write, path::Path, process::ExitCode};

/// The first step compiles kernels and chooses among them, the second one makes what AdamW keeps its own.
const STEPS: usize = 3;
/// Tokens that all prompts begin with: an instruction and an example.
const SHARED: usize = 64;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            let help = error.downcast_ref::<LmError>().and_then(Diagnostic::help);
            if let Some(help) = help {
                eprintln!("hint: {help}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Outcome<Value> {
    if arguments == ["devices"] {
        return Ok(devices());
    }
    let [device, config, what @ ..] = arguments else {
        return Err("usage: cuda_shapes DEVICE CONFIG score|train ..".into());
    };
    let choice: DeviceChoice = device.parse()?;
    let device = choice.device()?;
    phase("load")?;
    let decoder = random(&device, Path::new(config))?;
    decoder.device().sync()?;
    let weights = in_use(decoder.device());
    let result = match what {
        ["score", prompts, tokens, budget] => {
            score(&decoder, prompts.parse()?, tokens.parse()?, budget.parse()?)
        }
        [
            "train",
            weights @ ("lora" | "full"),
            rows,
            budget,
            keep @ ("keep" | "recompute"),
        ] => {
            let lora = (*weights == "lora").then_some(LoraConfig {
                rank: 128,
                alpha: 16.0,
                dropout: 0.1,
                targets: LoraTargets::Paper,
            });
            train(
                decoder,
                lora,
                rows.parse()?,
                budget.parse()?,
                *keep == "recompute",
            )
        }
        _ => Err("usage: cuda_shapes DEVICE CONFIG score|train ..".into()),
    };
    let mut result = result?;
    result["weights"] = json!(weights);
    Ok(result)
}

/// Bytes of tensors on the device, where it says that.
fn in_use(device: &BurnDevice) -> Option<u64> {
    device.memory_pool_usage().map(|usage| usage.bytes_in_use)
}

/// What there is, and what is wrong with it.
fn devices() -> Value {
    let devices = clika_lm::devices().into_iter();
    let devices = devices.map(|device| {
        let problem = device.check().err().map(|error| error.to_string());
        json!({ "device": device.to_string(), "problem": problem })
    });
    devices.collect()
}

fn random(device: &Device, config: &Path) -> Outcome<Decoder> {
    let architecture = parse_architecture(config, &fs::read_to_string(config)?)?;
    let dtype = if device.is_processor() {
        Dtype::F32
    } else {
        Dtype::Bf16
    };
    Ok(Decoder::random(&architecture, device, dtype, 1)?)
}

/// Marks what the following events belong to.
fn phase(name: &str) -> Outcome<()> {
    let Some(path) = std::env::var_os("CUDA_STANDIN_LOG") else {
        return Ok(());
    };
    let line = format!("{}\n", json!({ "event": "phase", "name": name }));
    let mut log = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    Ok(log.write_all(line.as_bytes())?)
}

/// Scores prompts of like length, with three answers each of one to three tokens, twice.
fn score(decoder: &Decoder, prompts: usize, tokens: usize, budget: usize) -> Outcome<Value> {
    let vocabulary = decoder.architecture().vocabulary;
    let token = |number: usize| (number * 7919 % vocabulary) as u32;
    let queries: Vec<ScoringRequest> = (0..prompts)
        .map(|prompt| ScoringRequest {
            prompt: (0..tokens)
                .map(|at| token(if at < SHARED { at } else { prompt * 31 + at }))
                .collect(),
            continuations: (1..=3)
                .map(|length| (0..length).map(token).collect())
                .collect(),
        })
        .collect();
    let mut scores = Vec::new();
    for name in ["score 1", "score 2"] {
        phase(name)?;
        for batch in Scorer::new(decoder, &queries, budget)? {
            scores.extend(batch?.into_iter().flat_map(|(_, scores)| scores));
        }
        phase("drain")?;
        decoder.device().sync()?;
    }
    Ok(json!({ "scores": scores.len(), "first": scores.first() }))
}

/// Trains on rows as long as those of a fictional world, the same ones in every step.
fn train(
    decoder: Decoder,
    lora: Option<LoraConfig>,
    rows: usize,
    batch_tokens: usize,
    recompute: bool,
) -> Outcome<Value> {
    let vocabulary = decoder.architecture().vocabulary;
    let device = decoder.device().clone();
    let examples = (0..rows).map(|row| {
        let length = 44 + row * 7 % 24;
        TrainingExample {
            tokens: (0..length)
                .map(|at| ((row * 31 + at * 7919) % vocabulary) as u32)
                .collect(),
            answer: length - 9,
        }
    });
    let config = TrainingConfig {
        lora,
        learning_rate: 2e-4,
        warmup_steps: 0,
        // After the last step the model is run once more, which is not measured.
        epochs: STEPS + 1,
        max_steps: None,
        batch: rows,
        weight_decay: 0.0,
        max_gradient_norm: 1.0,
        seed: 0,
        batch_tokens,
        recompute,
    };
    phase("prepare")?;
    let mut trainer = Trainer::in_order(decoder, examples.collect(), &config)?;
    device.sync()?;
    let adapted = in_use(&device);
    let (mut losses, mut kept) = (Vec::new(), Vec::new());
    let mut tokens = 0;
    for step in 1..=STEPS {
        phase(&format!("step {step}"))?;
        let taken = trainer.step()?;
        phase("drain")?;
        device.sync()?;
        losses.push(taken.loss);
        kept.push(in_use(&device));
        tokens = taken.tokens;
    }
    phase("end")?;
    Ok(json!({ "losses": losses, "tokens": tokens, "adapted": adapted, "kept": kept }))
}
