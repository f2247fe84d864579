use crate::metrics::{
    ClusteredShare, Interval,
    mover::{Moves, WIDEST},
};
use serde::{Deserialize, Serialize};

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalMethod {
    /// Quantiles of the resamples.
    Percentile,
    /// Quantiles of the resamples, corrected for bias and skew.
    Bca,
    /// Clopper and Pearson's on the effective number of items; see [`ClusteredShare`].
    ClopperPearson,
    /// From such intervals of several shares; see [`mover`](crate::metrics::mover()).
    Mover,
}

/// The interval of a score, and how it was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreInterval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How it was made.
    pub method: IntervalMethod,
}

impl ScoreInterval {
    /// The interval of a bootstrap.
    pub fn resampled(interval: Interval, method: IntervalMethod) -> Self {
        let Interval { low, high, .. } = interval;
        Self { low, high, method }
    }

    /// The same interval, which holds the estimate also where a formula that says the same gives other last bits.
    pub fn around(self, estimate: f64) -> Self {
        Self {
            low: self.low.min(estimate),
            high: self.high.max(estimate),
            ..self
        }
    }
}

/// Whether a score has its floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floors {
    /// As the score is defined: RA and XRR are not negative.
    Kept,
    /// As if it had no floor.
    Removed,
}

/// The interval of a score that is a formula over shares.
///
/// Resamples tell how sure a score is where all its shares are well away from 0 and 1, have clusters enough
/// ([`ClusteredShare::suits_bootstrap`]), and keep away from the score's floor: there it is what `bootstrap` says. Elsewhere,
/// and where that is undefined, it is made from the shares' own intervals: put into the formula where there is one share,
/// by [`mover`](crate::metrics::mover()) where there are several.
///
/// A floor makes a mean of noisy scores too high: of nine languages at chance the mean RA is above 0. So
/// the interval of several shares reaches as far as that of the score without its floors, but for what the floor cuts off.
///
/// `None` where the score is undefined, also at an end of one of its shares: then nothing bounds it.
pub fn score_interval(
    shares: &[&ClusteredShare],
    score: impl Fn(&[f64], Floors) -> Option<f64>,
    bootstrap: impl FnOnce() -> Option<ScoreInterval>,
) -> Option<ScoreInterval> {
    made(&Moves::new(shares, WIDEST), shares, score, bootstrap)
}

/// The interval of the difference of two models' accuracies, from the share of the items that only the one has right and the
/// share that only the other has; as [`score_interval`] makes it.
///
/// No item is in both, so that their covariance is minus their product over the items: where one of them is 0, there is
/// none. Newcombe (1998) takes it so, too.
pub fn difference_interval(
    only_first: &ClusteredShare,
    only_second: &ClusteredShare,
    bootstrap: impl FnOnce() -> Option<ScoreInterval>,
) -> Option<ScoreInterval> {
    let shares = [only_first, only_second];
    let difference = |shares: &[f64], _| Some(shares[0] - shares[1]);
    made(&Moves::new(&shares, 0.0), &shares, difference, bootstrap)
}

fn made(
    moves: &Moves<'_>,
    shares: &[&ClusteredShare],
    score: impl Fn(&[f64], Floors) -> Option<f64>,
    bootstrap: impl FnOnce() -> Option<ScoreInterval>,
) -> Option<ScoreInterval> {
    let estimates: Vec<f64> = shares.iter().map(|share| share.value).collect();
    score(&estimates, Floors::Kept)?;
    let above_floors = (0..shares.len()).all(|i| {
        [shares[i].low, shares[i].high].into_iter().all(|end| {
            let mut values = estimates.clone();
            values[i] = end;
            score(&values, Floors::Kept) == score(&values, Floors::Removed)
        })
    });
    if above_floors
        && shares.iter().all(|share| share.suits_bootstrap())
        && let Some(interval) = bootstrap()
    {
        return Some(interval);
    }
    let (mut low, mut high) = moves.interval(|values| score(values, Floors::Kept))?;
    if shares.len() == 1 {
        let method = IntervalMethod::ClopperPearson;
        return Some(ScoreInterval { low, high, method });
    }
    if !above_floors {
        // What no longer reaches the floor says how far noise has lifted the score.
        let (further, higher) = moves.interval(|values| score(values, Floors::Removed))?;
        low = low.min(further);
        high = high.max(higher);
    }
    let method = IntervalMethod::Mover;
    Some(ScoreInterval { low, high, method })
}
