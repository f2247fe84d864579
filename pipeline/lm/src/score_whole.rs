use crate::{Decoder, LmError, ScoringRequest, Sequence};
use std::collections::BTreeMap;

/// The scores of a request's continuations with dynamic RoPE, whose angles depend on the length of the whole sequence: each
/// continuation is scored in one run with its prompt, as transformers and lm_eval do.
pub(crate) fn scores(decoder: &Decoder, request: &ScoringRequest) -> Result<Vec<f64>, LmError> {
    let mut scores = vec![0.0; request.continuations.len()];
    // Continuations that differ in their last token only are one sequence.
    let mut by_beginning: BTreeMap<&[u32], Vec<usize>> = BTreeMap::new();
    for (number, tokens) in request.continuations.iter().enumerate() {
        let before = &tokens[..tokens.len() - 1];
        by_beginning.entry(before).or_default().push(number);
    }
    for (before, numbers) in by_beginning {
        let tokens = [&request.prompt, before].concat();
        let sequence = Sequence {
            tokens: &tokens,
            past: None,
        };
        let (states, _) = decoder.forward(&[sequence], false)?;
        let from = request.prompt.len() - 1;
        let states = states.narrow(0, from, before.len() + 1);
        let probabilities = decoder.log_probabilities(states)?;
        for number in numbers {
            let tokens = request.continuations[number].iter().enumerate();
            scores[number] = tokens
                .map(|(position, &token)| probabilities.of(position, token))
                .sum();
        }
    }
    Ok(scores)
}
