use crate::metrics::{JudgedAnswer, PairedItems, Share, chance_corrected};

/// Correct prediction overlap with English (en-CO), CLiKA §3.2; English comes first.
///
/// `n_enX / n_X`, in `[0, 1]`: of the items right in X, the share for which English chose the same letter.
/// Undefined when `n_X` is 0.
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

/// Overlap of the right answers of two languages, X-FACTR (Jiang et al., 2020, §5).
///
/// `|R_a ∩ R_b| / |R_a ∪ R_b|`, in `[0, 1]`, symmetric, where `R` are the items right in a language. Undefined
/// when nothing is right in either.
pub fn correct_overlap_share(languages: PairedItems<'_, JudgedAnswer>) -> Share {
    languages
        .pairs()
        .map(|(a, b)| (a.is_right() || b.is_right()).then(|| a.is_right() && b.is_right()))
        .collect()
}

/// Of the items that are wrong in a language, the share that is right in English; English comes first.
///
/// With the accuracy in the language and [`en_co_share`] it makes [`beyond_independence`]. Undefined when nothing is wrong.
pub fn english_elsewhere_share(languages: PairedItems<'_, JudgedAnswer>) -> Share {
    languages
        .pairs()
        .map(|(english, other)| (!other.is_right()).then(|| english.is_right()))
        .collect()
}

/// en-CO corrected for independent answers, from three shares of which none contains another.
///
/// `(C − E) / (1 − E)`, where `C` is en-CO and `E = A · C + (1 − A) · W` the accuracy in English: `A` is the accuracy in
/// the language, and `W` the share of [`english_elsewhere_share`]. en-CO and the accuracy in English have most of
/// their items in common, and what tells them apart is how many items are wrong: three shares show it. At most 1. `None`
/// when all is right in English.
pub fn beyond_independence(accuracy: f64, en_co: f64, elsewhere: f64) -> Option<f64> {
    let english = accuracy * en_co + (1.0 - accuracy) * elsewhere;
    chance_corrected(en_co, english)
}
