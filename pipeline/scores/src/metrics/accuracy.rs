use crate::metrics::{Answer, Judged, Share};

/// Accuracy, as a share for resampling: right answers among all, in `[0, 1]`. Invalid answers are wrong.
pub fn accuracy_share(judged: &[Judged]) -> Share {
    judged.iter().map(|item| Some(item.is_right())).collect()
}

/// Accuracy: right answers among all, in `[0, 1]`. Invalid answers are wrong; `None` without items.
pub fn accuracy(judged: &[Judged]) -> Option<f64> {
    accuracy_share(judged).value()
}

/// Share of answers from which no option could be read, in `[0, 1]`; `None` without items.
pub fn invalid_rate(judged: &[Judged]) -> Option<f64> {
    let share: Share = judged
        .iter()
        .map(|item| Some(item.answer == Answer::Invalid))
        .collect();
    share.value()
}
