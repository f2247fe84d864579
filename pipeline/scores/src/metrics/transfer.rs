use crate::metrics::{JudgedAnswer, PairedItems, Share};

/// The ratio in XRR, `n_both / n_source`; the source language, English in the paper, comes first.
///
/// Of the items right in the source language, the share that is right in the second too. Undefined when `n_source`
/// is 0.
pub fn retrieval_share(languages: PairedItems<'_, JudgedAnswer>) -> Share {
    languages
        .pairs()
        .map(|(source, target)| source.is_right().then(|| target.is_right()))
        .collect()
}

/// Cross-retrieval ratio (XRR), CLiKA §3.2, from the ratio that [`retrieval_share`] gives.
///
/// `max(n_both / n_source − A_r, 0)`, in `[0, 1 − A_r]`. The paper says that it can exceed 1; its formula cannot.
pub fn xrr(ratio: f64, random_accuracy: f64) -> f64 {
    xrr_unfloored(ratio, random_accuracy).max(0.0)
}

/// XRR without its floor.
///
/// `n_both / n_source − A_r`, in `[−A_r, 1 − A_r]`: the floor turns noise around 0 into a positive mean. On the scale
/// from chance to perfect it is [`chance_corrected`](crate::metrics::chance_corrected).
pub fn xrr_unfloored(ratio: f64, random_accuracy: f64) -> f64 {
    ratio - random_accuracy
}
