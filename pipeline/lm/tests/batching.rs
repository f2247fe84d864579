//! Scores and continuations do not depend on what else is run: the batch's size and order, a shared beginning, the
//! lengths of the others. What is expected is what transformers gave for each prompt alone.

#![allow(clippy::unwrap_used)]

mod reference;

use clika_core::NoProgress;
use clika_lm::{Decoder, DeviceChoice, Dtype, Generating, Limits, Query, Run, Scoring};
use reference::{Expected, expected, fixture};
use std::path::Path;

/// Grouped heads, a sliding window in all layers and in some, ALiBi with a number of heads that is no power of two.
const VARIANTS: [&str; 4] = [
    "llama-gqa",
    "mistral-sliding",
    "bloom-5-heads",
    "qwen2-sliding",
];
/// The angles of a beginning depend on the whole sequence's length here, so that beginnings have logits of their own.
const DYNAMIC: &str = "llama-rope-dynamic";
/// Tokens at a time: a query alone, a few, some, all.
const BUDGETS: [usize; 4] = [1, 17, 60, 100_000];
const TOLERANCE: f64 = 1e-4;

fn load(folder: &Path) -> Decoder {
    let place = DeviceChoice::Cpu.place().unwrap();
    let bf16 = reference::name(folder).ends_with("bf16");
    let dtype = if bf16 { Dtype::Bf16 } else { Dtype::F32 };
    Decoder::load(folder, &place, Some(dtype), &NoProgress).unwrap()
}

/// A query, and the scores that it has by the reference.
#[derive(Clone)]
struct Case {
    query: Query,
    scores: Vec<f64>,
}

/// The log-probability of a token behind the first `length` tokens of a prompt.
fn log_probability(prompt: &Expected, length: usize, token: u32) -> f64 {
    let vocabulary = prompt.logits.len() / prompt.ids.len();
    let row = &prompt.logits[(length - 1) * vocabulary..length * vocabulary];
    let total: f64 = row.iter().map(|logit| f64::from(*logit).exp()).sum();
    f64::from(row[token as usize]) - total.ln()
}

/// The first `length` tokens of a prompt, with four single tokens and all that follows in steps as continuations.
fn case(prompt: &Expected, length: usize) -> Case {
    let singles = [5, 17, 40, 63];
    let rest = &prompt.ids[length..];
    let longer = (1..=rest.len()).step_by(3).map(|end| rest[..end].to_vec());
    let continuations: Vec<Vec<u32>> = singles
        .map(|token| vec![token])
        .into_iter()
        .chain(longer)
        .collect();
    let score = |continuation: &Vec<u32>| {
        let tokens = continuation.iter().enumerate();
        // Behind its first token, a longer one is what the prompt itself goes on with.
        tokens
            .map(|(place, token)| log_probability(prompt, length + place, *token))
            .sum()
    };
    Case {
        scores: continuations.iter().map(score).collect(),
        query: Query {
            prompt: prompt.ids[..length].to_vec(),
            continuations,
        },
    }
}

/// Scores the cases under every budget, in three orders.
fn check_scores(name: &str, decoder: &Decoder, cases: &[Case]) {
    let mut orders = [cases.to_vec(), cases.to_vec(), cases.to_vec()];
    orders[1].reverse();
    orders[2].rotate_left(cases.len() / 2);
    for (order, budget) in orders
        .iter()
        .flat_map(|order| BUDGETS.map(|budget| (order, budget)))
    {
        let queries: Vec<Query> = order.iter().map(|case| case.query.clone()).collect();
        let mut seen = vec![false; queries.len()];
        for batch in Scoring::new(decoder, &queries, budget).unwrap() {
            for (number, scores) in batch.unwrap() {
                assert!(!seen[number], "{name}: query {number} twice");
                seen[number] = true;
                let expected = &order[number].scores;
                assert_eq!(scores.len(), expected.len());
                for (found, expected) in scores.iter().zip(expected) {
                    assert!(
                        (found - expected).abs() < TOLERANCE,
                        "{name}, budget {budget}: {found}, not {expected}"
                    );
                }
            }
        }
        assert!(seen.iter().all(|seen| *seen), "{name}: {seen:?}");
    }
}

#[test]
fn scores_are_the_references_whatever_the_batch() {
    for name in VARIANTS {
        let folder = fixture(name);
        let decoder = load(&folder);
        let prompts = expected(&folder);
        // All begin alike: their first tokens are run once.
        let alike: Vec<Case> = (10..=21).map(|length| case(&prompts[2], length)).collect();
        check_scores(name, &decoder, &alike);
        // Nothing is shared.
        let mut mixed = alike;
        mixed.extend([3, 5].map(|length| case(&prompts[0], length)));
        mixed.extend([2, 7, 12].map(|length| case(&prompts[1], length)));
        check_scores(name, &decoder, &mixed);
    }
    let folder = fixture(DYNAMIC);
    let whole = |prompt: &Expected| case(prompt, prompt.ids.len());
    let cases: Vec<Case> = expected(&folder).iter().map(whole).collect();
    check_scores(DYNAMIC, &load(&folder), &cases);
}

#[test]
fn a_long_continuation_has_the_sum_of_its_steps() {
    for name in VARIANTS {
        let folder = fixture(name);
        let decoder = load(&folder);
        let prompt = &expected(&folder)[1];
        let continuations = vec![vec![9, 33, 70, 12], vec![33], vec![70, 70, 5]];
        let step = |tokens: &[u32], next: u32| {
            let run = Run { tokens, past: None };
            let (states, _) = decoder.run(&[run], false).unwrap();
            let probabilities = decoder.log_probabilities(states).unwrap();
            probabilities.of(tokens.len() - 1, next)
        };
        let sum = |continuation: &Vec<u32>| -> f64 {
            let all = [prompt.ids.as_slice(), continuation].concat();
            let places = prompt.ids.len()..all.len();
            places.map(|place| step(&all[..place], all[place])).sum()
        };
        let case = Case {
            scores: continuations.iter().map(sum).collect(),
            query: Query {
                prompt: prompt.ids.clone(),
                continuations,
            },
        };
        check_scores(name, &decoder, &[case]);
    }
}

/// What is written behind prompts, `batch` of them at a time.
fn continued(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    tokens: usize,
    budget: usize,
    batch: usize,
) -> Vec<Vec<u32>> {
    let limits = Limits {
        max_new_tokens: tokens,
        ends: Vec::new(),
        budget,
        batch,
    };
    let mut found = vec![Vec::new(); prompts.len()];
    for batch in Generating::new(decoder, prompts, limits, &|_| false).unwrap() {
        for (number, tokens) in batch.unwrap() {
            found[number] = tokens;
        }
    }
    found
}

#[test]
fn every_variant_continues_as_the_reference_does() {
    for folder in reference::all() {
        let name = reference::name(&folder);
        let decoder = load(&folder);
        let prompts = expected(&folder);
        let ids: Vec<_> = prompts.iter().map(|prompt| prompt.ids.clone()).collect();
        let generated: Vec<_> = prompts
            .iter()
            .map(|prompt| prompt.generated.clone())
            .collect();
        for (budget, batch) in [(1, 1), (20, 2), (1, 3), (100_000, 3)] {
            let found = continued(&decoder, &ids, 8, budget, batch);
            assert_eq!(
                found, generated,
                "{name}, {batch} at a time, {budget} tokens"
            );
        }
    }
}

#[test]
fn a_shared_beginning_changes_no_continuation() {
    for name in VARIANTS {
        let folder = fixture(name);
        let decoder = load(&folder);
        let prompt = &expected(&folder)[2];
        // The prompt with ever more of its own continuation.
        let places = 0..=5;
        let prompts: Vec<_> = places
            .clone()
            .map(|place| [prompt.ids.as_slice(), &prompt.generated[..place]].concat())
            .collect();
        let expected: Vec<_> = places
            .map(|place| prompt.generated[place..place + 3].to_vec())
            .collect();
        for (budget, batch) in [(1, 6), (30, 4), (100_000, 6)] {
            let found = continued(&decoder, &prompts, 3, budget, batch);
            assert_eq!(
                found, expected,
                "{name}, {batch} at a time, {budget} tokens"
            );
        }
    }
}
