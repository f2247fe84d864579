//! Where the right choices stand.

use crate::{
    ChoiceSet, Finding, Severity,
    statistics::chi_square,
    tally::{Defect, Tallies},
};

/// The p-value below which positions are called uneven.
const LEVEL: f64 = 0.01;

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let mut range = Tallies::default();
    for (language, item) in set.items() {
        let wrong = item.right().is_none().then(|| {
            let (label, choices) = (item.label, item.choices.len());
            format!("{}: label {label} of {choices} choices", item.at)
        });
        range.see(language, &item.id, wrong);
    }
    let defect = Defect {
        check: "label-out-of-range",
        severity: Severity::Error,
        effect: "no answer can be right: accuracy and RA",
    };
    let range = range.finding(&set.name, defect, |total| {
        format!("{} of {} labels point at no choice.", total.count, total.of)
    });
    range.into_iter().chain(balance(set)).collect()
}

/// Labels are parallel, so that the reference language stands for all.
fn balance(set: &ChoiceSet) -> Option<Finding> {
    let (reference, items) = set.reference()?;
    let most = items.iter().map(|item| item.choices.len()).max()?;
    let mut counts = vec![0; most];
    for right in items.iter().filter_map(|item| item.right()) {
        counts[right] += 1;
    }
    let p = chi_square(&counts).filter(|&p| p < LEVEL)?;
    let mut tallies = Tallies::default();
    tallies.looked_at(reference, items.len());
    let counted: Vec<_> = counts.iter().map(usize::to_string).collect();
    let defect = Defect {
        check: "labels-unbalanced",
        severity: Severity::Warning,
        effect: "a model that prefers a letter gains or loses: accuracy and en-CO",
    };
    let message = format!(
        "The right choice stands {} times at each position, which chance gives with p = {p:.4}.",
        counted.join(", ")
    );
    Some(tallies.report(&set.name, defect, message))
}
