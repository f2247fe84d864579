use crate::metrics::{Answer, JudgedAnswer, Share};

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
