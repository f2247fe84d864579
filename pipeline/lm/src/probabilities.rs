//! Probabilities of the next token. Hidden states become probabilities and tokens only here, so NaN and infinity are found
//! here: NaN spreads through every later layer into each logit of its token.

use crate::{
    Decoder, LmError,
    functions::exp,
    guard::{compute_error, run_in_pool},
    simd::{max_of, sum_of, vectorized, zero_if_finite},
};
use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

/// Numbers of logits that are in memory at a time where not all are asked for.
const LOGITS: usize = 1 << 22;

/// The log-probabilities of all tokens at some positions, computed on demand from logits on the host.
pub struct LogProbabilities {
    /// `[positions, vocabulary]`, f32.
    logits: TensorData,
    /// The log-sum-exp of each row.
    log_sums: Vec<f64>,
    vocabulary: usize,
}

impl Decoder {
    /// Log-probabilities of the next token after each of some states, `[states, hidden]`.
    ///
    /// # Errors
    /// [`LmError::NotFinite`] with the number of the first state whose logits are not all finite.
    pub fn log_probabilities(&self, states: Tensor<2>) -> Result<LogProbabilities, LmError> {
        let logits = run_in_pool(self.device(), || {
            self.logits(states).try_into_data().map_err(compute_error)
        })?;
        let vocabulary = self.architecture().vocabulary;
        let log_sums = of_rows(&logits, vocabulary, log_sum_exp)?;
        self.check_finite(log_sums.iter().map(|log_sum_exp| log_sum_exp.is_finite()))?;
        Ok(LogProbabilities {
            logits,
            log_sums,
            vocabulary,
        })
    }

    /// The log-probabilities of tokens after states: of each pair the number of a row of `states`, `[states, hidden]`, and
    /// a token. Logits are computed for some states at a time.
    ///
    /// # Errors
    /// [`LmError::NotFinite`] as for [`Decoder::log_probabilities`].
    pub(crate) fn log_probabilities_of(
        &self,
        states: Tensor<2>,
        pairs: &[(usize, u32)],
    ) -> Result<Vec<f64>, LmError> {
        let [count, _] = states.dims();
        let at_once = (LOGITS / self.architecture().vocabulary).max(1);
        let mut found = vec![0.0; pairs.len()];
        for from in (0..count).step_by(at_once) {
            let rows = at_once.min(count - from);
            let probabilities = self.log_probabilities(states.clone().narrow(0, from, rows));
            let probabilities =
                probabilities.map_err(|error| error.renumbered(|row| from + row))?;
            for (found, (row, token)) in found.iter_mut().zip(pairs) {
                if (from..from + rows).contains(row) {
                    *found = probabilities.of(row - from, *token);
                }
            }
        }
        Ok(found)
    }

    /// The likeliest token after each of some states, the one with the lowest id if several are equally likely.
    ///
    /// # Errors
    /// [`LmError::NotFinite`] as for [`Decoder::log_probabilities`].
    pub(crate) fn greedy_tokens(&self, states: Tensor<2>) -> Result<Vec<u32>, LmError> {
        run_in_pool(self.device(), || self.greedy_tokens_unguarded(states))
    }

    fn greedy_tokens_unguarded(&self, states: Tensor<2>) -> Result<Vec<u32>, LmError> {
        let logits = self.logits(states);
        let best = logits.clone().argmax(1);
        let finite: Vec<bool> = if self.on_processor() {
            let vocabulary = self.architecture().vocabulary;
            let logits = logits.try_into_data().map_err(compute_error)?;
            of_rows(&logits, vocabulary, is_finite)?
        } else {
            // Where the logits are: all of them would take longer to fetch than to compute.
            let broken = logits.is_finite().bool_not().any_dim(1);
            let broken = broken.try_into_data().map_err(compute_error)?;
            broken.iter::<bool>().map(|broken| !broken).collect()
        };
        self.check_finite(finite.into_iter())?;
        let best = best.try_into_data().map_err(compute_error)?;
        Ok(best.iter::<i64>().map(|token| token as u32).collect())
    }

    fn check_finite(&self, mut finite: impl Iterator<Item = bool>) -> Result<(), LmError> {
        match finite.position(|finite| !finite) {
            Some(number) => Err(LmError::NotFinite {
                number,
                dtype: self.dtype(),
            }),
            None => Ok(()),
        }
    }
}

/// Applies `of` to each row.
fn of_rows<T: Send>(
    logits: &TensorData,
    vocabulary: usize,
    of: impl Fn(&[f32]) -> T + Sync,
) -> Result<Vec<T>, LmError> {
    let logits = logits.as_slice::<f32>().map_err(compute_error)?;
    let rows = logits.par_chunks_exact(vocabulary);
    Ok(rows
        .map(|row| {
            vectorized(
                #[inline(always)]
                || of(row),
            )
        })
        .collect())
}

/// log Σ eˣ, without overflow; NaN if an x is NaN or infinite.
#[inline(always)]
fn log_sum_exp(row: &[f32]) -> f64 {
    let most = max_of(row);
    // Blocks are added in f64.
    let (mut sum, mut zero) = (0.0, 0.0);
    for block in row.chunks(1 << 12) {
        sum += f64::from(sum_of(
            block,
            #[inline(always)]
            |x| exp(x - most),
        ));
        // Minus infinity alone would not show in the sum.
        zero += zero_if_finite(block);
    }
    f64::from(most) + sum.ln() + f64::from(zero)
}

#[inline(always)]
fn is_finite(row: &[f32]) -> bool {
    zero_if_finite(row) == 0.0
}

impl LogProbabilities {
    /// The number of positions.
    pub fn len(&self) -> usize {
        self.log_sums.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.log_sums.is_empty()
    }

    /// The log-probability of a token, at most 0 but for rounding.
    pub fn of(&self, position: usize, token: u32) -> f64 {
        let logit = self.row(position)[token as usize];
        f64::from(logit) - self.log_sums[position]
    }

    /// The likeliest tokens with their log-probabilities, best first; the lower id first if they are equally likely.
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

#[cfg(test)]
mod tests {
    use crate::{Decoder, DeviceChoice, LmError};
    use burn::tensor::{Device as BurnDevice, Tensor, TensorData};
    use clika_base::types::NoProgress;
    use std::path::Path;

    #[test]
    fn the_likeliest_token_and_a_broken_state_are_found_by_kernels_and_by_burn() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama-gqa");
        let cpu = DeviceChoice::Cpu.device().expect("there is a processor");
        for device in [BurnDevice::flex(), BurnDevice::flex().autodiff()] {
            let decoder = Decoder::load_on(&folder, &cpu, &device, None, &NoProgress)
                .expect("the fixture can be loaded");
            let width = decoder.architecture().hidden;
            let states = |last: f32| {
                let mut values: Vec<f32> = (0..3 * width)
                    .map(|n| ((n * 37) % 19) as f32 - 9.0)
                    .collect();
                values[2 * width - 1] = last;
                Tensor::<2>::from_data(TensorData::new(values, [3, width]), &device)
            };
            let best = decoder
                .greedy_tokens(states(1.0))
                .expect("all states are finite");
            let probabilities = decoder
                .log_probabilities(states(1.0))
                .expect("all states are finite");
            let expected: Vec<u32> = (0..3).map(|row| probabilities.top(row, 1)[0].0).collect();
            assert_eq!(best, expected);
            for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for error in [
                    decoder.greedy_tokens(states(broken)).map(|_| ()),
                    decoder.log_probabilities(states(broken)).map(|_| ()),
                ] {
                    assert!(
                        matches!(error, Err(LmError::NotFinite { number: 1, .. })),
                        "{broken}: {error:?}"
                    );
                }
            }
        }
    }
}
