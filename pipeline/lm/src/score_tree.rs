//! Scores on a processor: what requests have in common is run once, and each thread has requests of its own.

use crate::{
    Decoder, KvCache, LmError, ScoringRequest,
    decoder::PART_TOKENS,
    tree::{Path, TokenTree, common},
};
use rayon::prelude::*;

/// A request with its number; its prompt is without what is in the cache.
pub(crate) struct NumberedRequest<'a> {
    pub(crate) number: usize,
    pub(crate) prompt: &'a [u32],
    pub(crate) continuations: &'a [Vec<u32>],
}

impl<'a> NumberedRequest<'a> {
    /// The request `number`, of which the first `known` tokens are in the cache.
    pub(crate) fn new(number: usize, request: &'a ScoringRequest, known: usize) -> Self {
        Self {
            number,
            prompt: &request.prompt[known..],
            continuations: &request.continuations,
        }
    }

    /// Tokens that it takes at most, all its continuations included.
    pub(crate) fn tokens(&self) -> usize {
        let continuations = self.continuations.iter().map(|tokens| tokens.len() - 1);
        self.prompt.len() + continuations.sum::<usize>()
    }
}

/// The log-probabilities of all continuations of some requests after `past`, by the requests' numbers. Neighbours in
/// `requests` should begin alike.
pub(crate) fn scores(
    decoder: &Decoder,
    past: Option<&KvCache>,
    requests: &[NumberedRequest],
    batch_tokens: usize,
) -> Result<Vec<(usize, Vec<f64>)>, LmError> {
    let parts = parts(requests, batch_tokens.min(PART_TOKENS));
    let scored: Vec<_> = parts
        .into_par_iter()
        .map(|part| scores_of_part(decoder, past, part))
        .collect::<Result<_, _>>()?;
    Ok(scored.concat())
}

/// Cuts requests into parts of at most `most` tokens, or of one request.
fn parts<'a, 'b>(
    requests: &'a [NumberedRequest<'b>],
    most: usize,
) -> Vec<&'a [NumberedRequest<'b>]> {
    let mut parts = Vec::new();
    let (mut from, mut tokens) = (0, 0);
    for (number, request) in requests.iter().enumerate() {
        let shared = match number.checked_sub(1) {
            Some(before) if number > from => common(requests[before].prompt, request.prompt),
            Some(_) | None => 0,
        };
        let more = request.tokens() - shared;
        if number > from && tokens + more > most {
            parts.push(&requests[from..number]);
            (from, tokens) = (number, request.tokens());
        } else {
            tokens += more;
        }
    }
    parts.push(&requests[from..]);
    parts
}

fn scores_of_part(
    decoder: &Decoder,
    past: Option<&KvCache>,
    requests: &[NumberedRequest],
) -> Result<Vec<(usize, Vec<f64>)>, LmError> {
    let continuations = requests.iter().flat_map(|request| {
        let continuations = request.continuations.iter();
        continuations.map(move |tokens| (request, tokens))
    });
    let continuations: Vec<(&NumberedRequest, &Vec<u32>)> = continuations.collect();
    // The last token predicts nothing that is asked for.
    let whole: Vec<Vec<u32>> = continuations
        .iter()
        .map(|(request, tokens)| [request.prompt, &tokens[..tokens.len() - 1]].concat())
        .collect();
    let paths: Vec<Path> = continuations
        .iter()
        .zip(&whole)
        .map(|((request, _), tokens)| Path {
            tokens,
            first_output: request.prompt.len() - 1,
        })
        .collect();
    let tree = TokenTree::new(&paths);
    let states = decoder.tree_states(&tree, past)?;
    let places = tree.outputs.iter().zip(&continuations);
    let places: Vec<(usize, u32)> = places
        .flat_map(|(outputs, (_, tokens))| outputs.iter().copied().zip(tokens.iter().copied()))
        .collect();
    let found = decoder
        .log_probabilities_of(states, &places)
        .map_err(|error| {
            error.renumbered(|output| {
                let mut owners = tree.outputs.iter().zip(&continuations);
                let owner = owners.find(|(outputs, _)| outputs.contains(&output));
                owner.map_or(requests[0].number, |(_, (request, _))| request.number)
            })
        })?;
    let mut found = found.into_iter();
    let scores = requests.iter().map(|request| {
        let of = |tokens: &Vec<u32>| found.by_ref().take(tokens.len()).sum();
        (
            request.number,
            request.continuations.iter().map(of).collect(),
        )
    });
    Ok(scores.collect())
}
