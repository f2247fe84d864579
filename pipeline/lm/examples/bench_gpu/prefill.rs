//! One pass over several prompts, with the logits behind each one's last token.

use super::{Outcome, median, print, times};
use burn::tensor::{Int, Tensor, TensorData};
use clika_checkpoint::parse_architecture;
use clika_lm::{Decoder, Dtype, Place, Run};
use serde_json::json;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Prompts and tokens of each are `shape`.
pub(super) fn run(place: &Place, least: Duration, config: &Path, shape: [usize; 2]) -> Outcome<()> {
    let [sequences, length] = shape;
    let architecture = parse_architecture(config, &fs::read_to_string(config)?)?;
    let begin = Instant::now();
    let decoder = Decoder::random(&architecture, place, Dtype::Bf16, 1)?;
    let device = decoder.device();
    device.sync()?;
    let build_seconds = begin.elapsed().as_secs_f64();
    let tokens: Vec<u32> = (0..sequences * length)
        .map(|place| (place * 7919 % architecture.vocabulary) as u32)
        .collect();
    let runs: Vec<_> = tokens
        .chunks(length)
        .map(|tokens| Run { tokens, past: None })
        .collect();
    let last: Vec<i64> = (1..=sequences).map(|n| (n * length - 1) as i64).collect();
    let last = Tensor::<1, Int>::from_data(TensorData::new(last, [sequences]), device);
    let prefill = || {
        let (states, _) = decoder.run(&runs, false)?;
        let logits = decoder.logits(states.select(0, last.clone())).into_data();
        let logits = logits.try_into_vec_as::<f32>();
        let logits = logits.map_err(|error| format!("{error:?}"))?;
        if logits.iter().all(|logit| logit.is_finite()) {
            Ok(())
        } else {
            Err("a logit is not finite".into())
        }
    };
    // The first one compiles kernels and tries several.
    let begin = Instant::now();
    prefill()?;
    let first_seconds = begin.elapsed().as_secs_f64();
    prefill()?;
    let seconds = median(times(least, prefill)?);
    print(&json!({
        "tokens_per_second": (sequences * length) as f64 / seconds,
        "first_seconds": first_seconds,
        "build_seconds": build_seconds,
    }));
    Ok(())
}
