//! The two tests that the audit needs beyond `clika-scores`.

use clika_scores::metrics::normal_cdf;

/// The chance that a standard normal variable is at least `z`.
pub(crate) fn upper_tail(z: f64) -> f64 {
    normal_cdf(-z)
}

/// Pearson's chi-square test of counts against equal expectations.
///
/// The p-value by Wilson and Hilferty (1931): `(χ²/k)^⅓` is normal with mean `1 − 2/(9k)` and variance `2/(9k)`,
/// `k` degrees of freedom; good to about .005 in the range that matters. `None` for fewer than two counts, and
/// where fewer than five are expected of each, for which the test is not made.
pub(crate) fn chi_square(counts: &[usize]) -> Option<f64> {
    let total: usize = counts.iter().sum();
    let expected = total as f64 / counts.len() as f64;
    if counts.len() < 2 || expected < 5.0 {
        return None;
    }
    let statistic: f64 = counts
        .iter()
        .map(|&count| (count as f64 - expected).powi(2) / expected)
        .sum();
    let freedom = (counts.len() - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    let z = ((statistic / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
    Some(upper_tail(z))
}

/// The median; `None` of nothing.
pub(crate) fn median(mut values: Vec<i64>) -> Option<f64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = *values.get(middle)? as f64;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some((values[middle - 1] as f64 + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_square_of_worked_examples() {
        // χ² = 2·10²/50 = 4 with one degree of freedom: p = .0455; tables give the 5 % point of k = 3 as 7.815.
        let p = chi_square(&[60, 40]).unwrap();
        assert!((p - 0.0455).abs() < 0.005, "{p}");
        // χ² = (13² + 4² + 4² + 5²)/25 = 9.04 with three: p = .0288.
        let p = chi_square(&[38, 21, 21, 20]).unwrap();
        assert!((p - 0.029).abs() < 0.003, "{p}");
        assert!(chi_square(&[25, 25, 25, 25]).unwrap() > 0.95);
        assert_eq!(chi_square(&[4, 4]), None);
        assert_eq!(chi_square(&[]), None);
    }

    #[test]
    fn median_of_odd_and_even() {
        assert_eq!(median(vec![3, 1, 2]), Some(2.0));
        assert_eq!(median(vec![4, 1, 2, 3]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
