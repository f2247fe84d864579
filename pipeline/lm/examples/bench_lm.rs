//! Our side of `make bench-lm`: benches/bench_lm.py runs it and puts PyTorch next to it.
//!
//!     bench_lm MODEL PROMPTS [--only scoring|generation] [--batch-tokens 4096]
//!
//! PROMPTS is a JSON file of token ids; the result is one line of JSON on stdout. With `--only` the other work is left out.

mod usage;

use clika_base::types::NoProgress;
use clika_lm::{
    Decoder, DeviceChoice, Dtype, GenerationConfig, Generator, Scorer, ScoringRequest, Sequence,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{error::Error, path::Path, process::ExitCode, time::Instant};
use usage::{measured, peak_mib};

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

/// What `clika evaluate` runs at a time on a processor, for each thread, unless it is told otherwise.
const THREAD_TOKENS: usize = 2048;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}; benches/bench_lm.py says how to run it");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Value, Box<dyn Error>> {
    let [model, work, options @ ..] = arguments else {
        return Err("a model and prompts are missing".into());
    };
    let (mut only, mut batch_tokens) = (None, THREAD_TOKENS * rayon::current_num_threads());
    for option in options.chunks(2) {
        match option {
            [name, value] if name == "--batch-tokens" => batch_tokens = value.parse()?,
            [name, value] if name == "--only" && ["scoring", "generation"].contains(&&**value) => {
                only = Some(value.as_str());
            }
            _ => return Err(format!("{} is unknown or lacks its value", option.join(" ")).into()),
        }
    }
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let work: Work = serde_json::from_slice(&std::fs::read(work)?)?;
    let device = DeviceChoice::Cpu.device()?;
    let (load_seconds, decoder) = timed(|| {
        let decoder = Decoder::load(Path::new(model), &device, Some(Dtype::F32), &NoProgress)?;
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
    let mut result = json!({ "load_seconds": load_seconds });
    score(&decoder, &queries[..2], batch_tokens)?;
    if wanted("scoring") {
        let (usage, scores) = measured(|| score(&decoder, &queries, batch_tokens))?;
        result["score_seconds"] = usage["seconds"].clone();
        result["usage"]["scoring"] = usage;
        result["scores"] = json!(scores);
    }
    if wanted("generation") {
        let prompts = &work.prompts[..work.generate];
        let (usage, generated) =
            measured(|| generate(&decoder, prompts, work.new_tokens, batch_tokens))?;
        result["generate_seconds"] = usage["seconds"].clone();
        result["usage"]["generation"] = usage;
        result["generated"] = json!(generated);
    }
    result["peak_mib"] = json!(peak_mib()?);
    Ok(result)
}

fn score(
    decoder: &Decoder,
    queries: &[ScoringRequest],
    batch_tokens: usize,
) -> Result<Vec<Vec<f64>>, Box<dyn Error>> {
    let mut scores = vec![Vec::new(); queries.len()];
    for batch in Scorer::new(decoder, queries, batch_tokens)? {
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
    batch_tokens: usize,
) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
    let limits = GenerationConfig {
        max_new_tokens,
        stop_tokens: Vec::new(),
        batch_tokens,
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
