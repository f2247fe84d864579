//! Adapters do what they do in PEFT, attached and merged, or are refused by the name of what is not supported;
//! `adapters.py` next to this folder wrote what is expected.

mod refused;

use crate::reference;
use clika_base::types::NoProgress;
use clika_lm::{
    ADAPTER_FIELDS, Adapter, Decoder, FieldSupport, LmError, LoraConfig, LoraTargets, Sequence,
    Trainer, TrainingConfig, TrainingExample,
};
use safetensors::SafeTensors;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The largest difference of a logit.
const TOLERANCE: f32 = 1e-4;

/// Adapters that PEFT merges into a model of more weights than the base's configuration says.
const UNTIED: [&str; 2] = ["tied-modules-to-save", "tied-modules-to-save-both"];

/// Adapters whose one update of embedding and head PEFT 0.21.2 adds twice when it merges, to the weight that both are. Ours
/// does merged what it does attached, in PEFT too.
const TWICE: [&str; 2] = ["ensured-embedding", "ensured-head-bin"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures-adapters")
}

fn config(folder: &Path) -> Map<String, Value> {
    let text = std::fs::read_to_string(folder.join("adapter_config.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The base that an adapter belongs to.
fn base(folder: &Path) -> Decoder {
    let config = config(folder);
    let name = config["base_model_name_or_path"].as_str().unwrap();
    let device = crate::reference::device();
    Decoder::load(&reference::fixture(name), &device, None, &NoProgress).unwrap()
}

/// The prompt, and PEFT's logits after each of its tokens.
fn expected(folder: &Path) -> (Vec<u32>, Vec<f32>) {
    let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let ids = tensors.tensor("ids").unwrap();
    let (ids, _) = ids.data().as_chunks::<8>();
    let logits = tensors.tensor("logits").unwrap();
    let (logits, _) = logits.data().as_chunks::<4>();
    let ids = ids
        .iter()
        .map(|id| u32::try_from(i64::from_le_bytes(*id)).unwrap());
    (
        ids.collect(),
        logits.iter().map(|it| f32::from_le_bytes(*it)).collect(),
    )
}

fn logits(decoder: &Decoder, ids: &[u32]) -> Vec<f32> {
    let sequence = Sequence {
        tokens: ids,
        past: None,
    };
    let (states, _) = decoder.forward(&[sequence], false).unwrap();
    decoder.logits(states).into_data().iter::<f32>().collect()
}

/// The largest difference; NaN where one of them is NaN.
fn difference(decoder: &Decoder, (ids, expected): &(Vec<u32>, Vec<f32>)) -> f32 {
    let found = logits(decoder, ids);
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs.map(|(a, b)| (a - b).abs()).fold(
        0.0,
        |most, it| if it > most || it.is_nan() { it } else { most },
    )
}

/// The fields of a row that are not as PEFT has them by default, of those that decide numbers.
fn decisive(folder: &Path, defaults: &Map<String, Value>) -> String {
    let config = config(folder);
    let set = ADAPTER_FIELDS.iter().filter(|field| {
        let name = field.name;
        field.support == FieldSupport::Supported
            && !["peft_type", "r", "lora_alpha"].contains(&name)
            && config[name] != defaults[name]
    });
    set.map(|field| format!("{} = {}", field.name, config[field.name]))
        .collect::<Vec<_>>()
        .join(", ")
        // Not the end of a cell.
        .replace('|', "\\|")
}

fn peft_fields() -> Map<String, Value> {
    let text = std::fs::read_to_string(fixtures().join("fields.json")).unwrap();
    let file: Map<String, Value> = serde_json::from_str(&text).unwrap();
    file["fields"].as_object().unwrap().clone()
}

#[test]
fn adapters_give_pefts_logits() {
    let defaults = peft_fields();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() >= 59, "only {} rows", folders.len());
    println!("| row | what PEFT's file says | attached | merged |\n|---|---|---|---|");
    let mut failed = Vec::new();
    for folder in &folders {
        let name = reference::name(folder);
        let expected = expected(folder);
        let mut decoder = base(folder);
        let plain = logits(&decoder, &expected.0);
        let adapter = Adapter::read(folder).unwrap();
        decoder
            .attach(&adapter)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let attached = difference(&decoder, &expected);
        let mut merged = decoder.clone();
        let merges = std::fs::read_to_string(folder.join("merged.txt")).unwrap();
        let mergeable = merges == "same\n" && !UNTIED.contains(&name) || TWICE.contains(&name);
        let outcome = match merged.merge() {
            Ok(()) => {
                let merged = difference(&merged, &expected);
                // Written negatively, so that no NaN passes.
                if !(mergeable && merged < TOLERANCE) {
                    failed.push(format!("{name}, merged: {merged:.1e}"));
                }
                format!("{merged:.1e}")
            }
            Err(error) => {
                assert!(matches!(error, LmError::Unmergeable { .. }), "{error:?}");
                if mergeable {
                    failed.push(format!("{name}, merged: {error}"));
                }
                assert_eq!(difference(&merged, &expected), attached, "{name}");
                "refused".to_owned()
            }
        };
        println!(
            "| {name} | {} | {attached:.1e} | {outcome} |",
            decisive(folder, &defaults)
        );
        let same = attached < TOLERANCE;
        if !same {
            failed.push(format!("{name}: {attached:.1e}"));
        }
        decoder.detach();
        assert_eq!(
            logits(&decoder, &expected.0),
            plain,
            "{name} does not come off"
        );
    }
    assert_eq!(failed, [] as [String; 0]);
}

#[test]
fn every_field_of_peft_has_its_line() {
    println!("| field | what is made of it | why, or what to do |\n|---|---|---|");
    let names: Vec<&str> = ADAPTER_FIELDS.iter().map(|field| field.name).collect();
    for (name, default) in peft_fields() {
        let known = ADAPTER_FIELDS.iter().find(|field| field.name == name);
        let Some(known) = known else {
            panic!("no line for `{name}`")
        };
        if let FieldSupport::OnlyOff(values) = known.support {
            let default = default.to_string();
            assert!(
                values.contains(&default.as_str()),
                "`{name}` is {default} by default"
            );
        }
    }
    for (number, field) in ADAPTER_FIELDS.iter().enumerate() {
        assert!(
            !names[..number].contains(&field.name),
            "`{}` occurs twice",
            field.name
        );
        let treatment = match field.support {
            FieldSupport::Supported => "honoured".to_owned(),
            FieldSupport::Ignored => "a record".to_owned(),
            FieldSupport::OnlyOff(values) => format!("{} only", values.join(" or ")),
        };
        println!("| {} | {treatment} | {} |", field.name, field.note);
    }
}

#[test]
fn the_first_of_two_patterns_in_the_file_decides_and_none_stands_twice() {
    let folder = fixtures().join("alpha-pattern-order");
    let text = std::fs::read_to_string(folder.join("adapter_config.json")).unwrap();
    let [first, second] = ["\"q_proj\": 20", "\"layers.0.self_attn.q_proj\": 2"];
    let other = tempfile::tempdir().unwrap();
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(folder.join(name), other.path().join(name)).unwrap();
    }
    let with = |text: &str| {
        std::fs::write(other.path().join("adapter_config.json"), text).unwrap();
        Adapter::read(other.path())
    };
    let swapped = text
        .replace(first, "?")
        .replace(second, first)
        .replace('?', second);
    assert!(swapped.find(first) > swapped.find(second));
    let mut decoder = base(&folder);
    decoder.attach(&with(&swapped).unwrap()).unwrap();
    assert!(difference(&decoder, &expected(&folder)) > 100.0 * TOLERANCE);
    let twice = with(&text.replace(second, first)).unwrap_err().to_string();
    assert!(
        twice.contains("`alpha_pattern`") && twice.contains("twice"),
        "{twice}"
    );
}

#[test]
fn training_goes_on_from_adapters_that_only_add() {
    let folder = fixtures().join("dora");
    let training = TrainingConfig {
        lora: Some(LoraConfig {
            rank: 2,
            alpha: 2.0,
            dropout: 0.0,
            targets: LoraTargets::Paper,
        }),
        learning_rate: 1e-3,
        warmup_steps: 0,
        epochs: 1,
        max_steps: None,
        batch: 1,
        weight_decay: 0.0,
        max_gradient_norm: 1.0,
        seed: 0,
        batch_tokens: 64,
        recompute: false,
    };
    let example = TrainingExample {
        tokens: vec![1, 17, 5],
        answer: 1,
    };
    let mut trainer = Trainer::new(base(&folder), vec![example], &training).unwrap();
    trainer
        .begin_from(&Adapter::read(&fixtures().join("plain")).unwrap())
        .unwrap();
    for (row, named) in [
        ("dora", "use_dora"),
        ("head", "lm_head"),
        ("rank-pattern", "rank_pattern"),
        ("tokens", "trainable_token_indices"),
    ] {
        let adapter = Adapter::read(&fixtures().join(row)).unwrap();
        let error = trainer.begin_from(&adapter).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    let other = tempfile::tempdir().unwrap();
    let dora = Adapter::read(&folder).unwrap();
    let error = dora.write(other.path(), "base").unwrap_err();
    assert!(error.to_string().contains("use_dora"), "{error}");
}
