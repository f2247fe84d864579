//! Losses, gradients and trained models equal those of transformers and PEFT (Baichuan: of a PyTorch reference), step by
//! step; `training.py` next to this file wrote what is expected.

#![allow(clippy::unwrap_used)]

mod reference;

use clika_base::types::NoProgress;
use clika_lm::{
    Adapter, Decoder, LoraConfig, LoraTargets, ModuleSelection, Sequence, Trainer, TrainingConfig,
    TrainingExample,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The largest difference of a step's loss, and of a logit after the last step.
const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Training {
    base: String,
    targets: String,
    target_modules: Vec<String>,
    rank: usize,
    alpha: f64,
    learning_rate: f64,
    warmup_steps: usize,
    weight_decay: f64,
    max_gradient_norm: f64,
    steps: usize,
    batches: Vec<Vec<Row>>,
    losses: Vec<f64>,
    gradient_norms: Vec<f64>,
    prompt: Vec<u32>,
    logits: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Row {
    tokens: Vec<u32>,
    answer: usize,
}

impl Training {
    fn lora(&self) -> Option<LoraConfig> {
        let targets = match self.targets.as_str() {
            "paper" => LoraTargets::Paper,
            "attention" => LoraTargets::Attention,
            "all" => LoraTargets::All,
            "full" => return None,
            other => panic!("unknown targets {other}"),
        };
        Some(LoraConfig {
            rank: self.rank,
            alpha: self.alpha,
            dropout: 0.0,
            targets,
        })
    }

    fn trainer(&self, folder: &Path, recompute: bool) -> Trainer {
        let device = reference::device();
        let base = reference::fixture(&self.base);
        let decoder = Decoder::load(&base, &device, None, &NoProgress).unwrap();
        let examples = self.batches.iter().flatten().map(|row| TrainingExample {
            tokens: row.tokens.clone(),
            answer: row.answer,
        });
        let config = TrainingConfig {
            lora: self.lora(),
            learning_rate: self.learning_rate,
            warmup_steps: self.warmup_steps,
            epochs: self.steps / self.batches.len(),
            max_steps: None,
            batch: self.batches[0].len(),
            weight_decay: self.weight_decay,
            max_gradient_norm: self.max_gradient_norm,
            seed: 0,
            // Several parts a batch, one of them of several sequences.
            batch_tokens: 24,
            recompute,
        };
        let mut trainer = Trainer::in_order(decoder, examples.collect(), &config).unwrap();
        if self.lora().is_some() {
            let initial = Adapter::read(&folder.join("initial")).unwrap();
            assert_eq!(targets(&initial), sorted(&self.target_modules));
            let ours = trainer.decoder().adapter().unwrap().unwrap();
            assert_eq!(targets(&ours), sorted(&self.target_modules));
            assert!(ours.modules().eq(initial.modules()), "{}", folder.display());
            trainer.begin_from(&initial).unwrap();
        }
        trainer
    }
}

fn targets(adapter: &Adapter) -> Vec<&String> {
    match &adapter.config.targets {
        Some(ModuleSelection::List(names)) => sorted(names),
        other => panic!("{other:?} is not a list"),
    }
}

fn sorted(names: &[String]) -> Vec<&String> {
    let mut names: Vec<_> = names.iter().collect();
    names.sort();
    names
}

fn all() -> Vec<(PathBuf, Training)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures-training");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|folder| {
            let text = std::fs::read_to_string(folder.join("training.json")).unwrap();
            let training = serde_json::from_str(&text).unwrap();
            (folder, training)
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(all.len() >= 24, "only {} fixtures", all.len());
    all
}

/// The largest difference of the logits after the prompt.
fn logits_differ(decoder: &Decoder, training: &Training) -> f64 {
    let sequence = Sequence {
        tokens: &training.prompt,
        past: None,
    };
    let (states, _) = decoder.forward(&[sequence], false).unwrap();
    let found = decoder.logits(states).into_data();
    let found: Vec<f32> = found.iter::<f32>().collect();
    let expected: Vec<f64> = training.logits.iter().flatten().copied().collect();
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs
        .map(|(a, b)| (f64::from(*a) - b).abs())
        .fold(0.0, f64::max)
}

#[test]
fn loss_curves_equal_those_of_peft() {
    println!("| training | loss | gradient | logits |\n|---|---|---|---|");
    let kept = std::env::var_os("CLIKA_TRAINED");
    let mut failed = Vec::new();
    for (number, (folder, training)) in all().iter().enumerate() {
        let name = reference::name(folder).to_owned();
        // Every second one runs its layers twice: the result has to be the same.
        let mut trainer = training.trainer(folder, number % 2 == 1);
        let (mut of_loss, mut of_norm) = (0.0_f64, 0.0_f64);
        for (expected, norm) in training.losses.iter().zip(&training.gradient_norms) {
            let step = trainer.step().unwrap();
            of_loss = of_loss.max((step.loss - expected).abs());
            of_norm = of_norm.max((step.gradient_norm / norm - 1.0).abs());
        }
        assert_eq!(trainer.done(), trainer.steps());
        let mut decoder = trainer.into_decoder();
        let of_logits = logits_differ(&decoder, training);
        println!("| {name} | {of_loss:.1e} | {of_norm:.1e} | {of_logits:.1e} |");
        // Written negatively, so that no NaN passes.
        if !(of_loss < TOLERANCE && of_norm < 1e-2 && of_logits < 10.0 * TOLERANCE) {
            failed.push(name.clone());
        }
        if let Some(adapter) = decoder.adapter().unwrap() {
            // What PEFT trained gives PEFT's logits, attached or merged.
            let trained = Adapter::read(&folder.join("trained")).unwrap();
            decoder.attach(&trained).unwrap();
            assert!(logits_differ(&decoder, training) < TOLERANCE, "{name}");
            decoder.merge().unwrap();
            assert!(logits_differ(&decoder, training) < TOLERANCE, "{name}");
            if let Some(kept) = &kept {
                keep(&Path::new(kept).join(&name), &adapter, training);
            }
        }
    }
    assert_eq!(failed, [] as [String; 0]);
}

/// Writes an adapter, the merged model and what they give, for `training.py --load`.
fn keep(folder: &Path, adapter: &Adapter, training: &Training) {
    let device = reference::device();
    let base = reference::fixture(&training.base);
    let mut decoder = Decoder::load(&base, &device, None, &NoProgress).unwrap();
    decoder.attach(adapter).unwrap();
    for part in ["adapter", "merged"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    adapter
        .write(&folder.join("adapter"), &training.base)
        .unwrap();
    let sequence = Sequence {
        tokens: &training.prompt,
        past: None,
    };
    let (states, _) = decoder.forward(&[sequence], false).unwrap();
    let vocabulary = decoder.architecture().vocabulary;
    let logits: Vec<f32> = decoder.logits(states).into_data().iter::<f32>().collect();
    let rows: Vec<&[f32]> = logits.chunks(vocabulary).collect();
    let text = serde_json::json!({ "prompt": training.prompt, "logits": rows });
    std::fs::write(folder.join("logits.json"), text.to_string()).unwrap();
    decoder.merge().unwrap();
    decoder.write(&folder.join("merged")).unwrap();
    let merged = folder.join("merged/config.json");
    std::fs::copy(base.join("config.json"), merged).unwrap();
}
