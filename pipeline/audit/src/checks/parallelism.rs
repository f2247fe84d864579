//! Whether an item is the same in every language.

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Counted, Defect, Tallies, findings},
};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

const EFFECT: &str = "RA compares different items, and en-CO letters that do not mean the same";

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let Some((reference, order)) = set.reference() else {
        return Vec::new();
    };
    let expected = by_id(order);
    let mut counts = Counts::default();
    for (language, items) in &set.languages {
        if language != reference {
            counts.count(language, items, reference, &expected);
        }
    }
    findings(&set.name, counts.table(), |total, what| {
        format!(
            "{} of {} items {what} ({reference}).",
            total.count, total.of
        )
    })
}

fn by_id(items: &[ChoiceItem]) -> BTreeMap<&str, &ChoiceItem> {
    items.iter().map(|item| (item.id.as_str(), item)).collect()
}

#[derive(Default)]
struct Counts {
    missing: Tallies,
    extra: Tallies,
    labels: Tallies,
    counts: Tallies,
    asks: Tallies,
    relations: Tallies,
}

impl Counts {
    /// Counts where the items of a language differ from those of the reference language.
    fn count(
        &mut self,
        language: &LanguageCode,
        items: &[ChoiceItem],
        reference: &LanguageCode,
        expected: &BTreeMap<&str, &ChoiceItem>,
    ) {
        let found = by_id(items);
        for (id, english) in expected {
            let is_missing = !found.contains_key(id);
            self.missing
                .see(language, id, is_missing.then_some(english.text.as_str()));
        }
        for item in items {
            let Some(english) = expected.get(item.id.as_str()) else {
                self.extra.see(language, &item.id, Some(item.text.as_str()));
                continue;
            };
            self.extra.looked_at(language, 1);
            let compare = |tallies: &mut Tallies, found: &str, expected: &str| {
                let differs = (found != expected)
                    .then(|| format!("{}: {found}, in {reference} {expected}", item.at));
                tallies.see(language, &item.id, differs);
            };
            let (label, of) = (item.label.to_string(), english.label.to_string());
            compare(&mut self.labels, &label, &of);
            let choices = |item: &ChoiceItem| format!("{} choices", item.choices.len());
            compare(&mut self.counts, &choices(item), &choices(english));
            compare(&mut self.asks, shown(&item.asks), shown(&english.asks));
            compare(
                &mut self.relations,
                shown(&item.relation),
                shown(&english.relation),
            );
        }
    }

    fn table(self) -> [Counted; 6] {
        let error = |check| Defect {
            check,
            severity: Severity::Error,
            effect: EFFECT,
        };
        [
            (self.missing, error("missing-items"), "are missing"),
            (
                self.extra,
                error("extra-items"),
                "are not items of the reference language",
            ),
            (
                self.labels,
                error("labels-differ"),
                "have another right position than in the reference language",
            ),
            (
                self.counts,
                error("choice-counts-differ"),
                "have another number of choices than in the reference language",
            ),
            (
                self.asks,
                error("asks-differ"),
                "ask for something else than in the reference language",
            ),
            (
                self.relations,
                error("relations-differ"),
                "ask for another relation than in the reference language",
            ),
        ]
    }
}

fn shown(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("nothing")
}
