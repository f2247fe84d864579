//! Questions that hold their answer.

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    tally::{Defect, Tallies},
    text::{folded, pieces, shortened},
};
use std::collections::{BTreeMap, BTreeSet};

const EFFECT: &str = "letters give the answer without knowledge: accuracy and RA are too high";

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    let (mut whole, mut wrong_whole) = (Tallies::default(), 0);
    let (mut part, mut wrong_part) = (Tallies::default(), 0);
    let (mut compared, mut compared_parts) = (0, 0);
    let mut asked = "";
    for (language, items) in &set.languages {
        let common = CommonPieces::of(items);
        for item in items {
            let Some(right) = item.right() else { continue };
            let question = folded(&item.text);
            let stands = |choice: &String| {
                let choice = folded(choice);
                !choice.is_empty() && question.contains(&choice)
            };
            let shown = || format!("{} — {}", shortened(&item.text), item.choices[right]);
            let of_wrong = |holds: &dyn Fn(&String) -> bool| {
                let wrong = item.choices.iter().enumerate();
                let wrong = wrong.filter(|&(position, choice)| position != right && holds(choice));
                wrong.count()
            };
            whole.see(language, &item.id, stands(&item.choices[right]).then(shown));
            wrong_whole += of_wrong(&stands);
            compared += item.choices.len() - 1;
            // A person's name holds no year.
            let place = item.relation.as_deref();
            if let Some(place) = place.filter(|it| !["birth", "death"].contains(it)) {
                asked = place;
                let names = |choice: &String| common.is_named(choice, &question);
                part.see(language, &item.id, names(&item.choices[right]).then(shown));
                wrong_part += of_wrong(&names);
                compared_parts += item.choices.len() - 1;
            }
        }
    }
    let whole_defect = Defect {
        check: "answer-in-question",
        severity: Severity::Warning,
        effect: EFFECT,
    };
    let part_defect = Defect {
        check: match asked {
            "division" => "division-in-city",
            _ => "answer-in-name",
        },
        severity: Severity::Warning,
        effect: EFFECT,
    };
    // As often as wrong choices is not a hint.
    let hints = |right: &Tallies, wrong: usize, of: usize| {
        let total = right.total();
        total.count * of > wrong * total.of
    };
    let is_hint = hints(&whole, wrong_whole, compared);
    let whole = whole.finding_if(is_hint, &set.name, whole_defect, |total| {
        format!(
            "The right choice stands in the question in {} of {} items; of {compared} wrong choices {wrong_whole} do.",
            total.count, total.of
        )
    });
    let is_hint = hints(&part, wrong_part, compared_parts);
    let part = part.finding_if(is_hint, &set.name, part_defect, |total| {
        format!(
            "The question names its {asked} in {} of {} items; of {compared_parts} wrong choices it names {wrong_part}.",
            total.count, total.of
        )
    });
    whole.into_iter().chain(part).collect()
}

/// Pieces that many choices of a language share, which name none of them: "voivodeship", "область", "州".
struct CommonPieces(BTreeSet<String>);

/// A piece that this many different choices share says nothing.
const COMMON_FROM: usize = 3;

impl CommonPieces {
    fn of(items: &[ChoiceItem]) -> Self {
        let choices: BTreeSet<&String> = items.iter().flat_map(|item| &item.choices).collect();
        let mut counts = BTreeMap::<String, usize>::new();
        for piece in choices.into_iter().flat_map(|choice| pieces(choice)) {
            *counts.entry(piece).or_default() += 1;
        }
        let common = counts
            .into_iter()
            .filter(|(_, count)| *count >= COMMON_FROM);
        Self(common.map(|(piece, _)| piece).collect())
    }

    /// Whether a piece of the choice that is its own stands in the question.
    fn is_named(&self, choice: &str, question: &str) -> bool {
        let mut pieces = pieces(choice).into_iter();
        pieces.any(|piece| !self.0.contains(&piece) && question.contains(&piece))
    }
}
