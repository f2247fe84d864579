//! Items and choices that stand twice, and texts that are empty.

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Defect, Tallies},
    text::{folded, shortened},
};
use std::collections::BTreeMap;

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let [
        mut ids,
        mut items,
        mut questions,
        mut right,
        mut wrong,
        mut empty,
    ] = [(); 6].map(|()| Tallies::default());
    for (language, of_language) in &set.languages {
        let mut seen_ids = BTreeMap::new();
        let mut seen_items = BTreeMap::new();
        let mut seen_questions = BTreeMap::new();
        for item in of_language {
            let twice = |first: Option<&ChoiceItem>| {
                first
                    .map(|first| format!("{} and {}: {}", first.at, item.at, shortened(&item.text)))
            };
            ids.see(
                language,
                &item.id,
                twice(seen_ids.insert(item.id.clone(), item)),
            );
            let text = folded(&item.text);
            let mut choices: Vec<_> = item.choices.iter().map(|it| folded(it)).collect();
            let same = same_choices(item, &choices);
            let right_is_twice = same.filter(|same| same.is_right);
            right.see(language, &item.id, right_is_twice.map(|it| it.text));
            let wrong_is_twice = same_choices(item, &choices).filter(|same| !same.is_right);
            wrong.see(language, &item.id, wrong_is_twice.map(|it| it.text));
            let is_empty = text.is_empty() || choices.iter().any(String::is_empty);
            empty.see(language, &item.id, is_empty.then_some(item.at.as_str()));
            // The order of the choices makes no other item.
            choices.sort();
            let key = (text.clone(), item.asks.clone(), choices);
            let first = seen_items.insert(key, item);
            items.see(language, &item.id, twice(first));
            // One who sees the question twice with other wrong choices may rule out.
            let again = seen_questions.insert((text, item.asks.clone()), item);
            questions.see(language, &item.id, twice(again.filter(|_| first.is_none())));
        }
    }
    let error = Severity::Error;
    let found = [
        (
            ids,
            "ids-twice",
            error,
            "have an identifier that stands twice",
            "items cannot be told apart, so that languages are paired at random",
        ),
        (
            items,
            "items-twice",
            Severity::Warning,
            "repeat an earlier item",
            "the item counts twice, and intervals are too narrow",
        ),
        (
            questions,
            "questions-twice",
            Severity::Warning,
            "ask an earlier question with other choices",
            "the two are not independent, and intervals are too narrow",
        ),
        (
            right,
            "right-choice-twice",
            error,
            "have a wrong choice that reads like the right one",
            "a right answer counts as wrong: accuracy, RA and en-CO",
        ),
        (
            wrong,
            "wrong-choice-twice",
            Severity::Warning,
            "have two wrong choices that read the same",
            "guessing is easier than 1 in n: accuracy and RA",
        ),
        (
            empty,
            "empty-text",
            error,
            "have an empty text",
            "nobody can answer them: accuracy and RA",
        ),
    ];
    found
        .into_iter()
        .filter_map(|(tallies, check, severity, what, effect)| {
            let defect = Defect {
                check,
                severity,
                effect,
            };
            tallies.finding(&set.name, defect, |total| {
                format!("{} of {} items {what}.", total.count, total.of)
            })
        })
        .collect()
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
