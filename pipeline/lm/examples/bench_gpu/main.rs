//! Our side of `make bench-gpu`: benches/bench_gpu.py runs it and puts PyTorch beside it.
//!
//!     bench_gpu devices
//!     bench_gpu DEVICE parity FIXTURES
//!     bench_gpu DEVICE matmul SECONDS TOKENSxINxOUT...
//!     bench_gpu DEVICE prefill SECONDS CONFIG SEQUENCES TOKENS
//!     bench_gpu DEVICE train CONFIG ROWS BATCH_TOKENS
//!
//! Every result is a line of JSON on stdout as soon as it is known. It has not run on a GPU yet.

mod matmul;
mod parity;
mod prefill;
mod train;

use clika_lm::{DeviceChoice, LmError, Place};
use serde_json::{Value, json};
use std::{
    error::Error,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Outcome<()> {
    match arguments {
        ["devices"] => devices(),
        [device, "parity", folder] => parity::run(&place(device)?, Path::new(folder)),
        [device, "matmul", seconds, shapes @ ..] => {
            matmul::run(&place(device)?, duration(seconds)?, shapes)
        }
        [device, "prefill", seconds, config, sequences, tokens] => prefill::run(
            &place(device)?,
            duration(seconds)?,
            Path::new(config),
            [sequences.parse()?, tokens.parse()?],
        ),
        [device, "train", config, rows, batch_tokens] => train::run(
            &place(device)?,
            Path::new(config),
            rows.parse()?,
            batch_tokens.parse()?,
        ),
        _ => Err("benches/bench_gpu.py says how to run it".into()),
    }
}

fn devices() -> Outcome<()> {
    for place in clika_lm::places() {
        let name = match &place {
            Place::Cpu { threads } => format!("{threads} threads"),
            Place::Cuda { name, .. } | Place::Vulkan { name, .. } => name.clone(),
        };
        print(&json!({ "device": place.to_string(), "name": name }));
    }
    Ok(())
}

fn print(result: &Value) {
    println!("{result}");
}

fn place(device: &str) -> Result<Place, LmError> {
    let choice: DeviceChoice = device.parse().map_err(|problem| LmError::Device {
        asked: device.to_owned(),
        there: problem,
    })?;
    choice.place()
}

fn duration(seconds: &str) -> Outcome<Duration> {
    Ok(Duration::try_from_secs_f64(seconds.parse()?)?)
}

/// Seconds that each call took, in order: at least five calls, and more until `least` is over.
fn times(least: Duration, mut call: impl FnMut() -> Outcome<()>) -> Outcome<Vec<f64>> {
    let begin = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < 5 || begin.elapsed() < least {
        let begin = Instant::now();
        call()?;
        seconds.push(begin.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
