//! Wrong divisions: plausible enough to test knowledge, and never right.

use super::plan::{Candidate, DivisionIndex};
use crate::facts::{Catalogue, DrawnDistractors};
use crate::wikidata::City;
use crate::{DatasetError, DatasetsConfig, DistractorPolicy, draw};
use clika_base::types::Qid;
use std::collections::BTreeSet;

/// Divisions the city does not lie in.
///
/// `hard` takes those of the city's country that its name does not point to, and goes on to the
/// language's other countries only where the country has too few; `paper` takes those that the
/// language's cities lie in.
pub(crate) fn divisions(
    city: &City,
    atlas: &DivisionIndex,
    pool: &[Candidate<'_>],
    catalogue: &Catalogue<'_>,
    config: &DatasetsConfig,
) -> Result<DrawnDistractors<Qid>, DatasetError> {
    let wanted = config.choices - 1;
    let purpose = city.city.to_string();
    let of_pool: BTreeSet<_> = pool
        .iter()
        .map(|candidate| candidate.city.division)
        .collect();
    let stages: Vec<(&str, Vec<Qid>)> = match config.distractors {
        DistractorPolicy::Paper => vec![("pool", of_pool.into_iter().collect())],
        DistractorPolicy::Hard => {
            let country = atlas.divisions.get(&city.country).into_iter().flatten();
            let fitting = country.copied().filter(|&division| {
                atlas
                    .given_away(city.city, city.country, division, catalogue)
                    .is_none()
            });
            // Berlin and Vienna are divisions too, and never right: who sees that, guesses better.
            let (with_cities, without): (Vec<Qid>, Vec<Qid>) =
                fitting.partition(|division| of_pool.contains(division));
            vec![
                ("country", with_cities),
                ("country without cities", without),
                ("other countries", of_pool.into_iter().collect()),
            ]
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
    let mut from_elsewhere = 0;
    for (stage, candidates) in stages {
        for division in draw::shuffle(candidates, config.seed, &["xgeo", &purpose, stage]) {
            let differs =
                |&other: &Qid| division != other && !catalogue.read_the_same(division, other);
            if choices.len() < wanted
                && !namesakes.contains(&division)
                && choices.iter().chain([&city.division]).all(differs)
            {
                choices.push(division);
                from_elsewhere += usize::from(stage == "other countries");
            }
        }
    }
    if choices.len() < wanted {
        return Err(DatasetError::TooFewChoices {
            dataset: super::DATASET.name,
            item: format!("city {}", city.city),
            found: choices.len(),
            needed: wanted,
        });
    }
    Ok(DrawnDistractors {
        exception: (from_elsewhere > 0)
            .then(|| format!("{from_elsewhere} of {wanted} wrong choices lie in another country")),
        choices,
    })
}
