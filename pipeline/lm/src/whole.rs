use crate::{Decoder, LmError, Query, Sequence};
use std::collections::BTreeMap;

/// The scores of a query's continuations where angles depend on the whole length, so that a prompt cannot be run before it
/// is known what follows: each is scored in one run with its prompt, as transformers and lm_eval do.
pub(crate) fn scores(decoder: &Decoder, query: &Query) -> Result<Vec<f64>, LmError> {
    let mut scores = vec![0.0; query.continuations.len()];
    // Continuations that differ in their last token only are one sequence.
    let mut by_beginning: BTreeMap<&[u32], Vec<usize>> = BTreeMap::new();
    for (number, tokens) in query.continuations.iter().enumerate() {
        let before = &tokens[..tokens.len() - 1];
        by_beginning.entry(before).or_default().push(number);
    }
    for (before, numbers) in by_beginning {
        let tokens = [&query.prompt, before].concat();
        let sequence = Sequence {
            tokens: &tokens,
            past: None,
        };
        let (states, _) = decoder.forward(&[sequence], false)?;
        let from = query.prompt.len() - 1;
        let states = states.narrow(0, from, before.len() + 1);
        let probabilities = decoder.log_probabilities(states)?;
        for number in numbers {
            let tokens = query.continuations[number].iter().enumerate();
            scores[number] = tokens
                .map(|(position, &token)| probabilities.of(position, token))
                .sum();
        }
    }
    Ok(scores)
}
