//! SmolLM2-135M-Instruct and Gemma 3 270M from their GGUF files: ids, scores and greedy texts as llama.cpp and transformers give
//! them, and three steps of training as PEFT takes them. `../../evaluate/tests/real_model_reference.py` recorded what is
//! expected. `make test` fetches SmolLM2, `make test-gemma3` Gemma; CLIKA_TEST_SMOLLM2 and CLIKA_TEST_GEMMA3 name the files.

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

/// A model whose file a variable of the environment names.
struct RealModel {
    /// Its folder of what is recorded.
    name: &'static str,
    variable: &'static str,
    /// What fetches the file.
    target: &'static str,
    /// llama.cpp rounds what it multiplies to eight bits: below this margin of a token its choice is chance.
    rounded: f64,
    /// What stands between turns, which decoding leaves out.
    marks: &'static [&'static str],
    /// Loaded once for all tests.
    decoder: OnceLock<Decoder>,
}

static SMOLLM2: RealModel = RealModel {
    name: "smollm2",
    variable: "CLIKA_TEST_SMOLLM2",
    target: "make test",
    rounded: 0.2,
    marks: &["<|im_start|>", "<|im_end|>"],
    decoder: OnceLock::new(),
};
static GEMMA3: RealModel = RealModel {
    name: "gemma3",
    variable: "CLIKA_TEST_GEMMA3",
    target: "make test-gemma3",
    // It and transformers choose two tokens whose margin is 0.27.
    rounded: 0.4,
    marks: &["<bos>", "<eos>"],
    decoder: OnceLock::new(),
};

impl RealModel {
    /// [`RealModel::rounded`] of an option: a letter is a token, and a text is several.
    fn rounded_option(&self, mode: &str) -> f64 {
        match mode {
            "letters" => self.rounded,
            _ => 4.0 * self.rounded,
        }
    }

    fn folder(&self) -> PathBuf {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evaluate/tests");
        tests.join(self.name)
    }

    fn recorded<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_slice(&std::fs::read(self.folder().join(name)).unwrap()).unwrap()
    }

    fn file(&self) -> Option<PathBuf> {
        let file = std::env::var_os(self.variable).map(PathBuf::from);
        if file.is_none() {
            println!(
                "SKIPPED {}: {} does not name its GGUF file; {} fetches it",
                self.name, self.variable, self.target
            );
        }
        file
    }

    fn decoder(&self, file: &Path) -> Decoder {
        let load = || {
            let device = DeviceChoice::Cpu.device().unwrap();
            Decoder::load(file, &device, Some(Dtype::F32), &NoProgress).unwrap()
        };
        self.decoder.get_or_init(load).clone()
    }
}

fn best(scores: &[f64]) -> usize {
    let order = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]);
    (0..scores.len()).max_by(order).unwrap()
}

#[test]
fn ids_choices_and_texts_of_smollm2_are_those_of_llama_cpp_and_transformers() {
    check_answers(&SMOLLM2);
}

#[test]
fn ids_choices_and_texts_of_gemma3_are_those_of_llama_cpp_and_transformers() {
    check_answers(&GEMMA3);
}

fn check_answers(model: &RealModel) {
    let Some(file) = model.file() else { return };
    let tokenizer = Tokenizer::load(&file).unwrap();
    let decoder = model.decoder(&file);
    let llama: Recorded<Item, Prompt> = model.recorded("llama_cpp.json");
    let peer: Recorded<Answer, Continued> = model.recorded("transformers.json");
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
        if item.answer.margin > model.rounded_option(&item.mode) {
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
        agree(what, generated, &text.continued, model.rounded);
        let same = &text.continued.generated;
        // Ours leaves marks out, as transformers' decoding does when it is asked to.
        let written = model
            .marks
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
fn three_steps_of_training_smollm2_have_pefts_losses() {
    check_training(&SMOLLM2);
}

#[test]
fn three_steps_of_training_gemma3_have_pefts_losses() {
    check_training(&GEMMA3);
}

fn check_training(model: &RealModel) {
    let Some(file) = model.file() else { return };
    let training: Training = model.recorded("training/training.json");
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
    let mut trainer = Trainer::in_order(model.decoder(&file), examples.collect(), &config).unwrap();
    let initial = model.folder().join("training/initial");
    trainer
        .begin_from(&Adapter::read(&initial).unwrap())
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
