use crate::metrics::{Distribution, Interval, Resampler, percentile};
use serde::{Deserialize, Serialize};

/// The difference of two models on the same items, with its bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairedDifference {
    /// The first model's score minus the second's.
    pub estimate: f64,
    /// The two-sided p-value of no difference; see [`PairedDifference::new`].
    pub p: f64,
    /// The bootstrap's percentile interval, which leaves 0 out where `p` is below `1 − level` (but for the `+ 1` and the
    /// interpolation): both read the same tail.
    pub interval: Interval,
}

impl PairedDifference {
    /// The test from a distribution of differences that is drawn already, as for a whole table.
    ///
    /// `p = min(1, 2 · (min(#{d ≤ 0}, #{d ≥ 0}) + 1) / (B + 1))` over the `B` resamples that define the
    /// difference (Davison and Hinkley, 1997, §4.2, for the `+ 1`), in `[2/(B + 1), 1]`: never 0, since a
    /// bootstrap of `B` resamples cannot show less. `None` when no resample defines the difference, or `level` is
    /// not between 0 and 1.
    pub fn new(estimate: f64, distribution: &Distribution, level: f64) -> Option<Self> {
        let interval = percentile(distribution, level)?;
        let count = |side: fn(f64) -> bool| {
            let differences = distribution.values().iter().flatten();
            differences.filter(|&&difference| side(difference)).count()
        };
        let least =
            count(|difference| difference <= 0.0).min(count(|difference| difference >= 0.0));
        let defined = interval.resamples - interval.undefined;
        Some(Self {
            estimate,
            p: (2.0 * (least + 1) as f64 / (defined + 1) as f64).min(1.0),
            interval,
        })
    }

    /// The test of one difference of scores of the same counts.
    ///
    /// Both scores see the same resample, so what makes an item easy for both cancels. `None` as for
    /// [`PairedDifference::new`], and when a score is undefined on the data themselves.
    pub fn of(
        resampler: &Resampler,
        first: impl Fn(&[u32]) -> Option<f64> + Sync,
        second: impl Fn(&[u32]) -> Option<f64> + Sync,
        level: f64,
    ) -> Option<Self> {
        let difference = |counts: &[u32]| Some(first(counts)? - second(counts)?);
        let estimate = difference(&resampler.original())?;
        Self::new(estimate, &resampler.distribution(difference), level)
    }
}
