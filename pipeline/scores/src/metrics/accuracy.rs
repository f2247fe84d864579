use crate::metrics::{Answer, JudgedAnswer, Share};

/// Accuracy, as a share for resampling: right answers among all, in `[0, 1]`. Invalid answers are wrong.
pub fn accuracy_share(judged: &[JudgedAnswer]) -> Share {
    judged.iter().map(|item| Some(item.is_right())).collect()
}

/// Accuracy: right answers among all, in `[0, 1]`. Invalid answers are wrong; `None` without items.
pub fn accuracy(judged: &[JudgedAnswer]) -> Option<f64> {
    accuracy_share(judged).value()
}

/// Share of answers from which no option could be read, in `[0, 1]`; `None` without items.
pub fn invalid_rate(judged: &[JudgedAnswer]) -> Option<f64> {
    let share: Share = judged
        .iter()
        .map(|item| Some(item.answer == Answer::Invalid))
        .collect();
    share.value()
}
