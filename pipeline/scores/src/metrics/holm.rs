/// Adjusts p-values of a family of tests (Holm, 1979).
///
/// The k-th smallest of `m` becomes `max over i ≤ k of min(1, (m − i + 1) · p₍ᵢ₎)`: rejecting what is at most α
/// keeps the chance of any false rejection at α, however the tests depend on each other. In input order. A test
/// that is undefined stays `None` and is not a member of the family.
pub fn holm(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p_values
        .iter()
        .enumerate()
        .filter_map(|(test, p)| p.map(|p| (test, p)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut adjusted = vec![None; p_values.len()];
    let mut largest: f64 = 0.0;
    let remaining = (1..=order.len()).rev();
    for ((test, p), remaining) in order.into_iter().zip(remaining) {
        largest = largest.max((remaining as f64 * p).min(1.0));
        adjusted[test] = Some(largest);
    }
    adjusted
}
