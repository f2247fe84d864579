use crate::metrics::{ItemMean, PairedItems};

/// Ranking-based consistency (RankC), as a mean over items for resampling; see [`rank_c`].
fn rank_c_mean(items: &[PairedItems<'_, f64>]) -> Option<ItemMean> {
    let values: Option<Vec<_>> = items.iter().map(|item| item_rank_c(*item)).collect();
    values
        .filter(|values| !values.is_empty())
        .map(ItemMean::new)
}

/// Ranking-based consistency (RankC) of two languages (Qi, Fernández and Bisazza, 2023, §3).
///
/// Each item holds the scores of its `N` candidates in the two languages, a higher score being better. The mean
/// over items of `Σ_j w_j · |top_j(a) ∩ top_j(b)| / j` for `j = 1..N`, with `w_j = e^(N−j) / Σ_k e^(N−k)`;
/// in `(0, 1]`, symmetric. Of equal scores the candidate that comes first ranks higher. `None` without items, for
/// an item without candidates, and for a score that is NaN.
pub fn rank_c(items: &[PairedItems<'_, f64>]) -> Option<f64> {
    rank_c_mean(items)?.value()
}

fn item_rank_c(scores: PairedItems<'_, f64>) -> Option<f64> {
    if scores.first().is_empty() || scores.pairs().any(|(a, b)| a.is_nan() || b.is_nan()) {
        return None;
    }
    // A candidate is in both tops from the worse of its two ranks on.
    let mut entering = vec![0u32; scores.first().len()];
    for (a, b) in ranks(scores.first())
        .into_iter()
        .zip(ranks(scores.second()))
    {
        entering[a.max(b)] += 1;
    }
    let (mut shared, mut sum, mut weights) = (0, 0.0, 0.0);
    for (rank, entered) in entering.into_iter().enumerate() {
        shared += entered;
        // e^(−j) instead of e^(N−j): the factor e^N cancels, and would overflow for 710 candidates.
        let weight = (-(rank as f64)).exp();
        sum += weight * f64::from(shared) / (rank + 1) as f64;
        weights += weight;
    }
    Some(sum / weights)
}

/// The rank of each candidate, the best being 0.
fn ranks(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // Stable, so that equal scores stay in the order of the candidates; adding 0 makes −0 equal to 0.
    order.sort_by(|&a, &b| (scores[b] + 0.0).total_cmp(&(scores[a] + 0.0)));
    let mut ranks = vec![0; scores.len()];
    for (rank, candidate) in order.into_iter().enumerate() {
        ranks[candidate] = rank;
    }
    ranks
}
