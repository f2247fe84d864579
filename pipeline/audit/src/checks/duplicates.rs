//! Items and choices that stand twice, and texts that are empty.

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Counted, Defect, Tallies, findings},
    text::{folded, shortened},
};
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let mut counts = Counts::default();
    for (language, items) in &set.languages {
        counts.count(language, items);
    }
    findings(&set.name, counts.table(), |total, what| {
        format!("{} of {} items {what}.", total.count, total.of)
    })
}

#[derive(Default)]
struct Counts {
    ids: Tallies,
    items: Tallies,
    questions: Tallies,
    right: Tallies,
    wrong: Tallies,
    empty: Tallies,
}

impl Counts {
    /// Counts the items of a language.
    fn count(&mut self, language: &LanguageCode, items: &[ChoiceItem]) {
        let mut seen_ids = BTreeMap::new();
        let mut seen_items = BTreeMap::new();
        let mut seen_questions = BTreeMap::new();
        for item in items {
            let twice = |first: Option<&ChoiceItem>| {
                first
                    .map(|first| format!("{} and {}: {}", first.at, item.at, shortened(&item.text)))
            };
            self.ids.see(
                language,
                &item.id,
                twice(seen_ids.insert(item.id.clone(), item)),
            );
            let text = folded(&item.text);
            let mut choices: Vec<_> = item.choices.iter().map(|it| folded(it)).collect();
            let same = same_choices(item, &choices);
            let right_is_twice = same.filter(|same| same.is_right);
            self.right
                .see(language, &item.id, right_is_twice.map(|it| it.text));
            let wrong_is_twice = same_choices(item, &choices).filter(|same| !same.is_right);
            self.wrong
                .see(language, &item.id, wrong_is_twice.map(|it| it.text));
            let is_empty = text.is_empty() || choices.iter().any(String::is_empty);
            self.empty
                .see(language, &item.id, is_empty.then_some(item.at.as_str()));
            // The order of the choices makes no other item.
            choices.sort();
            let key = (text.clone(), item.asks.clone(), choices);
            let first = seen_items.insert(key, item);
            self.items.see(language, &item.id, twice(first));
            // One who sees the question twice with other wrong choices may rule out.
            let again = seen_questions.insert((text, item.asks.clone()), item);
            self.questions
                .see(language, &item.id, twice(again.filter(|_| first.is_none())));
        }
    }

    fn table(self) -> [Counted; 6] {
        let error = |check, effect| Defect {
            check,
            severity: Severity::Error,
            effect,
        };
        let warning = |check, effect| Defect {
            check,
            severity: Severity::Warning,
            effect,
        };
        [
            (
                self.ids,
                error(
                    "ids-twice",
                    "items cannot be told apart, so that languages are paired at random",
                ),
                "have an identifier that stands twice",
            ),
            (
                self.items,
                warning(
                    "items-twice",
                    "the item counts twice, and intervals are too narrow",
                ),
                "repeat an earlier item",
            ),
            (
                self.questions,
                warning(
                    "questions-twice",
                    "the two are not independent, and intervals are too narrow",
                ),
                "ask an earlier question with other choices",
            ),
            (
                self.right,
                error(
                    "right-choice-twice",
                    "a right answer counts as wrong: accuracy, RA and en-CO",
                ),
                "have a wrong choice that reads like the right one",
            ),
            (
                self.wrong,
                warning(
                    "wrong-choice-twice",
                    "guessing is easier than 1 in n: accuracy and RA",
                ),
                "have two wrong choices that read the same",
            ),
            (
                self.empty,
                error("empty-text", "nobody can answer them: accuracy and RA"),
                "have an empty text",
            ),
        ]
    }
}

/// Two choices that read the same.
struct EqualChoice {
    is_right: bool,
    text: String,
}

/// Two choices that read the same, with the right one where it is among them.
fn same_choices(item: &ChoiceItem, folded: &[String]) -> Option<EqualChoice> {
    let mut found = None;
    for a in 0..folded.len() {
        for b in a + 1..folded.len() {
            if folded[a] != folded[b] {
                continue;
            }
            let is_right = item.right().is_some_and(|right| right == a || right == b);
            if is_right || found.is_none() {
                let text = format!("{}: `{}` twice", item.at, item.choices[a]);
                found = Some(EqualChoice { is_right, text });
            }
        }
    }
    found
}
