//! Models in GGUF: logits equal those of transformers on the same dequantized weights. The files and the logits are of
//! `../../checkpoint/tests/gguf/reference.py`.

#![allow(clippy::unwrap_used)]

mod reference;
#[path = "../../checkpoint/tests/gguf/writer.rs"]
mod writer;

use clika_base::types::NoProgress;
use clika_lm::{Decoder, Dtype, LmError, Sequence};
use safetensors::SafeTensors;
use serde_json::Value;
use std::path::Path;

/// The largest difference of any logit.
const LARGEST: f32 = 2e-4;

#[test]
fn logits_equal_those_of_transformers() {
    let models =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../checkpoint/tests/gguf/fixtures/models");
    let device = reference::device();
    println!("| model | largest difference |\n|---|---|");
    let mut seen = 0;
    let mut failed = Vec::new();
    for entry in std::fs::read_dir(models).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let model: Value = serde_json::from_str(&text).unwrap();
        let name = model["name"].as_str().unwrap();
        // Any part of a file in parts stands for all.
        let file = model["files"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .as_str()
            .unwrap();
        let file = path.with_file_name(file);
        let decoder = Decoder::load(&file, &device, Some(Dtype::F32), &NoProgress).unwrap();
        let expected = std::fs::read(path.with_extension("safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&expected).unwrap();
        let mut largest = 0.0_f32;
        for prompt in 0..model["prompts"].as_array().unwrap().len() {
            let ids: Vec<u32> = serde_json::from_value(model["prompts"][prompt].clone()).unwrap();
            let sequence = Sequence {
                tokens: &ids,
                past: None,
            };
            let (states, _) = decoder.forward(&[sequence], false).unwrap();
            let found = decoder.logits(states).into_data();
            let found = found.try_into_vec_as::<f32>().unwrap();
            let wanted = expected.tensor(&format!("logits_{prompt}")).unwrap();
            let (wanted, _) = wanted.data().as_chunks::<4>();
            assert_eq!(found.len(), wanted.len(), "{name}");
            for (found, wanted) in found.iter().zip(wanted) {
                assert!(found.is_finite(), "{name}: a logit is {found}");
                largest = largest.max((found - f32::from_le_bytes(*wanted)).abs());
            }
        }
        println!("| {name} | {largest:.1e} |");
        if largest > LARGEST {
            failed.push(format!("{name}: {largest:e}"));
        }
        seen += 1;
    }
    assert!(seen >= 11, "only {seen} models");
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_model_larger_than_memory_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.gguf");
    // Four terabytes, without a block on the disk.
    let rows = 1 << 24;
    writer::Gguf::model()
        .without("tokenizer.ggml.tokens")
        .key("llama.embedding_length", writer::Key::U32(1 << 16))
        .shape("token_embd.weight", &[1 << 16, rows])
        .write(&path);
    let device = reference::device();
    let loaded = Decoder::load(&path, &device, Some(Dtype::F32), &NoProgress);
    match loaded.err() {
        Some(LmError::Memory { needed_gib, .. }) => assert!(needed_gib > 4000.0, "{needed_gib}"),
        other => panic!("{other:?}"),
    }
}
