use crate::metrics::{Answer, JudgedAnswer, PairedItems, Share};

/// Accuracy: right answers among all, in `[0, 1]`. Invalid answers are wrong; undefined without items.
pub fn accuracy_share(judged: &[JudgedAnswer]) -> Share {
    judged.iter().map(|item| Some(item.is_right())).collect()
}

/// Share of answers from which no option could be read, in `[0, 1]`; undefined without items.
pub fn invalid_share(judged: &[JudgedAnswer]) -> Share {
    judged
        .iter()
        .map(|item| Some(item.answer == Answer::Invalid))
        .collect()
}

/// Share of the items that only the first of two models has right, in `[0, 1]`; undefined without items. That of the first
/// less that of the second is the difference of their accuracies.
pub fn only_first_share(models: PairedItems<'_, JudgedAnswer>) -> Share {
    models
        .pairs()
        .map(|(first, second)| Some(first.is_right() && !second.is_right()))
        .collect()
}
