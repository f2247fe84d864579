//! Our side of `make bench-lm`: benches/bench_lm.py runs it and puts PyTorch next to it.
//!
//!     bench_lm MODEL PROMPTS
//!
//! PROMPTS is a JSON file of token ids; the result is one line of JSON on stdout.

use clika_base::types::NoProgress;
use clika_lm::{
    Decoder, DeviceChoice, Dtype, GenerationConfig, Generator, Scorer, ScoringRequest, Sequence,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{error::Error, path::Path, process::ExitCode, time::Instant};

/// What both sides are given.
#[derive(Deserialize)]
struct Work {
    prompts: Vec<Vec<u32>>,
    /// The tokens of the option letters.
    letters: Vec<u32>,
    /// How many of the prompts are continued, all at a time.
    generate: usize,
    new_tokens: usize,
}

/// What `clika evaluate` runs at a time unless it is told otherwise.
const BATCH_TOKENS: usize = 1024;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, work] = arguments.as_slice() else {
        eprintln!("error: benches/bench_lm.py says how to run it");
        return ExitCode::FAILURE;
    };
    match run(Path::new(model), Path::new(work)) {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(model: &Path, work: &Path) -> Result<Value, Box<dyn Error>> {
    let work: Work = serde_json::from_slice(&std::fs::read(work)?)?;
    let device = DeviceChoice::Cpu.device()?;
    let (load_seconds, decoder) = timed(|| {
        let decoder = Decoder::load(model, &device, Some(Dtype::F32), &NoProgress)?;
        let first = Sequence {
            tokens: &work.prompts[0][..1],
            past: None,
        };
        let (states, _) = decoder.forward(&[first], false)?;
        decoder.log_probabilities(states)?;
        Ok(decoder)
    })?;
    let queries: Vec<ScoringRequest> = work
        .prompts
        .iter()
        .map(|prompt| ScoringRequest {
            prompt: prompt.clone(),
            continuations: work.letters.iter().map(|&letter| vec![letter]).collect(),
        })
        .collect();
    score(&decoder, &queries[..2])?;
    let (score_seconds, scores) = timed(|| score(&decoder, &queries))?;
    let prompts = &work.prompts[..work.generate];
    let (generate_seconds, generated) = timed(|| generate(&decoder, prompts, work.new_tokens))?;
    Ok(json!({
        "load_seconds": load_seconds,
        "score_seconds": score_seconds,
        "generate_seconds": generate_seconds,
        "peak_mib": peak_mib()?,
        "scores": scores,
        "generated": generated,
    }))
}

fn score(decoder: &Decoder, queries: &[ScoringRequest]) -> Result<Vec<Vec<f64>>, Box<dyn Error>> {
    let mut scores = vec![Vec::new(); queries.len()];
    for batch in Scorer::new(decoder, queries, BATCH_TOKENS)? {
        for (number, of_query) in batch? {
            scores[number] = of_query;
        }
    }
    Ok(scores)
}

fn generate(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    max_new_tokens: usize,
) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
    let limits = GenerationConfig {
        max_new_tokens,
        stop_tokens: Vec::new(),
        batch_tokens: BATCH_TOKENS,
        batch_size: prompts.len(),
    };
    let mut generated = vec![Vec::new(); prompts.len()];
    for batch in Generator::new(decoder, prompts, limits, &|_| false)? {
        for (number, tokens) in batch? {
            generated[number] = tokens;
        }
    }
    Ok(generated)
}

fn timed<T>(call: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<(f64, T), Box<dyn Error>> {
    let begin = Instant::now();
    let value = call()?;
    Ok((begin.elapsed().as_secs_f64(), value))
}

/// The most memory that the process held at a time, as Linux counts it.
fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kib: f64 = kib.ok_or("no VmHWM in /proc/self/status")?.trim().parse()?;
    Ok(kib / 1024.0)
}
