//! SmolLM2-135M-Instruct from its GGUF file: ids, scores and greedy texts as llama.cpp and transformers give them, and three
//! steps of training as PEFT takes them. `../../evaluate/tests/smollm2_reference.py` recorded what is expected, and
//! `make test` fetches the file, which CLIKA_TEST_SMOLLM2 names.

#![allow(clippy::unwrap_used)]

use clika_base::types::NoProgress;
use clika_checkpoint::tokenizer::Tokenizer;
use clika_lm::{
    Adapter, Decoder, DeviceChoice, Dtype, GenerationConfig, Generator, LoraConfig, LoraTargets,
    Scorer, ScoringRequest, Trainer, TrainingConfig, TrainingExample,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The largest difference of a log-probability to transformers', summed over a continuation's tokens.
const SCORE: f64 = 1e-3;
/// The largest difference of a loss to PEFT's.
const LOSS: f64 = 1e-3;
/// llama.cpp rounds what it multiplies to eight bits: below this margin of a token its choice is chance.
const ROUNDED: f64 = 0.2;

/// The same of an option: a letter is a token, and a text is several.
fn rounded(mode: &str) -> f64 {
    match mode {
        "letters" => ROUNDED,
        _ => 4.0 * ROUNDED,
    }
}

/// What a program made of the items and the prompts; what is asked is in llama.cpp's record only.
#[derive(Deserialize)]
struct Recorded<I, G> {
    items: Vec<I>,
    greedy: Vec<G>,
}

#[derive(Deserialize)]
struct Item {
    task: String,
    language: String,
    mode: String,
    prompt: String,
    options: Vec<String>,
    shared: Vec<u32>,
    continuations: Vec<Vec<u32>>,
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Deserialize)]
struct Answer {
    scores: Vec<f64>,
    choice: usize,
    margin: f64,
}

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
    tokens: Vec<u32>,
    text: String,
    #[serde(flatten)]
    continued: Continued,
}

#[derive(Deserialize)]
struct Continued {
    generated: Vec<u32>,
    margins: Vec<f64>,
}

fn recorded<T: DeserializeOwned>(name: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evaluate/tests/smollm2");
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

fn file() -> Option<PathBuf> {
    let file = std::env::var_os("CLIKA_TEST_SMOLLM2").map(PathBuf::from);
    if file.is_none() {
        println!(
            "SKIPPED SmolLM2: CLIKA_TEST_SMOLLM2 does not name its GGUF file; make test fetches it"
        );
    }
    file
}

/// The model, loaded once for all tests.
fn decoder(file: &Path) -> Decoder {
    static LOADED: OnceLock<Decoder> = OnceLock::new();
    let load = || {
        let device = DeviceChoice::Cpu.device().unwrap();
        Decoder::load(file, &device, Some(Dtype::F32), &NoProgress).unwrap()
    };
    LOADED.get_or_init(load).clone()
}

fn best(scores: &[f64]) -> usize {
    let order = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]);
    (0..scores.len()).max_by(order).unwrap()
}

#[test]
fn ids_choices_and_texts_are_those_of_llama_cpp_and_transformers() {
    let Some(file) = file() else { return };
    let tokenizer = Tokenizer::load(&file).unwrap();
    let decoder = decoder(&file);
    let llama: Recorded<Item, Prompt> = recorded("llama_cpp.json");
    let peer: Recorded<Answer, Continued> = recorded("transformers.json");
    assert!(llama.items.len() >= 20, "ten items in two ways");
    let queries: Vec<ScoringRequest> = llama
        .items
        .iter()
        .map(|item| {
            for (option, continuation) in item.options.iter().zip(&item.continuations) {
                let whole = tokenizer
                    .encode(&format!("{}{option}", item.prompt), true)
                    .unwrap();
                assert_eq!(whole, [&item.shared[..], continuation].concat(), "{option}");
            }
            ScoringRequest {
                prompt: item.shared.clone(),
                continuations: item.continuations.clone(),
            }
        })
        .collect();
    let mut scores = vec![Vec::new(); queries.len()];
    for batch in Scorer::new(&decoder, &queries, 1024).unwrap() {
        for (number, of_query) in batch.unwrap() {
            scores[number] = of_query;
        }
    }
    let mut largest = 0.0_f64;
    for ((item, reference), scores) in llama.items.iter().zip(&peer.items).zip(&scores) {
        let what = format!("{} {} {}", item.task, item.language, item.mode);
        for (score, wanted) in scores.iter().zip(&reference.scores) {
            assert!(score.is_finite(), "{what}: {score}");
            largest = largest.max((score - wanted).abs());
        }
        if reference.margin > SCORE {
            assert_eq!(best(scores), reference.choice, "{what}: {scores:?}");
        }
        if item.answer.margin > rounded(&item.mode) {
            assert_eq!(best(scores), item.answer.choice, "{what}: {scores:?}");
        }
    }
    println!("scores differ from transformers' by {largest:.1e} at most");
    assert!(largest < SCORE, "{largest:e}");

    let prompts: Vec<Vec<u32>> = llama
        .greedy
        .iter()
        .map(|text| text.tokens.clone())
        .collect();
    let limits = GenerationConfig {
        max_new_tokens: peer.greedy[0].generated.len(),
        stop_tokens: Vec::new(),
        batch_tokens: 1024,
        batch_size: prompts.len(),
    };
    let mut generated = vec![Vec::new(); prompts.len()];
    for batch in Generator::new(&decoder, &prompts, limits, &|_| false).unwrap() {
        for (number, tokens) in batch.unwrap() {
            generated[number] = tokens;
        }
    }
    for ((text, reference), generated) in llama.greedy.iter().zip(&peer.greedy).zip(&generated) {
        let what = &text.prompt;
        assert_eq!(tokenizer.encode(what, true).unwrap(), text.tokens, "{what}");
        agree(what, generated, reference, SCORE);
        agree(what, generated, &text.continued, ROUNDED);
        let same = &text.continued.generated;
        // Ours leaves marks out, as transformers' decoding does when it is asked to.
        let marks = ["<|im_start|>", "<|im_end|>"];
        let written = marks
            .iter()
            .fold(text.text.clone(), |text, mark| text.replace(mark, ""));
        assert_eq!(tokenizer.decode(same).unwrap(), written, "{what}");
    }
}

/// The same tokens, up to one that was nearly another.
fn agree(prompt: &str, generated: &[u32], expected: &Continued, margin: f64) {
    let mut pairs = generated.iter().zip(&expected.generated);
    if let Some(place) = pairs.position(|(found, wanted)| found != wanted) {
        let close = expected.margins[place];
        assert!(close < margin, "{prompt}: token {place}, {close}");
    }
}

#[derive(Deserialize)]
struct Training {
    rank: usize,
    alpha: f64,
    learning_rate: f64,
    warmup_steps: usize,
    weight_decay: f64,
    max_gradient_norm: f64,
    steps: usize,
    batches: Vec<Vec<Row>>,
    losses: Vec<f64>,
}

#[derive(Deserialize)]
struct Row {
    tokens: Vec<u32>,
    answer: usize,
}

#[test]
fn three_steps_of_training_have_pefts_losses() {
    let Some(file) = file() else { return };
    let training: Training = recorded("training/training.json");
    assert_eq!((training.steps, training.losses.len()), (3, 3));
    let examples = training
        .batches
        .iter()
        .flatten()
        .map(|row| TrainingExample {
            tokens: row.tokens.clone(),
            answer: row.answer,
        });
    let config = TrainingConfig {
        lora: Some(LoraConfig {
            rank: training.rank,
            alpha: training.alpha,
            dropout: 0.0,
            targets: LoraTargets::Paper,
        }),
        learning_rate: training.learning_rate,
        warmup_steps: training.warmup_steps,
        epochs: training.steps / training.batches.len(),
        max_steps: None,
        batch: training.batches[0].len(),
        weight_decay: training.weight_decay,
        max_gradient_norm: training.max_gradient_norm,
        seed: 0,
        batch_tokens: 1024,
        recompute: false,
    };
    let mut trainer = Trainer::in_order(decoder(&file), examples.collect(), &config).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evaluate/tests/smollm2/training");
    trainer
        .begin_from(&Adapter::read(&folder.join("initial")).unwrap())
        .unwrap();
    for (step, wanted) in training.losses.iter().enumerate() {
        let loss = trainer.step().unwrap().loss;
        println!("step {step}: {loss:.6}, PEFT {wanted:.6}");
        // Written so that no NaN passes.
        assert!(
            (loss - wanted).abs() < LOSS,
            "step {step}: {loss} instead of {wanted}"
        );
    }
}
