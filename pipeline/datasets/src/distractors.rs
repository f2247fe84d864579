//! Wrong choices: plausible enough to test knowledge, and never right.

use crate::{
    DatasetError, DatasetsConfig, DistractorPolicy,
    catalogue::Catalogue,
    draw,
    xgeo::{Atlas, Candidate},
};
use clika_core::{Qid, Task, Year};
use clika_wikidata::City;
use std::{collections::BTreeSet, ops::RangeInclusive};

/// Wrong choices of one item, in drawn order.
pub(crate) struct Drawn<T> {
    pub(crate) choices: Vec<T>,
    /// Set where a rule had to be bent.
    pub(crate) exception: Option<String>,
}

/// Divisions the city does not lie in.
///
/// `hard` takes those of the city's country that its name does not point to, and goes on to the
/// language's other countries only where the country has too few; `paper` takes those that the
/// language's cities lie in.
pub(crate) fn divisions(
    city: &City,
    atlas: &Atlas,
    pool: &[Candidate<'_>],
    catalogue: &Catalogue<'_>,
    config: &DatasetsConfig,
) -> Result<Drawn<Qid>, DatasetError> {
    let wanted = config.choices - 1;
    let purpose = city.city.to_string();
    let of_pool: BTreeSet<_> = pool
        .iter()
        .map(|candidate| candidate.city.division)
        .collect();
    let (first, second): (Vec<Qid>, Vec<Qid>) = match config.distractors {
        DistractorPolicy::Paper => (of_pool.into_iter().collect(), Vec::new()),
        DistractorPolicy::Hard => {
            let country = atlas.divisions.get(&city.country).into_iter().flatten();
            let fitting = country.copied().filter(|&division| {
                atlas
                    .given_away(city.city, city.country, division, catalogue)
                    .is_none()
            });
            (fitting.collect(), of_pool.into_iter().collect())
        }
    };
    // Portland lies in Oregon, and another one in Maine.
    let namesakes: BTreeSet<Qid> = pool
        .iter()
        .map(|candidate| candidate.city)
        .filter(|other| other.city != city.city && catalogue.read_the_same(other.city, city.city))
        .map(|other| other.division)
        .collect();
    let mut choices: Vec<Qid> = Vec::new();
    let mut from_country = 0;
    for (stage, candidates) in [("country", first), ("pool", second)] {
        for division in draw::shuffle(candidates, config.seed, &["xgeo", &purpose, stage]) {
            let differs =
                |&other: &Qid| division != other && !catalogue.read_the_same(division, other);
            if choices.len() < wanted
                && !namesakes.contains(&division)
                && choices.iter().chain([&city.division]).all(differs)
            {
                choices.push(division);
            }
        }
        if stage == "country" {
            from_country = choices.len();
        }
    }
    if choices.len() < wanted {
        return Err(DatasetError::TooFewChoices {
            task: Task::XGeo,
            item: format!("city {}", city.city),
            found: choices.len(),
            needed: wanted,
        });
    }
    Ok(Drawn {
        exception: (from_country < wanted).then(|| {
            format!(
                "{} of {wanted} wrong choices lie in another country",
                wanted - from_country
            )
        }),
        choices,
    })
}

/// Years between birth and death that nobody would rule out at sight.
const PLAUSIBLE_AGE: RangeInclusive<i32> = 15..=105;

/// Nearer years could be right by another calendar or another source.
const SHORTEST_DISTANCE: u32 = 3;

/// Wrong choices are drawn from this many nearest years for each one wanted.
const NEAREST_PER_CHOICE: usize = 3;

/// Where the pool has too few, years up to this far from the right one fill up.
const NEARBY: i32 = 40;

/// A year to find wrong choices for.
pub(crate) struct AskedYear {
    /// The right year.
    pub(crate) answer: Year,
    /// The person's other year.
    pub(crate) other: Year,
    /// Whether the right year is the later of the two.
    pub(crate) is_death: bool,
}

/// Years in which the person was not born, or did not die.
///
/// `hard` draws from the nearest years of the same kind in the pool that leave a plausible age, and
/// fills up with drawn years nearby where the pool has too few; `paper` draws from the whole pool.
pub(crate) fn years(
    asked: &AskedYear,
    pool: &BTreeSet<Year>,
    item: &str,
    config: &DatasetsConfig,
) -> Result<Drawn<Year>, DatasetError> {
    let wanted = config.choices - 1;
    let distance = |year: Year| year.astronomical().abs_diff(asked.answer.astronomical());
    let purpose = ["xpeo", item, "years"];
    let too_few = |found| DatasetError::TooFewChoices {
        task: Task::XPeo,
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
        let mut choices = draw::shuffle(others, config.seed, &purpose);
        if choices.len() < wanted {
            return Err(too_few(choices.len()));
        }
        choices.truncate(wanted);
        return Ok(Drawn {
            choices,
            exception: None,
        });
    }
    let plausible = |year: Year| {
        let (birth, death) = if asked.is_death {
            (asked.other, year)
        } else {
            (year, asked.other)
        };
        distance(year) >= SHORTEST_DISTANCE
            && PLAUSIBLE_AGE.contains(&(death.astronomical() - birth.astronomical()))
    };
    let mut nearest: Vec<_> = pool
        .iter()
        .copied()
        .filter(|&year| plausible(year))
        .collect();
    nearest.sort_by_key(|&year| (distance(year), year));
    nearest.truncate(wanted * NEAREST_PER_CHOICE);
    let mut choices = draw::shuffle(nearest, config.seed, &purpose);
    choices.truncate(wanted);
    let from_pool = choices.len();
    let nearby = (-NEARBY..=NEARBY)
        .map(|offset| Year::from_astronomical(asked.answer.astronomical() + offset))
        .filter(|&year| plausible(year) && !choices.contains(&year))
        .collect();
    let nearby = draw::shuffle(nearby, config.seed, &["xpeo", item, "years nearby"]);
    choices.extend(nearby.into_iter().take(wanted - from_pool));
    if choices.len() < wanted {
        return Err(too_few(choices.len()));
    }
    Ok(Drawn {
        choices,
        exception: (from_pool < wanted).then(|| {
            format!(
                "{} of {wanted} wrong years are drawn near the right one: nobody in the pool has \
                 plausible ones",
                wanted - from_pool
            )
        }),
    })
}
