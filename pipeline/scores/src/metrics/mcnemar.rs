use crate::metrics::{JudgedAnswer, PairedItems};
use serde::{Deserialize, Serialize};

/// The exact test of McNemar (1947): are two models equally often right on the same items?
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McNemar {
    /// Items that only the first has right.
    pub only_first: u64,
    /// Items that only the second has right.
    pub only_second: u64,
    /// The two-sided p-value; see [`mcnemar`].
    pub p: f64,
}

impl McNemar {
    /// The test on two models' answers. It takes items as independent: where they come in clusters, the p-value
    /// is too small, and [`PairedDifference`](crate::metrics::PairedDifference) the better test.
    pub fn of(models: PairedItems<'_, JudgedAnswer>) -> Self {
        let (mut only_first, mut only_second) = (0, 0);
        for (first, second) in models.pairs() {
            only_first += u64::from(first.is_right() && !second.is_right());
            only_second += u64::from(second.is_right() && !first.is_right());
        }
        Self {
            only_first,
            only_second,
            p: mcnemar(only_first, only_second),
        }
    }
}

/// The two-sided p-value of McNemar's exact test, from the numbers of discordant items.
///
/// `min(1, 2 · P(X ≤ min(b, c)))` with `X ~ Binomial(b + c, ½)`; in `[0, 1]`, and 1 without discordant items.
/// Equal to `scipy.stats.binomtest(b, b + c).pvalue`. Below 10⁻³⁰⁸ it is 0.
pub fn mcnemar(only_first: u64, only_second: u64) -> f64 {
    let (least, total) = (only_first.min(only_second), only_first + only_second);
    // P(X = least) = Π (total − least + i) / i · ½^total. The halves are spread over the product, which would
    // leave the range of f64 otherwise.
    let (mut point, mut halves) = (1.0f64, total);
    for i in 1..=least {
        point *= (total - least + i) as f64 / i as f64;
        while point > 1.0 && halves > 0 {
            point *= 0.5;
            halves -= 1;
        }
    }
    while point > 0.0 && halves > 0 {
        point *= 0.5;
        halves -= 1;
    }
    // P(X = k − 1) = P(X = k) · k / (total − k + 1), downwards from `least`.
    let (mut term, mut sum) = (1.0, 1.0);
    for k in (1..=least).rev() {
        term *= k as f64 / (total - k + 1) as f64;
        sum += term;
    }
    (2.0 * point * sum).min(1.0)
}
