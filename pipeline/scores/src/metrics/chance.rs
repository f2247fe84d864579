/// The chance of guessing one of `choices` options: `1 / n`, the accuracy of a random choice; `None` without options.
pub fn chance(choices: usize) -> Option<f64> {
    (choices > 0).then(|| 1.0 / choices as f64)
}

/// A share on the scale from chance to perfect.
///
/// `(share − chance) / (1 − chance)`: 0 at chance, 1 when perfect, negative below chance. `None` when `chance`
/// is 1, above which nothing can be shown. The form is that of Cohen's kappa (Cohen, 1960).
///
/// With the [`chance`] of guessing, an accuracy becomes comparable between tasks without a reference model, unlike RA,
/// and so does the ratio in XRR. It is not floored: the mean over seeds of a guessing model is 0. With
/// the accuracy in English, en-CO becomes what goes beyond independent answers: if X's right answers had nothing to
/// do with the English ones, en-CO would equal the English accuracy, and this would be 0.
pub fn chance_corrected(share: f64, chance: f64) -> Option<f64> {
    (chance != 1.0).then(|| (share - chance) / (1.0 - chance))
}
