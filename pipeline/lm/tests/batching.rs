//! Scores and continuations do not depend on what else is run: the batch's size and order, a shared beginning, the
//! lengths of the others. What is expected is what transformers gave for each prompt alone.

#![allow(clippy::unwrap_used)]

mod reference;

use clika_base::types::NoProgress;
use clika_lm::{
    Decoder, Dtype, GenerationConfig, Generator, LmError, Scorer, ScoringRequest, Sequence,
};
use reference::{Expected, expected, fixture};
use std::path::Path;

/// Grouped heads, a sliding window in all layers and in some, ALiBi with a number of heads that is not a power of two; bounds
/// of scores and logits, two rotations, layers without any, parallel blocks, norms after attention and MLP alone.
const VARIANTS: [&str; 9] = [
    "llama-gqa",
    "mistral-sliding",
    "bloom-5-heads",
    "qwen2-sliding",
    "gemma2",
    "gemma3",
    "olmo2",
    "cohere2",
    "gpt-neox",
];
/// The angles of a beginning depend on the whole sequence's length here, so that beginnings have logits of their own.
const DYNAMIC: &str = "llama-rope-dynamic";
/// Tokens at a time: a query alone, a few, some, all.
const BUDGETS: [usize; 4] = [1, 17, 60, 100_000];
const TOLERANCE: f64 = 1e-4;

fn load(folder: &Path) -> Decoder {
    let device = reference::device();
    Decoder::load(folder, &device, Some(reference::dtype(folder)), &NoProgress).unwrap()
}

/// A query, and the scores that it has by the reference.
#[derive(Clone)]
struct Case {
    query: ScoringRequest,
    scores: Vec<f64>,
}

/// The log-probability of a token after the first `length` tokens of a prompt.
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
        query: ScoringRequest {
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
        let queries: Vec<ScoringRequest> = order.iter().map(|case| case.query.clone()).collect();
        let mut seen = vec![false; queries.len()];
        for batch in Scorer::new(decoder, &queries, budget).unwrap() {
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
    // A long continuation is run with its prompt: the reference's logits are of the whole, which is beyond the context.
    let prompt = &expected(&folder)[2];
    let ends = |length: usize| {
        let continuations = [5, 17, 40].map(|token| [&prompt.ids[length..], &[token]].concat());
        let score = |tokens: &Vec<u32>| {
            let tokens = tokens.iter().enumerate();
            tokens
                .map(|(place, token)| log_probability(prompt, length + place, *token))
                .sum()
        };
        Case {
            scores: continuations.iter().map(score).collect(),
            query: ScoringRequest {
                prompt: prompt.ids[..length].to_vec(),
                continuations: continuations.into(),
            },
        }
    };
    let cases: Vec<Case> = [3, 10, 18].map(ends).into();
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
            let sequence = Sequence { tokens, past: None };
            let (states, _) = decoder.forward(&[sequence], false).unwrap();
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
            query: ScoringRequest {
                prompt: prompt.ids.clone(),
                continuations,
            },
        };
        check_scores(name, &decoder, &[case]);
    }
}

/// The texts generated after prompts, `batch` of them at a time.
fn continued(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    tokens: usize,
    budget: usize,
    batch: usize,
) -> Vec<Vec<u32>> {
    let limits = GenerationConfig {
        max_new_tokens: tokens,
        stop_tokens: Vec::new(),
        batch_tokens: budget,
        batch_size: batch,
    };
    let mut found = vec![Vec::new(); prompts.len()];
    for batch in Generator::new(decoder, prompts, limits, &|_| false).unwrap() {
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
        if !reference::computes_in(reference::dtype(&folder), name) {
            continue;
        }
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

#[test]
fn a_batch_is_left_out_if_all_of_it_is_known_and_else_run_whole() {
    let decoder = load(&fixture("llama-gqa"));
    let prompts: Vec<Vec<u32>> = (3..7).map(|first| vec![first, 7, 12]).collect();
    let query = |prompt: &Vec<u32>| ScoringRequest {
        prompt: prompt.clone(),
        continuations: vec![vec![5], vec![9]],
    };
    let queries: Vec<ScoringRequest> = prompts.iter().map(query).collect();
    let both = vec![vec![0, 1], vec![2, 3]];
    for (known, left) in [
        (vec![], both.clone()),
        (vec![true, true, false, false], vec![vec![2, 3]]),
        (vec![false, false, true, true], vec![vec![0, 1]]),
        (vec![true, false, false, true], both),
        (vec![true; 4], vec![]),
    ] {
        // Two prompts of three tokens at a time.
        let scoring = Scorer::new(&decoder, &queries, 6).unwrap();
        let scored: Vec<Vec<usize>> = scoring
            .without(known.clone())
            .map(|batch| batch.unwrap().iter().map(|(number, _)| *number).collect())
            .collect();
        assert_eq!(scored, left);
        let limits = GenerationConfig {
            max_new_tokens: 2,
            stop_tokens: Vec::new(),
            batch_tokens: 6,
            batch_size: 2,
        };
        let generating = Generator::new(&decoder, &prompts, limits, &|_| false).unwrap();
        let written: Vec<Vec<usize>> = generating
            .without(known)
            .map(|batch| batch.unwrap().iter().map(|(number, _)| *number).collect())
            .collect();
        assert_eq!(written, left);
    }
}

/// The vocabulary of the fixtures' models.
const VOCABULARY: usize = 96;
/// A token whose embedding no norm can take: its numbers' squares are beyond f32.
const POISON: u32 = 90;

/// A model in which everything that follows one token is NaN, and nothing else.
fn poisoned() -> Decoder {
    let folder = reference::changed("llama-gqa", |name, numbers| {
        if name == "model.embed_tokens.weight" {
            let width = numbers.len() / VOCABULARY;
            numbers[POISON as usize * width..][..width].fill(1e20);
        }
    });
    load(folder.path())
}

/// The number and type that scoring ends with, and the queries that were scored before.
fn broken_score(decoder: &Decoder, queries: &[ScoringRequest], budget: usize) -> (usize, Dtype) {
    let scoring = Scorer::new(decoder, queries, budget).unwrap();
    let found = scoring.into_iter().find_map(|batch| match batch {
        Ok(scores) => {
            let finite = scores.iter().flat_map(|(_, scores)| scores);
            assert!(finite.into_iter().all(|score| score.is_finite()));
            None
        }
        Err(error) => Some(error),
    });
    let Some(LmError::NotFinite { number, dtype }) = found else {
        panic!("{found:?}")
    };
    (number, dtype)
}

#[test]
fn what_follows_a_broken_number_is_an_error_with_its_query_and_nothing_else() {
    let decoder = poisoned();
    let query = |prompt: &[u32], continuations: &[&[u32]]| ScoringRequest {
        prompt: prompt.to_vec(),
        continuations: continuations.iter().map(|tokens| tokens.to_vec()).collect(),
    };
    let sound = |first: u32| query(&[first, 7, 12, 33], &[&[5], &[9, 33, 70]]);
    for budget in BUDGETS {
        for place in 0..3 {
            // In the prompt, and within a continuation.
            for broken in [
                query(&[1, POISON, 12], &[&[5], &[9]]),
                query(&[1, 7, 12], &[&[5], &[9, POISON, 70]]),
            ] {
                let mut queries = vec![sound(3), sound(4)];
                queries.insert(place, broken);
                assert_eq!(
                    broken_score(&decoder, &queries, budget),
                    (place, Dtype::F32),
                    "{budget} tokens"
                );
            }
            let mut prompts = vec![vec![3, 7, 12, 33], vec![4, 7]];
            prompts.insert(place, vec![1, POISON, 12]);
            let limits = GenerationConfig {
                max_new_tokens: 3,
                stop_tokens: Vec::new(),
                batch_tokens: budget,
                batch_size: 2,
            };
            let mut generating = Generator::new(&decoder, &prompts, limits, &|_| false).unwrap();
            let found = generating.find_map(Result::err);
            assert!(
                matches!(found, Some(LmError::NotFinite { number, .. }) if number == place),
                "{found:?}"
            );
        }
        // A token that is asked about and never run has a probability like any other.
        let asked = [query(&[1, 7, 12], &[&[POISON], &[9, POISON]])];
        for batch in Scorer::new(&decoder, &asked, budget).unwrap() {
            assert!(batch.unwrap()[0].1.iter().all(|score| score.is_finite()));
        }
    }
}

#[test]
fn one_logit_that_overflows_is_an_error_whichever_way_it_goes() {
    let sixteen = [Dtype::F16, Dtype::Bf16];
    if !sixteen
        .iter()
        .all(|&dtype| reference::computes_in(dtype, "overflow in 16 bits"))
    {
        return;
    }
    let prompt = vec![1, 7, 12, 33];
    let plain = load(&fixture("llama-gqa"));
    let sequence = Sequence {
        tokens: &prompt,
        past: None,
    };
    let (states, _) = plain.forward_last(&[sequence], false).unwrap();
    let state: Vec<f32> = states.into_data().iter::<f32>().collect();
    for sign in [1.0, -1.0] {
        // In the direction of the state, or against it: the product of both is beyond f16, and neither of them is.
        let folder = reference::changed("llama-gqa", |name, numbers| {
            if name == "lm_head.weight" {
                let last = numbers.len() - state.len();
                for (number, state) in numbers[last..].iter_mut().zip(&state) {
                    *number = sign * 60_000.0 * state.signum();
                }
            }
        });
        let device = reference::device();
        let decoder =
            |dtype| Decoder::load(folder.path(), &device, Some(dtype), &NoProgress).unwrap();
        let query = [ScoringRequest {
            prompt: prompt.clone(),
            continuations: vec![vec![5], vec![9]],
        }];
        let prompts = [prompt.clone()];
        let limits = GenerationConfig {
            max_new_tokens: 1,
            stop_tokens: Vec::new(),
            batch_tokens: 100,
            batch_size: 1,
        };
        let next = |decoder: &Decoder| {
            let mut written =
                Generator::new(decoder, &prompts, limits.clone(), &|_| false).unwrap();
            written.next().unwrap()
        };
        let half = decoder(Dtype::F16);
        assert_eq!(broken_score(&half, &query, 100), (0, Dtype::F16));
        let error = next(&half).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the model gives NaN or infinity for prompt 0, computed in f16"
        );
        for dtype in [Dtype::Bf16, Dtype::F32] {
            let whole = decoder(dtype);
            let scores = Scorer::new(&whole, &query, 100).unwrap().next().unwrap();
            // Far below any other, and a number.
            let [first, _] = scores.unwrap()[0].1[..] else {
                panic!("two continuations")
            };
            assert!(
                first.is_finite() && (first < -60_000.0) == (sign > 0.0),
                "{first}"
            );
            let token = next(&whole).unwrap()[0].1[0];
            assert_eq!(token as usize == VOCABULARY - 1, sign > 0.0);
        }
    }
}

#[test]
fn dynamic_angles_have_no_longest_sequence() {
    // Both contexts are shorter. What angles of 40 tokens are is in the fixture of clika-checkpoint.
    assert!(load(&fixture(DYNAMIC)).fits(100).is_ok());
    assert!(load(&fixture("llama")).fits(100).is_err());
}

#[test]
fn whichever_matrix_overflows_is_not_passed_over() {
    let sixteen = [Dtype::F16, Dtype::Bf16];
    if !sixteen
        .iter()
        .all(|&dtype| reference::computes_in(dtype, "overflow in 16 bits"))
    {
        return;
    }
    let query = [ScoringRequest {
        prompt: vec![1, 7, 12, 33, 50, 4],
        continuations: vec![vec![5], vec![9, 33]],
    }];
    for part in [
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
    ] {
        // Numbers that f16 holds, whose sums it does not.
        let folder = reference::changed("llama-gqa", |name, numbers| {
            if name.ends_with(&format!("0.self_attn.{part}.weight"))
                || name.ends_with(&format!("0.mlp.{part}.weight"))
            {
                numbers.iter_mut().for_each(|x| *x = 60_000.0 * x.signum());
            }
        });
        let device = reference::device();
        let load = |dtype| Decoder::load(folder.path(), &device, Some(dtype), &NoProgress).unwrap();
        let score = |dtype| {
            let decoder = load(dtype);
            let mut scoring = Scorer::new(&decoder, &query, 100).unwrap();
            scoring.next().unwrap()
        };
        let half = score(Dtype::F16);
        assert!(
            matches!(half, Err(LmError::NotFinite { .. })),
            "{part}: {half:?}"
        );
        for dtype in [Dtype::Bf16, Dtype::F32] {
            let scores = &score(dtype).unwrap()[0].1;
            assert!(
                scores.iter().all(|score| score.is_finite()),
                "{part}: {scores:?}"
            );
        }
    }
}
