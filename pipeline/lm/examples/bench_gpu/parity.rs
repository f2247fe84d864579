//! The checkpoints of tests/fixtures against the logits that transformers gives, as tests/parity.rs compares them.

use super::{Outcome, print};
use burn::tensor::Tensor;
use clika_core::NoProgress;
use clika_lm::{Decoder, Dtype, Place, Run};
use safetensors::SafeTensors;
use serde_json::json;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

/// Prompts of a fixture.
const PROMPTS: usize = 3;
/// Tokens of a prompt that are run first, and then found in the cache.
const CACHED: usize = 4;

/// What the reference gave for one prompt.
struct Prompt {
    ids: Vec<u32>,
    logits: Vec<f32>,
}

/// Computes every fixture in f32 and in bf16.
pub(super) fn run(place: &Place, folder: &Path) -> Outcome<()> {
    let entries: Result<Vec<_>, _> = fs::read_dir(folder)?.collect();
    let folders = entries?.into_iter().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    for folder in folders {
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        // What the reference computed in.
        let bf16 = name.as_ref().is_some_and(|name| name.ends_with("bf16"));
        let dtypes = if bf16 {
            &[Dtype::Bf16][..]
        } else {
            &[Dtype::F32, Dtype::Bf16]
        };
        for &dtype in dtypes {
            // A kernel that fails panics; the next fixture may do better.
            let found = catch_unwind(AssertUnwindSafe(|| compare(place, &folder, dtype)));
            let mut result = match found {
                Ok(Ok(found)) => json!({
                    "difference": found.difference,
                    "cached_difference": found.cached,
                    "largest": found.largest,
                }),
                Ok(Err(error)) => json!({ "error": error.to_string() }),
                Err(_) => json!({ "error": "panic, see above" }),
            };
            result["variant"] = json!(name);
            result["dtype"] = json!(dtype.name());
            result["reference"] = json!(if bf16 { "bf16" } else { "f32" });
            print(&result);
        }
    }
    Ok(())
}

struct Found {
    /// The largest difference of a prompt run alone.
    difference: f32,
    /// The same, where prompts share a run and begin in a cache.
    cached: f32,
    /// The reference's largest logit.
    largest: f32,
}

fn compare(place: &Place, folder: &Path, dtype: Dtype) -> Outcome<Found> {
    let prompts = prompts(folder)?;
    let decoder = Decoder::load(folder, place, Some(dtype), &NoProgress)?;
    let mut difference = 0.0;
    for prompt in &prompts {
        let run = Run {
            tokens: &prompt.ids,
            past: None,
        };
        let (states, _) = decoder.run(&[run], false)?;
        let logits = numbers(decoder.logits(states))?;
        difference = f32::max(difference, distance(&logits, &prompt.logits)?);
    }
    let begin = prompts.iter().map(|prompt| Run {
        tokens: &prompt.ids[..CACHED],
        past: None,
    });
    let (_, caches) = decoder.run(&begin.collect::<Vec<_>>(), true)?;
    let rest = prompts.iter().zip(&caches).map(|(prompt, cache)| Run {
        tokens: &prompt.ids[CACHED..],
        past: Some(cache),
    });
    let (states, _) = decoder.run(&rest.collect::<Vec<_>>(), false)?;
    let vocabulary = decoder.architecture().vocabulary;
    let wanted = prompts
        .iter()
        .flat_map(|prompt| &prompt.logits[CACHED * vocabulary..]);
    let wanted: Vec<f32> = wanted.copied().collect();
    let cached = distance(&numbers(decoder.logits(states))?, &wanted)?;
    let logits = prompts.iter().flat_map(|prompt| &prompt.logits);
    Ok(Found {
        difference,
        cached,
        largest: logits.fold(0.0, |largest, logit| f32::max(largest, logit.abs())),
    })
}

fn prompts(folder: &Path) -> Outcome<Vec<Prompt>> {
    let bytes = fs::read(folder.join("expected.safetensors"))?;
    let tensors = SafeTensors::deserialize(&bytes)?;
    let mut prompts = Vec::new();
    for prompt in 0..PROMPTS {
        let ids = tensors.tensor(&format!("ids_{prompt}"))?;
        let (ids, _) = ids.data().as_chunks::<8>();
        let logits = tensors.tensor(&format!("logits_{prompt}"))?;
        let (logits, _) = logits.data().as_chunks::<4>();
        let ids = ids.iter().map(|&id| u32::try_from(i64::from_le_bytes(id)));
        prompts.push(Prompt {
            ids: ids.collect::<Result<_, _>>()?,
            logits: logits.iter().map(|&x| f32::from_le_bytes(x)).collect(),
        });
    }
    Ok(prompts)
}

fn distance(found: &[f32], expected: &[f32]) -> Outcome<f32> {
    if found.len() != expected.len() || found.iter().any(|logit| !logit.is_finite()) {
        return Err("logits are missing or not finite".into());
    }
    let pairs = found.iter().zip(expected);
    Ok(pairs.fold(0.0, |largest, (found, expected)| {
        f32::max(largest, (found - expected).abs())
    }))
}

fn numbers(tensor: Tensor<2>) -> Outcome<Vec<f32>> {
    let numbers = tensor.into_data().try_into_vec_as::<f32>();
    Ok(numbers.map_err(|error| format!("{error:?}"))?)
}
