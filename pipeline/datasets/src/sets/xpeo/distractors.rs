//! Wrong years: plausible enough to test knowledge, and never right.

use crate::facts::DrawnDistractors;
use crate::{DatasetError, DatasetsConfig, DistractorPolicy, draw};
use clika_base::types::Year;
use std::{collections::BTreeSet, ops::RangeInclusive};

/// Years between birth and death that are plausible at first sight.
const PLAUSIBLE_AGE: RangeInclusive<i32> = 15..=105;

/// Nearer years could be right by another calendar or another source.
const SHORTEST_DISTANCE: u32 = 3;

/// Wrong choices are drawn from this many nearest years for each one wanted.
const NEAREST_PER_CHOICE: usize = 3;

/// Where the pool has too few, years up to this far from the right one fill up.
const NEARBY: i32 = 40;

/// A year to find wrong choices for.
pub(crate) struct YearQuestion {
    /// The right year.
    pub(crate) answer: Year,
    /// The person's other year.
    pub(crate) other: Year,
    /// Whether the right year is the later of the two.
    pub(crate) is_death: bool,
    /// How many of the wrong years lie before the right one.
    pub(crate) earlier: usize,
}

impl YearQuestion {
    fn distance(&self, year: Year) -> u32 {
        year.astronomical().abs_diff(self.answer.astronomical())
    }

    /// Whether the person could have been born, or have died, in another year.
    fn is_plausible(&self, year: Year) -> bool {
        let (birth, death) = if self.is_death {
            (self.other, year)
        } else {
            (year, self.other)
        };
        self.distance(year) >= SHORTEST_DISTANCE
            && PLAUSIBLE_AGE.contains(&(death.astronomical() - birth.astronomical()))
    }
}

/// Years in which the person was not born, or did not die.
///
/// `hard` draws from the nearest years of the same kind in the pool that leave a plausible age, and
/// fills up with drawn years nearby where the pool has too few; `paper` draws from the whole pool.
///
/// With `hard`, as many lie before the right year as is asked: were they the nearest on both sides,
/// the right year would be the one in the middle, and could be told without knowing anything.
pub(crate) fn years(
    asked: &YearQuestion,
    pool: &BTreeSet<Year>,
    item: &str,
    config: &DatasetsConfig,
) -> Result<DrawnDistractors<Year>, DatasetError> {
    let wanted = config.choices - 1;
    let too_few = |found| DatasetError::TooFewChoices {
        dataset: super::DATASET.name,
        item: item.to_owned(),
        found,
        needed: wanted,
    };
    if config.distractors == DistractorPolicy::Paper {
        let others = pool
            .iter()
            .copied()
            .filter(|&year| year != asked.answer)
            .collect();
        let mut choices = draw::shuffle(others, config.seed, &["xpeo", item, "years"]);
        choices.truncate(wanted);
        if choices.len() < wanted {
            return Err(too_few(choices.len()));
        }
        return Ok(DrawnDistractors {
            choices,
            exception: None,
        });
    }
    let nearby: BTreeSet<Year> = (-NEARBY..=NEARBY)
        .map(|offset| Year::from_astronomical(asked.answer.astronomical() + offset))
        // Nobody died in a year that has not come.
        .filter(|year| pool.last().is_some_and(|latest| year <= latest))
        .collect();
    let mut choices: Vec<Year> = Vec::new();
    let mut from_pool = 0;
    // What one side cannot give, because no age would be plausible, the other gives.
    for (side, before, target) in [
        ("earlier", true, asked.earlier),
        ("later", false, wanted),
        ("earlier again", true, wanted),
    ] {
        for (source, years) in [("pool", pool), ("nearby", &nearby)] {
            let missing = target.saturating_sub(choices.len());
            let mut nearest: Vec<Year> = years
                .iter()
                .copied()
                .filter(|&year| (year < asked.answer) == before)
                .filter(|&year| asked.is_plausible(year) && !choices.contains(&year))
                .collect();
            nearest.sort_by_key(|&year| asked.distance(year));
            if source == "pool" {
                nearest.truncate(missing.saturating_mul(NEAREST_PER_CHOICE));
            }
            let mut drawn = draw::shuffle(nearest, config.seed, &["xpeo", item, side, source]);
            drawn.truncate(missing);
            if source == "pool" {
                from_pool += drawn.len();
            }
            choices.extend(drawn);
        }
    }
    if choices.len() < wanted {
        return Err(too_few(choices.len()));
    }
    Ok(DrawnDistractors {
        exception: (from_pool < wanted).then(|| {
            format!(
                "{} of {wanted} wrong years are drawn near the right one: the pool has no more \
                 plausible ones on that side",
                wanted - from_pool
            )
        }),
        choices,
    })
}
