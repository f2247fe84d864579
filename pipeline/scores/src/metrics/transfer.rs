use crate::metrics::{JudgedAnswer, PairedItems, Share, chance_corrected};

/// The ratio in XRR, as a share for resampling: of the items right in the first language, the source, the share
/// that is right in the second too, `n_both / n_source`.
pub fn retrieval_share(languages: PairedItems<'_, JudgedAnswer>) -> Share {
    languages
        .pairs()
        .map(|(source, target)| source.is_right().then(|| target.is_right()))
        .collect()
}

/// The XRR of a ratio `n_both / n_source` that is known already, as in a resample; see [`xrr`].
pub fn xrr_of(ratio: f64, random_accuracy: f64) -> f64 {
    (ratio - random_accuracy).max(0.0)
}

/// Cross-retrieval ratio (XRR), CLiKA §3.2; the source language, English in the paper, comes first.
///
/// `max(n_both / n_source − A_r, 0)`, in `[0, 1 − A_r]`. The paper says that it can exceed 1; its formula cannot.
/// `None` when `n_source` is 0: undefined is not zero.
pub fn xrr(languages: PairedItems<'_, JudgedAnswer>, random_accuracy: f64) -> Option<f64> {
    Some(xrr_of(retrieval_share(languages).value()?, random_accuracy))
}

/// XRR without its floor; the source language comes first.
///
/// `n_both / n_source − A_r`, in `[−A_r, 1 − A_r]`: the floor turns noise around 0 into a positive mean. `None`
/// when `n_source` is 0.
pub fn xrr_unfloored(
    languages: PairedItems<'_, JudgedAnswer>,
    random_accuracy: f64,
) -> Option<f64> {
    Some(retrieval_share(languages).value()? - random_accuracy)
}

/// The ratio in XRR on the scale from chance to perfect; the source language comes first.
///
/// `(p − A_r) / (1 − A_r)` with `p = n_both / n_source`, at most 1. `None` when `n_source` is 0 or `A_r` is 1.
pub fn corrected_retrieval(
    languages: PairedItems<'_, JudgedAnswer>,
    random_accuracy: f64,
) -> Option<f64> {
    chance_corrected(retrieval_share(languages).value()?, random_accuracy)
}
