use crate::metrics::{Distribution, Jackknife, normal_cdf, normal_quantile};
use serde::{Deserialize, Serialize};

/// A confidence interval from a bootstrap distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The confidence: 0.95.
    pub level: f64,
    /// How many resamples were drawn.
    pub resamples: usize,
    /// How many of them leave the statistic undefined. The interval is over the others.
    pub undefined: usize,
}

/// Percentile interval (Efron, 1979).
///
/// The quantiles `(1 − level)/2` and `(1 + level)/2` of the resamples, interpolated linearly between order
/// statistics (numpy's method "linear"). `None` when no resample defines the statistic, or `level` is not
/// between 0 and 1.
pub fn percentile(distribution: &Distribution, level: f64) -> Option<Interval> {
    let tail = tail(level)?;
    let sorted = distribution.sorted();
    Some(Interval {
        low: quantile(&sorted, tail)?,
        high: quantile(&sorted, 1.0 - tail)?,
        level,
        resamples: distribution.resamples(),
        undefined: distribution.undefined(),
    })
}

/// Bias-corrected and accelerated interval (BCa; Efron, 1987).
///
/// The quantiles `Φ(z₀ + (z₀ ± z) / (1 − a (z₀ ± z)))` of the resamples, where `Φ(z₀)` is the share of resamples
/// below the estimate, ties counted half, and `a` the jackknife's acceleration, as in
/// `scipy.stats.bootstrap(method="BCa")`. Resamples that all equal the estimate give that one point.
///
/// `None` where it is undefined, and then nothing is put in its place: no resample defines the statistic, all lie
/// on one side of the estimate, the jackknife has no acceleration, a denominator is not positive, or `level` is
/// not between 0 and 1.
pub fn bca(
    distribution: &Distribution,
    estimate: f64,
    jackknife: &Jackknife,
    level: f64,
) -> Option<Interval> {
    let tail = tail(level)?;
    let sorted = distribution.sorted();
    let interval = |low, high| Interval {
        low,
        high,
        level,
        resamples: distribution.resamples(),
        undefined: distribution.undefined(),
    };
    if sorted.first()? == &estimate && sorted.last()? == &estimate {
        return Some(interval(estimate, estimate));
    }
    let below = sorted.partition_point(|&value| value < estimate);
    let not_above = sorted.partition_point(|&value| value <= estimate);
    let bias = normal_quantile((below + not_above) as f64 / (2 * sorted.len()) as f64)?;
    let acceleration = jackknife.acceleration()?;
    let adjusted = |z: f64| {
        let shifted = bias + z;
        let denominator = 1.0 - acceleration * shifted;
        // At 0 the adjustment has its pole; beyond it the order of the two ends is lost.
        (denominator > 0.0).then(|| normal_cdf(bias + shifted / denominator))
    };
    let z = normal_quantile(tail)?;
    Some(interval(
        quantile(&sorted, adjusted(z)?)?,
        quantile(&sorted, adjusted(-z)?)?,
    ))
}

fn tail(level: f64) -> Option<f64> {
    (level > 0.0 && level < 1.0).then(|| (1.0 - level) / 2.0)
}

/// The quantile at `p` of sorted values, linear between order statistics.
fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let position = p * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (position.floor(), position.ceil());
    let (low, high) = (sorted[below as usize], sorted[above as usize]);
    Some(low + (high - low) * (position - below))
}
