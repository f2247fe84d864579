//! The log-probabilities of the option letters after prompts, as `clika evaluate` asks for them.

use super::{Outcome, answer, timed};
use clika_lm::{Decoder, Scorer, ScoringRequest};
use serde::Deserialize;
use serde_json::json;
use std::{fs, path::Path};

#[derive(Deserialize)]
struct Work {
    prompts: Vec<Vec<u32>>,
    /// The tokens of the option letters.
    letters: Vec<u32>,
}

pub(super) fn run(decoder: &Decoder, prompts: &Path, batch_tokens: usize) -> Outcome<()> {
    let work: Work = serde_json::from_slice(&fs::read(prompts)?)?;
    let queries: Vec<ScoringRequest> = work
        .prompts
        .into_iter()
        .map(|prompt| ScoringRequest {
            prompt,
            continuations: work.letters.iter().map(|&letter| vec![letter]).collect(),
        })
        .collect();
    answer(|line| {
        let count: usize = line.parse()?;
        let queries = queries.get(..count).ok_or("there are fewer prompts")?;
        let (seconds, scored) = timed(|| {
            let mut scored = 0;
            // Scores that are not finite are errors.
            for batch in Scorer::new(decoder, queries, batch_tokens)? {
                scored += batch?.len();
            }
            Ok(scored)
        })?;
        Ok(json!({ "seconds": seconds, "prompts": scored }))
    })
}
