//! Our side of `make bench-train`: benches/bench_train.py runs it and puts transformers + PEFT next to it.
//!
//!     bench_train MODEL ROWS --steps N --batch 32 --accumulation 4 --threads 2 [--dropout 0.1]
//!
//! ROWS is a JSON file of rows, `{"tokens": [..], "answer": n}`; the result is one line of JSON on stdout.

mod usage;

use clika_base::types::NoProgress;
use clika_lm::{
    Decoder, DeviceChoice, Dtype, LoraConfig, LoraTargets, Trainer, TrainingConfig, TrainingExample,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{error::Error, path::Path, process::ExitCode};
use usage::{measured, peak_mib};

#[derive(Deserialize)]
struct Row {
    tokens: Vec<u32>,
    answer: usize,
}

/// What `clika finetune` runs at a time on a processor unless it is told otherwise.
const BATCH_TOKENS: usize = 2048;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}; benches/bench_train.py says how to run it");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Value, Box<dyn Error>> {
    let [model, rows, options @ ..] = arguments else {
        return Err("a model and rows are missing".into());
    };
    let option = |name: &str| {
        let place = options.iter().position(|option| option == name);
        place.and_then(|place| options.get(place + 1))
    };
    let number = |name: &str| -> Result<usize, Box<dyn Error>> {
        let text = option(name).ok_or_else(|| format!("{name} is missing"))?;
        Ok(text.parse()?)
    };
    if number("--threads")? != rayon::current_num_threads() {
        return Err("RAYON_NUM_THREADS has to say how many threads there are".into());
    }
    let dropout = match option("--dropout") {
        Some(text) => text.parse()?,
        None => 0.1,
    };
    let batch_tokens = match option("--batch-tokens") {
        Some(text) => text.parse()?,
        None => BATCH_TOKENS,
    };
    let steps = number("--steps")?;
    let rows: Vec<Row> = serde_json::from_slice(&std::fs::read(rows)?)?;
    let lengths: Vec<usize> = rows.iter().map(|row| row.tokens.len()).collect();
    let examples = rows.into_iter().map(|row| TrainingExample {
        tokens: row.tokens,
        answer: row.answer,
    });
    let device = DeviceChoice::Cpu.device()?;
    let decoder = Decoder::load(Path::new(model), &device, Some(Dtype::F32), &NoProgress)?;
    let config = TrainingConfig {
        lora: Some(LoraConfig {
            rank: 128,
            alpha: 16.0,
            dropout,
            targets: LoraTargets::Paper,
        }),
        learning_rate: 2e-4,
        warmup_steps: 0,
        epochs: 1,
        max_steps: Some(steps),
        batch: number("--batch")? * number("--accumulation")?,
        weight_decay: 0.0,
        max_gradient_norm: 1.0,
        seed: 0,
        batch_tokens,
        recompute: false,
    };
    let mut trainer = Trainer::in_order(decoder, examples.collect(), &config)?;
    let (mut losses, mut seconds, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    let (mut usage, mut run_tokens) = (Vec::new(), Vec::new());
    for _ in 0..steps {
        let (of_step, step) = measured(|| Ok(trainer.step()?))?;
        seconds.push(of_step["seconds"].clone());
        usage.push(of_step);
        losses.push(step.loss);
        // Of whole rows, of which the last token is only a target; and what the model was run on.
        tokens.push(step.examples.iter().map(|&row| lengths[row]).sum::<usize>());
        run_tokens.push(step.tokens);
    }
    Ok(json!({
        "losses": losses,
        "seconds": seconds,
        "tokens": tokens,
        "run_tokens": run_tokens,
        "usage": usage,
        "peak_mib": peak_mib()?,
    }))
}
