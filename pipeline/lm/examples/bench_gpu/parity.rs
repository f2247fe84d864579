//! The checkpoints of tests/fixtures against the logits that transformers gives, as tests/parity.rs compares them.

use super::{Outcome, answer, distance, logits, parse_dtype, reference};
use clika_base::types::NoProgress;
use clika_lm::{Decoder, Device, Dtype, Sequence};
use serde_json::{Value, json};
use std::path::Path;

/// Tokens of a prompt that are run first, and then found in the cache.
const CACHED: usize = 4;

pub(super) fn run(device: &Device, fixtures: &Path) -> Outcome<()> {
    answer(|line| {
        let (name, dtype) = line.split_once(' ').ok_or("a type is missing")?;
        compare(device, &fixtures.join(name), parse_dtype(dtype)?)
    })
}

fn compare(device: &Device, folder: &Path, dtype: Dtype) -> Outcome<Value> {
    let prompts = reference::expected(folder);
    let decoder = Decoder::load(folder, device, Some(dtype), &NoProgress)?;
    let mut difference = 0.0;
    for prompt in &prompts {
        let sequence = Sequence {
            tokens: &prompt.ids,
            past: None,
        };
        let found = logits(&decoder, &[sequence])?;
        difference = f32::max(difference, distance(&found, &prompt.logits)?);
    }
    // Together, after a cache.
    let begin = prompts.iter().map(|prompt| Sequence {
        tokens: &prompt.ids[..CACHED],
        past: None,
    });
    let (_, caches) = decoder.forward(&begin.collect::<Vec<_>>(), true)?;
    let rest = prompts.iter().zip(&caches).map(|(prompt, cache)| Sequence {
        tokens: &prompt.ids[CACHED..],
        past: Some(cache),
    });
    let vocabulary = decoder.architecture().vocabulary;
    let wanted: Vec<f32> = prompts
        .iter()
        .flat_map(|prompt| &prompt.logits[CACHED * vocabulary..])
        .copied()
        .collect();
    let cached = distance(&logits(&decoder, &rest.collect::<Vec<_>>())?, &wanted)?;
    let all = prompts.iter().flat_map(|prompt| &prompt.logits);
    let largest = all.fold(0.0, |largest, logit| f32::max(largest, logit.abs()));
    Ok(json!({ "difference": difference, "cached": cached, "largest": largest }))
}
