//! Our side of `make bench-gpu`: benches/bench_gpu.py runs it and puts PyTorch next to it.
//!
//!     bench_gpu devices
//!     bench_gpu DEVICE parity FIXTURES                            < a fixture and a type a line: llama bf16
//!     bench_gpu DEVICE losses FIXTURES TRAININGS                  < a training and a type a line: llama-gqa-paper f32
//!     bench_gpu DEVICE products DTYPE SECONDS                     < a product a line: TOKENSxINxOUT
//!     bench_gpu DEVICE train DTYPE CONFIG ROWS BATCH BATCH_TOKENS < a line for each step
//!     bench_gpu DEVICE score DTYPE CONFIG PROMPTS BATCH_TOKENS    < a line for each round: how many prompts
//!
//! Every line of stdin is answered by a line of JSON on stdout. What fails ends the program, with the reason on stderr.
//! It has not run on a GPU yet.

mod losses;
mod parity;
mod products;
mod score;
mod train;

// Tests use more of it than this program does.
#[path = "../../tests/reference/mod.rs"]
mod reference;

use clika_checkpoint::parse_architecture;
use clika_lm::{Architecture, Decoder, Device, DeviceChoice, Dtype, LmError, Sequence};
use miette::Diagnostic;
use serde_json::{Value, json};
use std::{
    error::Error,
    fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Err(error) = run(&arguments) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let help = error.downcast_ref::<LmError>().and_then(Diagnostic::help);
    if let Some(help) = help {
        eprintln!("help: {help}");
    }
    ExitCode::FAILURE
}

fn run(arguments: &[&str]) -> Outcome<()> {
    match arguments {
        ["devices"] => {
            devices();
            Ok(())
        }
        [device, "parity", fixtures] => parity::run(&parse_device(device)?, Path::new(fixtures)),
        [device, "losses", fixtures, trainings] => losses::run(
            &parse_device(device)?,
            Path::new(fixtures),
            Path::new(trainings),
        ),
        [device, "products", dtype, seconds] => {
            let seconds = Duration::try_from_secs_f64(seconds.parse()?)?;
            products::run(&parse_device(device)?, parse_dtype(dtype)?, seconds)
        }
        [device, "train", dtype, config, rows, batch @ ..] => {
            let [batch, batch_tokens] = numbers(batch)?;
            let decoder = random(device, dtype, config)?;
            train::run(decoder, Path::new(rows), batch, batch_tokens)
        }
        [device, "score", dtype, config, prompts, batch @ ..] => {
            let [batch_tokens] = numbers(batch)?;
            let decoder = random(device, dtype, config)?;
            score::run(&decoder, Path::new(prompts), batch_tokens)
        }
        _ => Err("benches/bench_gpu.py says how to run it".into()),
    }
}

fn devices() {
    for device in clika_lm::devices() {
        let name = match &device {
            Device::Cpu { threads } => format!("{threads} threads"),
            Device::Cuda { name, .. } | Device::Vulkan { name, .. } => name.clone(),
        };
        println!("{}", json!({ "device": device.to_string(), "name": name }));
    }
}

/// Answers every line of stdin.
fn answer(mut one: impl FnMut(&str) -> Outcome<Value>) -> Outcome<()> {
    for line in std::io::stdin().lines() {
        println!("{}", one(line?.trim())?);
    }
    Ok(())
}

fn parse_device(name: &str) -> Result<Device, LmError> {
    let choice: DeviceChoice = name.parse().map_err(|problem| LmError::Device {
        asked: name.to_owned(),
        there: problem,
    })?;
    choice.device()
}

fn parse_dtype(name: &str) -> Outcome<Dtype> {
    let dtypes = [Dtype::F32, Dtype::Bf16];
    let found = dtypes.into_iter().find(|dtype| dtype.name() == name);
    found.ok_or_else(|| format!("`{name}` is neither f32 nor bf16").into())
}

fn numbers<const N: usize>(texts: &[&str]) -> Outcome<[usize; N]> {
    let numbers: Result<Vec<usize>, _> = texts.iter().map(|text| text.parse()).collect();
    let count = texts.len();
    let numbers = numbers?.try_into();
    numbers.map_err(|_| format!("{N} numbers are needed, not {count}").into())
}

/// A model of a configuration's shape.
fn random(device: &str, dtype: &str, config: &str) -> Outcome<Decoder> {
    let config = Path::new(config);
    let architecture: Architecture = parse_architecture(config, &fs::read_to_string(config)?)?;
    let (device, dtype) = (parse_device(device)?, parse_dtype(dtype)?);
    Ok(Decoder::random(&architecture, &device, dtype, 1)?)
}

/// The logits of a prompt's tokens, row by row.
fn logits(decoder: &Decoder, sequences: &[Sequence]) -> Outcome<Vec<f32>> {
    let (states, _) = decoder.forward(sequences, false)?;
    let logits = decoder.logits(states).into_data();
    let logits = logits.try_into_vec_as::<f32>();
    Ok(logits.map_err(|error| format!("{error:?}"))?)
}

/// The largest difference of two rows of numbers; the largest number that there is where one of them is not finite.
fn distance(found: &[f32], expected: &[f32]) -> Outcome<f32> {
    if found.len() != expected.len() {
        let (found, expected) = (found.len(), expected.len());
        return Err(format!("{found} logits instead of {expected}").into());
    }
    let pairs = found.iter().zip(expected);
    Ok(pairs.fold(0.0, |largest, (found, expected)| {
        let difference = (found - expected).abs();
        if difference.is_finite() {
            f32::max(largest, difference)
        } else {
            f32::MAX
        }
    }))
}

/// Seconds that a call took.
fn timed<T>(call: impl FnOnce() -> Outcome<T>) -> Outcome<(f64, T)> {
    let begin = Instant::now();
    let value = call()?;
    Ok((begin.elapsed().as_secs_f64(), value))
}

/// What burn holds of a GPU's memory, used or not.
fn reserved_mib(decoder: &Decoder) -> Option<f64> {
    let usage = decoder.device().memory_pool_usage()?;
    Some(usage.bytes_reserved as f64 / f64::from(1 << 20))
}
