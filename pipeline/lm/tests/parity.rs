//! Logits and greedy continuations equal those of transformers (Baichuan: of a PyTorch reference), element by element;
//! `parity.py` next to this file wrote the checkpoints and what they give.

#![allow(clippy::unwrap_used)]

mod adapters;
mod reference;

use burn::tensor::Tensor;
use clika_base::types::{NoProgress, Progress};
use clika_lm::{Decoder, Sequence};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Value, json};
use std::{cell::RefCell, path::Path};
use tempfile::TempDir;

/// The largest difference of any logit, in f32.
const F32: f32 = 1e-4;
/// The largest difference in bf16, as a share of the largest logit.
const BF16: f32 = 2e-2;

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as::<f32>().unwrap()
}

/// The largest difference and the largest expected logit.
fn distance(found: &[f32], expected: &[f32]) -> (f32, f32) {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs.fold((0.0, 0.0), |(difference, largest), (found, expected)| {
        assert!(found.is_finite(), "a logit is {found}");
        (
            f32::max(difference, (found - expected).abs()),
            f32::max(largest, expected.abs()),
        )
    })
}

#[test]
fn logits_equal_the_reference_in_every_family_and_variant() {
    let device = reference::device();
    println!("| variant | dtype | largest difference |\n|---|---|---|");
    let mut failed = Vec::new();
    for folder in &reference::all() {
        let name = reference::name(folder);
        let dtype = reference::dtype(folder);
        let bf16 = dtype == clika_lm::Dtype::Bf16;
        if !reference::computes_in(dtype, name) {
            continue;
        }
        let decoder = Decoder::load(folder, &device, Some(dtype), &NoProgress).unwrap();
        assert_eq!(decoder.unused(), [] as [String; 0], "{name}");
        let expected = reference::expected(folder);
        let mut worst = (0.0_f32, 0.0_f32);
        for prompt in &expected {
            let sequence = Sequence {
                tokens: &prompt.ids,
                past: None,
            };
            let (states, _) = decoder.forward(&[sequence], false).unwrap();
            let (difference, largest) = distance(&numbers(decoder.logits(states)), &prompt.logits);
            worst = (worst.0.max(difference), worst.1.max(largest));
        }
        // The same prompts together, in another order, the last tokens after a cache.
        let mut together = 0.0_f32;
        let shuffled = [2, 0, 1].map(|number: usize| &expected[number]);
        let sequences = shuffled.map(|prompt| Sequence {
            tokens: &prompt.ids[..4],
            past: None,
        });
        let (_, caches) = decoder.forward(&sequences, true).unwrap();
        let rest: Vec<_> = shuffled
            .iter()
            .zip(&caches)
            .map(|(prompt, cache)| Sequence {
                tokens: &prompt.ids[4..],
                past: Some(cache),
            })
            .collect();
        let (states, _) = decoder.forward(&rest, false).unwrap();
        let logits = numbers(decoder.logits(states));
        let vocabulary = decoder.architecture().vocabulary;
        let wanted: Vec<f32> = shuffled
            .iter()
            .flat_map(|prompt| &prompt.logits[4 * vocabulary..])
            .copied()
            .collect();
        // Angles that depend on the whole sequence's length cannot be known when its beginning is run.
        if name != "llama-rope-dynamic" {
            together = distance(&logits, &wanted).0;
        }
        let (limit, difference) = if bf16 {
            (BF16 * worst.1, worst.0)
        } else {
            (F32, worst.0)
        };
        println!("| {name} | {} | {difference:.1e} |", dtype.name());
        if difference.max(together) > limit {
            failed.push(format!(
                "{name}: {difference:e}, with a cache {together:e}, limit {limit:e}"
            ));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Keeps the notes.
#[derive(Default)]
struct Notes(RefCell<Vec<String>>);

impl Progress for Notes {
    fn start(&self, _total: u64, _what: &str) {}
    fn step(&self, _detail: &str) {}
    fn note(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
    fn finish(&self) {}
}

/// A tensor: its name, type, shape and bytes.
type Stored = (String, Dtype, Vec<usize>, Vec<u8>);

const WEIGHTS: &str = "model.safetensors";
const EMBEDDING: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

/// The tensors of a variant changed, in a file of another name next to a changed configuration.
fn changed(
    variant: &str,
    config: &[(&str, Value)],
    file: &str,
    change: impl Fn(Stored) -> Vec<Stored>,
) -> TempDir {
    let from = reference::fixture(variant);
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(from.join("config.json")).unwrap();
    let mut keys: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in config {
        keys[*key] = value.clone();
    }
    std::fs::write(folder.path().join("config.json"), keys.to_string()).unwrap();
    let bytes = std::fs::read(from.join(WEIGHTS)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<Stored> = tensors
        .iter()
        .map(|(name, tensor)| {
            let shape = tensor.shape().to_vec();
            (
                name.to_owned(),
                tensor.dtype(),
                shape,
                tensor.data().to_vec(),
            )
        })
        .flat_map(change)
        .collect();
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).unwrap();
        (name.clone(), view)
    });
    safetensors::serialize_to_file(views, None, &folder.path().join(file)).unwrap();
    folder
}

/// The decoder of a folder and what was noted, after its logits were compared with those of a variant.
fn as_variant(folder: &Path, variant: &str) -> (Decoder, Vec<String>) {
    let device = reference::device();
    let notes = Notes::default();
    let decoder = Decoder::load(folder, &device, Some(clika_lm::Dtype::F32), &notes).unwrap();
    for prompt in reference::expected(&reference::fixture(variant)) {
        let sequence = Sequence {
            tokens: &prompt.ids,
            past: None,
        };
        let (states, _) = decoder.forward(&[sequence], false).unwrap();
        let (difference, _) = distance(&numbers(decoder.logits(states)), &prompt.logits);
        assert!(difference < F32, "{variant}: {difference:e}");
    }
    (decoder, notes.0.into_inner())
}

/// `parity_checks.py` holds transformers to the same (`check_files`).
#[test]
fn an_embedding_and_a_head_are_tied_where_they_are_one() {
    let tied = [("tie_word_embeddings", json!(true))];
    // Both are there and differ: what the configuration says does not count.
    let folder = changed("llama", &tied, WEIGHTS, |tensor| vec![tensor]);
    let (decoder, notes) = as_variant(folder.path(), "llama");
    assert!(!decoder.architecture().tied);
    let [note] = notes.as_slice() else {
        panic!("{notes:?}")
    };
    assert!(note.contains("`lm_head.weight` differs from `model.embed_tokens.weight`"));
    // Both are there and do not differ, or one of them, under either name.
    let renamed = |(name, dtype, shape, bytes): Stored| {
        let name = if name == EMBEDDING {
            HEAD.to_owned()
        } else {
            name
        };
        (name, dtype, shape, bytes)
    };
    let both = changed("llama-tied", &[], WEIGHTS, |tensor| {
        match tensor.0.as_str() {
            EMBEDDING => vec![renamed(tensor.clone()), tensor],
            _ => vec![tensor],
        }
    });
    let by_head = changed("llama-tied", &[], WEIGHTS, |tensor| vec![renamed(tensor)]);
    // Without the prefix too.
    let plain = changed("llama-tied", &[], WEIGHTS, |tensor| {
        let (name, dtype, shape, bytes) = renamed(tensor);
        let name = name.trim_start_matches("model.").to_owned();
        vec![(name, dtype, shape, bytes)]
    });
    for folder in [both, by_head, plain] {
        let (decoder, notes) = as_variant(folder.path(), "llama-tied");
        assert!(decoder.architecture().tied);
        assert_eq!(decoder.unused(), [] as [String; 0]);
        assert_eq!(notes, [] as [String; 0]);
    }
}

#[test]
fn the_same_numbers_under_other_names_and_in_other_types() {
    let consolidated = changed("llama", &[], "consolidated.safetensors", |it| vec![it]);
    as_variant(consolidated.path(), "llama");
    let doubles = changed("llama", &[], WEIGHTS, |(name, _, shape, bytes)| {
        let (numbers, rest) = bytes.as_chunks();
        assert!(rest.is_empty());
        let wide = |number: &[u8; 4]| f64::from(f32::from_le_bytes(*number)).to_le_bytes();
        let bytes = numbers.iter().flat_map(wide).collect();
        vec![(name, Dtype::F64, shape, bytes)]
    });
    as_variant(doubles.path(), "llama");
    // Shards without their index.
    let shards = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(reference::fixture("llama-sharded")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "config.json" || name.starts_with("model-") {
            std::fs::copy(&path, shards.path().join(name)).unwrap();
        }
    }
    as_variant(shards.path(), "llama-sharded");
}

#[test]
fn what_is_not_used_is_named() {
    let more = changed("llama-tied", &[], WEIGHTS, |tensor| {
        let (name, dtype, shape, bytes) = tensor.clone();
        let bias = (format!("{name}_scale"), dtype, shape, bytes);
        if name == EMBEDDING {
            vec![tensor, bias]
        } else {
            vec![tensor]
        }
    });
    let (decoder, notes) = as_variant(more.path(), "llama-tied");
    assert_eq!(decoder.unused(), ["model.embed_tokens.weight_scale"]);
    assert_eq!(
        notes,
        ["tensors of the checkpoint that the model does not use: model.embed_tokens.weight_scale"]
    );
}

/// The note is for whoever compares with transformers, which puts it on; the numbers are the model's own.
#[test]
fn an_adapter_beside_the_model_is_named() {
    let folder = changed("llama", &[], WEIGHTS, |tensor| vec![tensor]);
    // Of a model from the hub no more is downloaded; transformers as well goes by this file.
    std::fs::write(folder.path().join("adapter_config.json"), "{}").unwrap();
    let (_, notes) = as_variant(folder.path(), "llama");
    let [note] = notes.as_slice() else {
        panic!("{notes:?}")
    };
    let said = "also contains an adapter, which is not applied: --adapter applies one";
    assert!(note.contains(said), "{note}");
}
