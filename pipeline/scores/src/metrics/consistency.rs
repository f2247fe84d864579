use crate::metrics::{JudgedAnswer, PairedItems, Share, accuracy, chance_corrected};

/// Correct prediction overlap with English (en-CO), as a share for resampling; see [`en_co`].
pub fn en_co_share(languages: PairedItems<'_, JudgedAnswer>) -> Share {
    languages
        .pairs()
        .map(|(english, other)| {
            other
                .is_right()
                .then(|| other.answer.agrees_with(english.answer))
        })
        .collect()
}

/// Correct prediction overlap with English (en-CO), CLiKA §3.2; English comes first.
///
/// `n_enX / n_X`, in `[0, 1]`: of the items right in X, the share for which English chose the same letter.
/// `None` when `n_X` is 0.
pub fn en_co(languages: PairedItems<'_, JudgedAnswer>) -> Option<f64> {
    en_co_share(languages).value()
}

/// en-CO beyond what independent answers give; English comes first.
///
/// `(CO − A_en) / (1 − A_en)`: if X's right answers had nothing to do with the English ones, en-CO would equal
/// the English accuracy, and this 0. `None` when en-CO is undefined or English is always right.
pub fn corrected_en_co(languages: PairedItems<'_, JudgedAnswer>) -> Option<f64> {
    chance_corrected(en_co(languages)?, accuracy(languages.first())?)
}

/// Overlap of the right answers, as a share for resampling; see [`correct_overlap`].
pub fn correct_overlap_share(languages: PairedItems<'_, JudgedAnswer>) -> Share {
    languages
        .pairs()
        .map(|(a, b)| (a.is_right() || b.is_right()).then(|| a.is_right() && b.is_right()))
        .collect()
}

/// Overlap of the right answers of two languages, X-FACTR (Jiang et al., 2020, §5).
///
/// `|R_a ∩ R_b| / |R_a ∪ R_b|`, in `[0, 1]`, symmetric, where `R` are the items right in a language. `None` when
/// nothing is right in either.
pub fn correct_overlap(languages: PairedItems<'_, JudgedAnswer>) -> Option<f64> {
    correct_overlap_share(languages).value()
}
