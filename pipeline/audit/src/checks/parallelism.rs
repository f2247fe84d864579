//! Whether an item is the same in every language.

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Defect, Tallies},
};
use std::collections::BTreeMap;

const EFFECT: &str = "RA compares different items, and en-CO letters that do not mean the same";

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let Some((reference, order)) = set.reference() else {
        return Vec::new();
    };
    let expected: BTreeMap<&str, &ChoiceItem> =
        order.iter().map(|item| (item.id.as_str(), item)).collect();
    let [
        mut missing,
        mut extra,
        mut labels,
        mut counts,
        mut asks,
        mut relations,
    ] = [(); 6].map(|()| Tallies::default());
    for (language, items) in &set.languages {
        if language == reference {
            continue;
        }
        let found: BTreeMap<&str, &ChoiceItem> =
            items.iter().map(|item| (item.id.as_str(), item)).collect();
        for (id, english) in &expected {
            let is_missing = !found.contains_key(id);
            missing.see(language, id, is_missing.then_some(english.text.as_str()));
        }
        for item in items {
            let Some(english) = expected.get(item.id.as_str()) else {
                extra.see(language, &item.id, Some(item.text.as_str()));
                continue;
            };
            extra.looked_at(language, 1);
            let differs = |found: &str, expected: &str| {
                (found != expected)
                    .then(|| format!("{}: {found}, in {reference} {expected}", item.at))
            };
            let (label, of) = (item.label.to_string(), english.label.to_string());
            labels.see(language, &item.id, differs(&label, &of));
            let (count, of) = (item.choices.len(), english.choices.len());
            counts.see(
                language,
                &item.id,
                differs(&format!("{count} choices"), &format!("{of} choices")),
            );
            asks.see(
                language,
                &item.id,
                differs(shown(&item.asks), shown(&english.asks)),
            );
            relations.see(
                language,
                &item.id,
                differs(shown(&item.relation), shown(&english.relation)),
            );
        }
    }
    let found = [
        (missing, "missing-items", "are missing"),
        (
            extra,
            "extra-items",
            "are not items of the reference language",
        ),
        (
            labels,
            "labels-differ",
            "have another right position than in the reference language",
        ),
        (
            counts,
            "choice-counts-differ",
            "have another number of choices than in the reference language",
        ),
        (
            asks,
            "asks-differ",
            "ask for something else than in the reference language",
        ),
        (
            relations,
            "relations-differ",
            "ask for another relation than in the reference language",
        ),
    ];
    found
        .into_iter()
        .filter_map(|(tallies, check, what)| {
            let defect = Defect {
                check,
                severity: Severity::Error,
                effect: EFFECT,
            };
            tallies.finding(&set.name, defect, |total| {
                format!(
                    "{} of {} items {what} ({reference}).",
                    total.count, total.of
                )
            })
        })
        .collect()
}

fn shown(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("nothing")
}
