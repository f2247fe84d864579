/// A share on the scale from chance to perfect.
///
/// `(share − chance) / (1 − chance)`: 0 at chance, 1 when perfect, negative below chance. `None` when `chance`
/// is 1, above which nothing can be shown. The form is that of Cohen's kappa (Cohen, 1960).
pub fn chance_corrected(share: f64, chance: f64) -> Option<f64> {
    (chance != 1.0).then(|| (share - chance) / (1.0 - chance))
}
