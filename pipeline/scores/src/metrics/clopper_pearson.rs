use crate::metrics::beta_quantile;

/// The interval of Clopper and Pearson (1934) for a share of independent items, as its two ends.
///
/// With `x = share · n` right ones, from the quantile `(1 − level)/2` of `Beta(x, n − x + 1)` to the quantile
/// `(1 + level)/2` of `Beta(x + 1, n − x)`; from 0 where `x` is 0, to 1 where `x` is `n`. It covers a binomial share in
/// at least `level` of all samples, whatever the share. `n` need not be whole: an effective number of items seldom is.
///
/// `None` for `n` that is not above 0, a share outside `[0, 1]`, or a `level` not between 0 and 1.
pub fn clopper_pearson(share: f64, n: f64, level: f64) -> Option<(f64, f64)> {
    if !(n > 0.0 && (0.0..=1.0).contains(&share) && level > 0.0 && level < 1.0) {
        return None;
    }
    let (tail, right) = ((1.0 - level) / 2.0, share * n);
    let wrong = n - right;
    let low = if right == 0.0 {
        0.0
    } else {
        beta_quantile(tail, right, wrong + 1.0)?
    };
    let high = if wrong == 0.0 {
        1.0
    } else {
        beta_quantile(1.0 - tail, right + 1.0, wrong)?
    };
    Some((low, high))
}
