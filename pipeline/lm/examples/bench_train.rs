//! Our side of `make bench-train`: benches/bench_train.py runs it and puts transformers + PEFT next to it.
//!
//!     bench_train MODEL ROWS --steps N --batch 32 --accumulation 4 --threads 2 [--dropout 0.1]
//!
//! ROWS is a JSON file of rows, `{"tokens": [..], "answer": n}`; the result is one line of JSON on stdout.

use clika_base::types::NoProgress;
use clika_lm::{
    Decoder, DeviceChoice, Dtype, LoraConfig, LoraTargets, Trainer, TrainingConfig, TrainingExample,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{error::Error, path::Path, process::ExitCode, time::Instant};

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
    for _ in 0..steps {
        let begin = Instant::now();
        let step = trainer.step()?;
        seconds.push(begin.elapsed().as_secs_f64());
        losses.push(step.loss);
        // Of whole rows: the last token of each is only a target.
        tokens.push(step.tokens + step.examples.len());
    }
    Ok(json!({
        "losses": losses,
        "seconds": seconds,
        "tokens": tokens,
        "peak_mib": peak_mib()?,
    }))
}

/// The most memory that the process held at a time, as Linux counts it.
fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kib: f64 = kib.ok_or("no VmHWM in /proc/self/status")?.trim().parse()?;
    Ok(kib / 1024.0)
}
