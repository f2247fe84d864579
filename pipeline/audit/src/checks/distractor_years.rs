//! Wrong years: how far from the right one, drawn from which pool, and possible at all?

use crate::{
    ChoiceItem, ChoiceSet, Finding, Severity,
    statistics::median,
    tally::{Defect, Tallies},
    text::shortened,
};
use clika_base::types::LanguageCode;
use std::collections::{BTreeMap, BTreeSet};

/// A median distance in years from which on a rough idea of the century answers half of the items.
const FAR: f64 = 25.0;

/// The share of wrong death years from the pool of births from which on it is not chance.
const FROM_OTHER_POOL: f64 = 0.25;

/// An item whose choices are years, astronomically numbered.
struct YearItem<'a> {
    item: &'a ChoiceItem,
    is_death: bool,
    right: usize,
    years: Vec<i64>,
}

impl YearItem<'_> {
    fn answer(&self) -> i64 {
        self.years[self.right]
    }

    fn wrong(&self) -> impl Iterator<Item = i64> {
        let years = self.years.iter().enumerate();
        years
            .filter(|(position, _)| *position != self.right)
            .map(|(_, &year)| year)
    }

    fn shown(&self) -> String {
        let choices = self.item.choices.join(", ");
        let answer = &self.item.choices[self.right];
        format!(
            "{} — {choices}; right: {answer}",
            shortened(&self.item.text)
        )
    }
}

pub(super) fn check(set: &ChoiceSet) -> Vec<Finding> {
    // Years are the same in every language; how each writes them is not read.
    let Some((reference, items)) = set.reference() else {
        return Vec::new();
    };
    let mut unread = Tallies::default();
    let mut asked = Vec::new();
    for item in items {
        let is_death = match item.relation.as_deref() {
            Some("birth") => false,
            Some("death") => true,
            Some(_) | None => continue,
        };
        let years: Option<Vec<_>> = item.choices.iter().map(|it| year(it)).collect();
        let is_unread = years.is_none();
        let shown = || item.choices.join(", ");
        unread.see(reference, &item.id, is_unread.then(shown));
        if let (Some(years), Some(right)) = (years, item.right()) {
            asked.push(YearItem {
                item,
                is_death,
                right,
                years,
            });
        }
    }
    let defect = Defect {
        check: "years-not-read",
        severity: Severity::Note,
        effect: "distances of wrong years are not checked for them",
    };
    let unread = unread.finding(&set.name, defect, |total| {
        format!(
            "{} of {} items have a choice that is no year.",
            total.count, total.of
        )
    });
    [
        unread,
        distance(set, reference, &asked),
        pools(set, reference, &asked),
        impossible(set, reference, &asked),
        only_of_its_era(set, reference, &asked),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A year with astronomers' numbers: 69 BC is −68, so that differences are right across the eras.
fn year(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, is_bce) = match text.strip_suffix("BCE").or(text.strip_suffix("BC")) {
        Some(number) => (number.trim(), true),
        None => (text, false),
    };
    let number: i64 = number.parse().ok().filter(|&number| number > 0)?;
    Some(if is_bce { 1 - number } else { number })
}

fn nearest(item: &YearItem) -> Option<i64> {
    item.wrong().map(|year| (year - item.answer()).abs()).min()
}

fn distance(set: &ChoiceSet, reference: &LanguageCode, asked: &[YearItem]) -> Option<Finding> {
    let of = |is_death: Option<bool>| {
        let asked = asked.iter();
        let asked = asked.filter(|item| is_death.is_none_or(|it| it == item.is_death));
        median(asked.filter_map(nearest).collect())
    };
    let all = of(None)?;
    let shown = |median: Option<f64>| median.map_or("–".to_owned(), |it| it.to_string());
    let mut tallies = Tallies::default();
    for item in asked {
        let far = nearest(item).is_some_and(|distance| distance as f64 > FAR);
        tallies.see(reference, &item.item.id, far.then(|| item.shown()));
    }
    let defect = Defect {
        check: "wrong-years-far",
        severity: Severity::Warning,
        effect: "knowing the century is enough: accuracy and RA are too high",
    };
    tallies.finding_if(all > FAR, &set.name, defect, |total| {
        format!(
            "The nearest wrong year is {all} years from the right one in the median (births {}, deaths {}), and more \
             than {FAR} in {} of {} items.",
            shown(of(Some(false))),
            shown(of(Some(true))),
            total.count,
            total.of
        )
    })
}

/// Wrong death years that are somebody's birth year and nobody's death year.
fn pools(set: &ChoiceSet, reference: &LanguageCode, asked: &[YearItem]) -> Option<Finding> {
    let gold = |is_death: bool| -> BTreeSet<i64> {
        let items = asked.iter().filter(|item| item.is_death == is_death);
        items.map(YearItem::answer).collect()
    };
    let (births, deaths) = (gold(false), gold(true));
    let from = |is_death: bool, pool: &BTreeSet<i64>, other: &BTreeSet<i64>| {
        let items = asked.iter().filter(|item| item.is_death == is_death);
        let years: Vec<_> = items.flat_map(YearItem::wrong).collect();
        let only = years
            .iter()
            .filter(|year| pool.contains(year) && !other.contains(year));
        (only.count(), years.len())
    };
    let (from_births, wrong) = from(true, &births, &deaths);
    let (from_deaths, _) = from(true, &deaths, &births);
    let (birth_from_deaths, wrong_births) = from(false, &deaths, &births);
    let is_drawn =
        from_births as f64 > FROM_OTHER_POOL * wrong as f64 && from_births > 2 * from_deaths;
    let mut tallies = Tallies::default();
    for item in asked.iter().filter(|item| item.is_death) {
        let mut wrong = item.wrong();
        let is_birth = wrong.any(|year| births.contains(&year) && !deaths.contains(&year));
        tallies.see(reference, &item.item.id, is_birth.then(|| item.shown()));
    }
    let defect = Defect {
        check: "death-years-from-births",
        severity: Severity::Warning,
        effect: "wrong death years are too early as a group: accuracy and RA are too high",
    };
    tallies.finding_if(is_drawn, &set.name, defect, |_| {
        format!(
            "Of {wrong} wrong death years {from_births} are a birth year and no death year of the set, and \
             {from_deaths} a death year and no birth year; of {wrong_births} wrong birth years {birth_from_deaths} \
             are a death year only."
        )
    })
}

/// Deaths before the person's birth, and births after the death.
fn impossible(set: &ChoiceSet, reference: &LanguageCode, asked: &[YearItem]) -> Option<Finding> {
    let mut lives: BTreeMap<&str, [Option<i64>; 2]> = BTreeMap::new();
    for item in asked {
        if let Some(entity) = &item.item.entity {
            lives.entry(entity).or_default()[usize::from(item.is_death)] = Some(item.answer());
        }
    }
    let mut tallies = Tallies::default();
    let (mut wrong, mut impossible, mut ruled_out) = (0, 0, 0);
    for item in asked {
        let life = item
            .item
            .entity
            .as_deref()
            .and_then(|entity| lives.get(entity));
        let Some(other) = life.and_then(|life| life[usize::from(!item.is_death)]) else {
            continue;
        };
        let is_impossible = |year: &i64| {
            if item.is_death {
                *year < other
            } else {
                *year > other
            }
        };
        let count = item.wrong().filter(is_impossible).count();
        wrong += item.years.len() - 1;
        impossible += count;
        ruled_out += usize::from(count + 1 == item.years.len());
        tallies.see(reference, &item.item.id, (count > 0).then(|| item.shown()));
    }
    let defect = Defect {
        check: "impossible-years",
        severity: Severity::Warning,
        effect: "who knows the other year of the life rules them out: accuracy and RA are too high",
    };
    tallies.finding(&set.name, defect, |total| {
        format!(
            "{} of {} items have a death before the person's birth or a birth after the death: {impossible} of \
             {wrong} wrong years, and all wrong ones in {ruled_out} items.",
            total.count, total.of
        )
    })
}

fn only_of_its_era(
    set: &ChoiceSet,
    reference: &LanguageCode,
    asked: &[YearItem],
) -> Option<Finding> {
    let mut tallies = Tallies::default();
    for item in asked {
        let is_bce = |year: i64| year <= 0;
        let alone = item
            .wrong()
            .all(|year| is_bce(year) != is_bce(item.answer()));
        tallies.see(reference, &item.item.id, alone.then(|| item.shown()));
    }
    let defect = Defect {
        check: "only-year-of-its-era",
        severity: Severity::Warning,
        effect: "knowing the era is enough: accuracy and RA are too high",
    };
    tallies.finding(&set.name, defect, |total| {
        format!(
            "The right year is the only one of its era in {} of {} items.",
            total.count, total.of
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_eras() {
        for (text, expected) in [
            ("1932", Some(1932)),
            ("69 BC", Some(-68)),
            ("1 BCE", Some(0)),
            ("0", None),
            ("about 1500", None),
        ] {
            assert_eq!(year(text), expected, "{text}");
        }
    }
}
