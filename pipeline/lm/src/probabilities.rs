use crate::{
    Decoder, LmError, exp,
    lanes::{most, sum_of, vectorized},
};
use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

/// Logits of some positions, on the host, as log-probabilities on demand.
pub struct LogProbabilities {
    /// `[positions, vocabulary]`, f32.
    logits: TensorData,
    /// Of each row: the logarithm of the sum of the exponentials.
    totals: Vec<f64>,
    vocabulary: usize,
}

impl Decoder {
    /// Log-probabilities of the next token behind each of some states, `[states, hidden]`.
    pub fn log_probabilities(&self, states: Tensor<2>) -> Result<LogProbabilities, LmError> {
        let logits = self.logits(states);
        let vocabulary = self.architecture().vocabulary;
        let compute = |problem: String| LmError::Compute { problem };
        let logits = logits
            .try_into_data()
            .map_err(|error| compute(error.to_string()))?;
        let rows = logits
            .as_slice::<f32>()
            .map_err(|error| compute(error.to_string()))?
            .par_chunks_exact(vocabulary);
        let totals = rows
            .map(|row| {
                vectorized(
                    #[inline(always)]
                    || total(row),
                )
            })
            .collect();
        Ok(LogProbabilities {
            logits,
            totals,
            vocabulary,
        })
    }
}

/// log Σ eˣ, without overflow.
#[inline(always)]
fn total(row: &[f32]) -> f64 {
    let most = most(row);
    // Blocks are added in f64.
    let mut sum = 0.0;
    for block in row.chunks(1 << 12) {
        sum += f64::from(sum_of(
            block,
            #[inline(always)]
            |x| exp(x - most),
        ));
    }
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
        let logit = self.row(position)[token as usize];
        f64::from(logit) - self.totals[position]
    }

    /// The likeliest tokens with their log-probabilities, best first; of equals, the lower id.
    pub fn top(&self, position: usize, count: usize) -> Vec<(u32, f64)> {
        let row = self.row(position);
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

    fn row(&self, position: usize) -> &[f32] {
        let Ok(logits) = self.logits.as_slice::<f32>() else {
            unreachable!("checked when they were computed")
        };
        &logits[position * self.vocabulary..(position + 1) * self.vocabulary]
    }
}
