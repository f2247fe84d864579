use crate::metrics::{JudgedAnswer, PairedItems, Share};

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
