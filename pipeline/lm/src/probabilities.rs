use crate::{Decoder, LmError};
use burn::tensor::Tensor;

/// Logits of some positions, on the host, as log-probabilities on demand.
pub struct LogProbabilities {
    logits: Vec<f32>,
    /// Of each row: the logarithm of the sum of the exponentials.
    totals: Vec<f64>,
    vocabulary: usize,
}

impl Decoder {
    /// Log-probabilities of the next token behind each of some states, `[states, hidden]`.
    pub fn log_probabilities(&self, states: Tensor<2>) -> Result<LogProbabilities, LmError> {
        let logits = self.logits(states);
        let vocabulary = self.architecture().vocabulary;
        let logits = logits
            .try_into_vec_as::<f32>()
            .map_err(|error| LmError::Compute {
                problem: error.to_string(),
            })?;
        let totals = logits.chunks_exact(vocabulary).map(total).collect();
        Ok(LogProbabilities {
            logits,
            totals,
            vocabulary,
        })
    }
}

/// log Σ eˣ, without overflow.
fn total(row: &[f32]) -> f64 {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // Sums of a few lanes, so that the loop can run on vectors; the lanes are added in f64.
    let mut lanes = [0.0_f32; 16];
    let chunks = row.chunks_exact(16);
    let rest: f32 = chunks
        .remainder()
        .iter()
        .map(|x| crate::exp(x - most))
        .sum();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += crate::exp(x - most);
        }
    }
    let sum = lanes.iter().copied().map(f64::from).sum::<f64>() + f64::from(rest);
    f64::from(most) + sum.ln()
}

impl LogProbabilities {
    /// Positions.
    pub fn len(&self) -> usize {
        self.totals.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// The log-probability of a token, at most 0 but for rounding.
    pub fn of(&self, position: usize, token: u32) -> f64 {
        let logit = self.logits[position * self.vocabulary + token as usize];
        f64::from(logit) - self.totals[position]
    }

    /// The likeliest tokens with their log-probabilities, best first; of equals, the lower id.
    pub fn top(&self, position: usize, count: usize) -> Vec<(u32, f64)> {
        let row = &self.logits[position * self.vocabulary..(position + 1) * self.vocabulary];
        let mut order: Vec<u32> = (0..row.len() as u32).collect();
        let better =
            |a: &u32, b: &u32| row[*b as usize].total_cmp(&row[*a as usize]).then(a.cmp(b));
        let count = count.min(order.len());
        if count > 0 && count < order.len() {
            order.select_nth_unstable_by(count - 1, better);
        }
        order.truncate(count);
        order.sort_unstable_by(better);
        order
            .iter()
            .map(|&token| (token, self.of(position, token)))
            .collect()
    }
}
