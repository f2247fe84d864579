use super::{
    catch_device_errors, panics_are_errors,
    planted::{self, PlannedFailure},
};
use crate::{
    Decoder, DeviceChoice, Dtype, GenerationConfig, Generator, LmError, Scorer, ScoringRequest,
};
use burn::tensor::Device as BurnDevice;
use clika_base::types::NoProgress;
use miette::Diagnostic;
use std::path::Path;

/// A model that runs by burn's operations, as on a GPU: only there memory runs out with an error.
fn decoder() -> Decoder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama-gqa");
    let device = DeviceChoice::Cpu.device().expect("there is a processor");
    let on = BurnDevice::flex().autodiff();
    Decoder::load_on(&folder, &device, &on, Some(Dtype::F32), &NoProgress)
        .expect("fixtures can be loaded")
}

/// A prompt of some tokens.
fn prompt(number: usize, tokens: usize) -> Vec<u32> {
    (0..tokens)
        .map(|at| ((7 * number + 5 * at) % 90 + 3) as u32)
        .collect()
}

fn queries() -> Vec<ScoringRequest> {
    (0..7)
        .map(|number| ScoringRequest {
            prompt: prompt(number, 3 + number),
            continuations: [1, 4, 4, 6]
                .map(|tokens| prompt(number + 11, tokens))
                .into(),
        })
        .collect()
}

/// The scores of all queries, each asked once, or the error.
fn scores(
    decoder: &Decoder,
    queries: &[ScoringRequest],
    budget: usize,
) -> Result<Vec<Vec<f64>>, LmError> {
    let mut found = vec![Vec::new(); queries.len()];
    for batch in Scorer::new(decoder, queries, budget)? {
        for (number, scores) in batch? {
            assert!(found[number].is_empty(), "query {number} twice");
            found[number] = scores;
        }
    }
    assert!(found.iter().all(|scores| scores.len() == 4), "{found:?}");
    Ok(found)
}

#[test]
fn scores_are_the_same_where_memory_runs_out() {
    let (decoder, queries) = (decoder(), queries());
    let whole = scores(&decoder, &queries, 1000).expect("nothing fails");
    // In the prompts, in their logits, in the continuations, and again in what became smaller.
    let plans: [&[usize]; 5] = [&[0], &[1], &[2], &[3], &[0, 2]];
    for plan in plans {
        planted::plan((0..6).map(|at| plan.contains(&at).then_some(PlannedFailure::Memory)));
        let parted = scores(&decoder, &queries, 1000).expect("smaller parts do");
        assert_eq!(planted::left(), 0, "{plan:?}");
        for (a, b) in whole.iter().flatten().zip(parted.iter().flatten()) {
            assert!((a - b).abs() < 1e-5, "{plan:?}: {a}, {b}");
        }
    }
}

#[test]
fn a_query_that_is_too_much_alone_is_an_error_that_names_options() {
    let (decoder, queries) = (decoder(), queries());
    planted::plan([Some(PlannedFailure::Memory); 100]);
    let error = scores(&decoder, &queries, 1000).expect_err("nothing fits");
    // 7 prompts of 42 tokens; the longest 2, of 17; 1 whose continuations of 3 and 3 more tokens are run together; 1.
    assert_eq!(planted::left(), 100 - 4);
    planted::plan([]);
    assert_eq!(
        error.to_string(),
        "the device ran out of memory for one prompt of 9 tokens with 6 to score"
    );
    assert_eq!(
        error.help().map(|help| help.to_string()).as_deref(),
        Some("use --dtype bf16, a smaller model or another --device")
    );
}

#[test]
fn texts_are_the_same_where_memory_runs_out() {
    let decoder = decoder();
    let prompts: Vec<_> = (0..7).map(|number| prompt(number, 3 + number)).collect();
    let write = || {
        let limits = GenerationConfig {
            max_new_tokens: 4,
            stop_tokens: Vec::new(),
            batch_tokens: 1000,
            batch_size: 5,
        };
        let mut found = vec![Vec::new(); prompts.len()];
        for batch in Generator::new(&decoder, &prompts, limits, &|_| false)? {
            for (number, tokens) in batch? {
                found[number] = tokens;
            }
        }
        Ok::<_, LmError>(found)
    };
    let whole = write().expect("nothing fails");
    assert!(whole.iter().all(|tokens| tokens.len() == 4));
    // 5 prompts and 2: states and tokens of 4 runs each.
    for at in 0..16 {
        planted::plan_one(at, PlannedFailure::Memory);
        assert_eq!(write().expect("fewer at a time do"), whole, "{at}");
        assert_eq!(planted::left(), 0);
    }
    planted::plan([Some(PlannedFailure::Memory); 100]);
    let error = write().expect_err("nothing fits");
    // 5 prompts, 2, 1.
    assert_eq!(planted::left(), 100 - 3);
    planted::plan([]);
    assert_eq!(
        error.to_string(),
        "the device ran out of memory for one prompt of 9 tokens and up to 4 after it"
    );
}

#[test]
fn a_lost_device_is_asked_nothing_more() {
    let (decoder, queries) = (decoder(), queries());
    planted::plan([
        None,
        Some(PlannedFailure::Lost),
        Some(PlannedFailure::Memory),
    ]);
    let error = scores(&decoder, &queries, 1000).expect_err("the device is lost");
    assert_eq!(planted::left(), 1);
    planted::plan([]);
    assert_eq!(error.to_string(), "the device was lost: it was unplugged");
    let help = error
        .help()
        .map(|help| help.to_string())
        .unwrap_or_default();
    assert!(help.contains("the same command continues"), "{help}");
}

#[test]
fn what_a_device_says_is_an_error_with_its_cause() {
    // Of the processor in name only: what runs on it is guarded.
    let device = BurnDevice::flex().autodiff();
    let said = |text: &str| {
        let work = || -> Result<(), LmError> { Err(super::compute_error(text)) };
        catch_device_errors(&device, work).expect_err("it failed")
    };
    // As cubecl 0.11.3 puts them together.
    let memory = said(
        "An error happened during execution\nCaused by:\n  The bytes were never written (failure #3, still claiming 2 \
         buffer(s))\n  skipped `k`: it needed memory 7, which carried the failure\nCaused by:\n  An IO error happened\n\
         Caused by:\n  out of device memory allocating 4096 bytes\n   0: one::call\n             at file.rs:1:1\nAsked at:\n\
         No backtrace available",
    );
    assert!(matches!(memory, LmError::OutOfMemory { .. }), "{memory:?}");
    let other = said(
        "An error happened during execution\nCaused by:\n  A launch error happened\nCaused by:\n  no kernel\nBacktrace:\n   \
         0: one::call",
    );
    assert_eq!(
        other.to_string(),
        "the device failed: A launch error happened: no kernel"
    );
    let panicked = catch_device_errors(&device, || -> Result<(), LmError> {
        assert!(panics_are_errors());
        panic!("All {} failed: out of memory", "candidates")
    });
    assert!(
        matches!(panicked, Err(LmError::OutOfMemory { .. })),
        "{panicked:?}"
    );
    assert!(!panics_are_errors());
}
