/// Re-scaled accuracy (RA), CLiKA §3.2.
///
/// `max(A − A_r, 0) / max(A_g − A_r, 0)`, where `A_r` is the accuracy of random choice and `A_g` a reference
/// accuracy (ChatGPT's in English). At least 0; above 1 when `A` exceeds the reference. `None` when the
/// reference is no better than chance: undefined is not zero.
pub fn rescaled_accuracy(accuracy: f64, random: f64, reference: f64) -> Option<f64> {
    rescaled_unfloored(accuracy.max(random), random, reference)
}

/// RA without its floor.
///
/// `(A − A_r) / max(A_g − A_r, 0)`: negative where `A` is below chance. `None` as for [`rescaled_accuracy`].
pub fn rescaled_unfloored(accuracy: f64, random: f64, reference: f64) -> Option<f64> {
    let scale = reference - random;
    (scale > 0.0).then(|| (accuracy - random) / scale)
}
