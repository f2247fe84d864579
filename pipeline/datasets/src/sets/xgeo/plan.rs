//! Which cities are asked about.

use super::{DATASET, distractors};
use crate::facts::{BuildInputs, Catalogue, Choice, DatasetPlan, Item, PlaceNames};
use crate::languages::size_classes;
use crate::wikidata::{City, Division};
use crate::{BuildReport, DatasetError, DatasetsConfig, Exception};
use clika_base::types::{Language, Qid};
use std::collections::{BTreeMap, BTreeSet};

/// Selects cities and draws their wrong choices.
pub(super) fn plan(
    sources: &BuildInputs,
    languages: &[Language],
    config: &DatasetsConfig,
) -> Result<DatasetPlan, DatasetError> {
    let Source {
        cities,
        divisions,
        catalogue,
    } = Source::read(sources, languages)?;
    let atlas = DivisionIndex::new(&catalogue, &divisions);
    let mut report = BuildReport::default();
    let mut items = Vec::new();
    if languages.iter().all(|it| it.countries.is_empty()) {
        return Err(DatasetError::NoCountry {
            dataset: DATASET.name,
        });
    }
    // A country may serve several languages, and no city is drawn twice.
    let mut drawn_cities = BTreeSet::new();
    for language in languages {
        if language.countries.is_empty() {
            report.exceptions.push(Exception::of_language(
                language,
                "has no country: it is asked about the cities of the others, and has none of its own",
            ));
            continue;
        }
        let free: Vec<&City> = cities
            .iter()
            .filter(|it| !drawn_cities.contains(&it.city))
            .collect();
        let (pool, left_out) = pool(language, &free, &catalogue, &atlas);
        report.candidates.insert(language.code.clone(), pool.len());
        let sitelinks = pool
            .iter()
            .any(|candidate| candidate.city.sitelinks.is_some());
        report.ranking.insert(
            language.code.clone(),
            if sitelinks {
                "population, then sitelinks".to_owned()
            } else {
                "population".to_owned()
            },
        );
        let selection = select(language, &pool, config);
        if selection.len() < config.number(&super::SETTINGS, "cities_per_language") {
            let own = cities
                .iter()
                .filter(|it| language.countries.contains(&it.country));
            let taken = own.filter(|it| drawn_cities.contains(&it.city)).count();
            return Err(DatasetError::TooFew {
                dataset: DATASET.name,
                language: language.code.clone(),
                what: "cities",
                found: selection.len(),
                needed: config.number(&super::SETTINGS, "cities_per_language"),
                left_out: match taken {
                    0 => Exception::summary(&left_out),
                    taken => format!(
                        "{}; {taken} cities are asked about for other languages already",
                        Exception::summary(&left_out)
                    ),
                },
            });
        }
        report.left_out.extend(left_out);
        let sparse = sparse_countries(language, &selection, &catalogue, config);
        report.exceptions.extend(sparse);
        for choice in &selection {
            let city = choice.candidate.city;
            drawn_cities.insert(city.city);
            report.exceptions.extend(
                choice
                    .exceptions
                    .iter()
                    .map(|reason| catalogue.exception(language, city.city, reason.clone())),
            );
            let drawn = distractors::divisions(city, &atlas, &pool, &catalogue, config)?;
            if let Some(reason) = drawn.exception {
                report
                    .exceptions
                    .push(catalogue.exception(language, city.city, reason));
            }
            let right = Choice::Entity(city.division);
            let wrong = drawn.choices.into_iter().map(Choice::Entity);
            items.push(Item {
                id: format!("xgeo-{}", city.city),
                relation: super::DIVISION,
                origin_language: language.code.clone(),
                entity: city.city,
                sex: None,
                country: city.country,
                cluster_id: city.division,
                choices: [right].into_iter().chain(wrong).collect(),
                label: 0,
            });
        }
    }
    Ok(DatasetPlan {
        items,
        languages: Vec::new(),
        labels: catalogue.labels,
        report,
    })
}

/// Inhabitants that make a city; every language that takes part says it.
fn min_population(language: &Language) -> u64 {
    let section = language.section(super::QUESTION.name);
    section.map_or(0, |it| it.number("min_population") as u64)
}

/// What the snapshot knows.
struct Source<'a> {
    cities: Vec<City>,
    divisions: Vec<Division>,
    catalogue: Catalogue<'a>,
}

impl<'a> Source<'a> {
    /// Reads cities, divisions and labels; every country has to have a label in every language.
    fn read(sources: &BuildInputs, languages: &'a [Language]) -> Result<Self, DatasetError> {
        let countries = size_classes(languages);
        let cities = sources
            .snapshot
            .cities(&sources.query("cities.rq")?, countries.iter().copied())?;
        let divisions = sources.snapshot.divisions(
            &sources.query("divisions.rq")?,
            countries.iter().map(|(country, _)| *country),
        )?;
        let countries: BTreeSet<Qid> = countries.into_iter().map(|(country, _)| country).collect();
        let entities: BTreeSet<Qid> = countries
            .iter()
            .copied()
            .chain(divisions.iter().map(|division| division.division))
            .chain(cities.iter().map(|city| city.city))
            .collect();
        let catalogue = Catalogue {
            languages,
            labels: sources
                .snapshot
                .labels(&sources.query("labels.rq")?, &entities)?,
        };
        let of_divisions = divisions.iter().map(|it| it.division).collect();
        let of_cities = cities.iter().map(|it| it.city).collect();
        let places = [("divisions", of_divisions), ("cities", of_cities)];
        catalogue.check_countries(DATASET.name, &countries, &places)?;
        Ok(Self {
            cities,
            divisions,
            catalogue,
        })
    }
}

/// The divisions of every country, with what their names have in common.
pub(crate) struct DivisionIndex {
    /// Divisions with a label in every language, by country.
    pub(crate) divisions: BTreeMap<Qid, Vec<Qid>>,
    /// One entry a language, in the order of the catalogue's languages.
    names: BTreeMap<Qid, Vec<PlaceNames>>,
}

impl DivisionIndex {
    fn new(catalogue: &Catalogue<'_>, divisions: &[Division]) -> Self {
        let mut by_country = BTreeMap::<Qid, Vec<Qid>>::new();
        for division in divisions {
            if catalogue.missing(division.division).is_none() {
                by_country
                    .entry(division.country)
                    .or_default()
                    .push(division.division);
            }
        }
        let names = by_country
            .iter()
            .map(|(&country, divisions)| {
                let names = catalogue
                    .languages
                    .iter()
                    .map(|language| {
                        PlaceNames::new(
                            divisions
                                .iter()
                                .filter_map(|&division| catalogue.label(division, language)),
                        )
                    })
                    .collect();
                (country, names)
            })
            .collect();
        Self {
            divisions: by_country,
            names,
        }
    }

    /// The first language in which the city's name gives a division of its country away.
    pub(crate) fn given_away<'a>(
        &self,
        city: Qid,
        country: Qid,
        division: Qid,
        catalogue: &'a Catalogue<'_>,
    ) -> Option<&'a Language> {
        let names = self.names.get(&country)?;
        let mut languages = catalogue.languages.iter().zip(names);
        languages
            .find(|(language, names)| {
                let labels = catalogue
                    .label(city, language)
                    .zip(catalogue.label(division, language));
                labels.is_some_and(|(city, division)| names.gives_away(city, division))
            })
            .map(|(language, _)| language)
    }
}

/// A city that an item can be made of.
pub(crate) struct Candidate<'a> {
    pub(crate) city: &'a City,
    giveaway: Option<&'a Language>,
}

/// The language's cities, best first, and those that cannot be used.
fn pool<'a>(
    language: &Language,
    cities: &[&'a City],
    catalogue: &'a Catalogue<'_>,
    atlas: &DivisionIndex,
) -> (Vec<Candidate<'a>>, Vec<Exception>) {
    let mut pool = Vec::new();
    let mut left_out = Vec::new();
    let minimum = min_population(language);
    for &city in cities
        .iter()
        .filter(|city| language.countries.contains(&city.country) && city.population >= minimum)
    {
        let missing = [(city.city, "city"), (city.division, "division")]
            .into_iter()
            .find_map(|(item, what)| Some((what, item, catalogue.missing(item)?)));
        match missing {
            Some((what, item, code)) => left_out.push(catalogue.exception(
                language,
                city.city,
                format!("{what} {item} has no label in {code}"),
            )),
            None => pool.push(Candidate {
                giveaway: atlas.given_away(city.city, city.country, city.division, catalogue),
                city,
            }),
        }
    }
    pool.sort_by_key(|candidate| {
        let city = candidate.city;
        (
            std::cmp::Reverse((city.population, city.sitelinks)),
            city.city,
        )
    });
    (pool, left_out)
}

/// A chosen city and the rules that were bent for it.
struct Selected<'a, 'b> {
    candidate: &'b Candidate<'a>,
    exceptions: Vec<String>,
}

/// Chooses cities: the largest of each country first, then by rank; names that give the division
/// away only when all others are used, and more than the usual cities of one division only when no
/// other division has one left.
fn select<'a, 'b>(
    language: &Language,
    pool: &'b [Candidate<'a>],
    config: &DatasetsConfig,
) -> Vec<Selected<'a, 'b>> {
    let wanted = config.number(&super::SETTINGS, "cities_per_language");
    let mut selection = SelectedCities::default();
    for &country in &language.countries {
        let mut taken = 0;
        for candidate in pool
            .iter()
            .filter(|candidate| candidate.city.country == country)
        {
            if taken < config.number(&super::SETTINGS, "cities_per_country")
                && selection.chosen.len() < wanted
            {
                let cap = config.number(&super::SETTINGS, "cities_per_division");
                taken += usize::from(selection.take(candidate, cap, false, config));
            }
        }
    }
    for giveaway in [false, true] {
        let mut cap = config.number(&super::SETTINGS, "cities_per_division");
        loop {
            let before = selection.chosen.len();
            for candidate in pool {
                if selection.chosen.len() < wanted {
                    selection.take(candidate, cap, giveaway, config);
                }
            }
            let usable = pool
                .iter()
                .filter(|candidate| giveaway || candidate.giveaway.is_none())
                .count();
            if selection.chosen.len() == wanted || selection.chosen.len() == usable {
                break;
            }
            if selection.chosen.len() == before {
                cap += 1;
            }
        }
    }
    selection.chosen
}

/// The countries of a language with fewer cities than are wanted.
fn sparse_countries(
    language: &Language,
    selection: &[Selected<'_, '_>],
    catalogue: &Catalogue<'_>,
    config: &DatasetsConfig,
) -> Vec<Exception> {
    let wanted = config.number(&super::SETTINGS, "cities_per_country");
    let mut sparse = Vec::new();
    for &country in &language.countries {
        let of_country = selection
            .iter()
            .filter(|choice| choice.candidate.city.country == country);
        let found = of_country.count();
        if found < wanted {
            let reason = format!("{found} cities, {wanted} are wanted");
            sparse.push(catalogue.exception(language, country, reason));
        }
    }
    sparse
}

#[derive(Default)]
struct SelectedCities<'a, 'b> {
    chosen: Vec<Selected<'a, 'b>>,
    cities: BTreeSet<Qid>,
    divisions: BTreeMap<Qid, usize>,
}

impl<'a, 'b> SelectedCities<'a, 'b> {
    /// Takes a candidate if the rules allow it; whether it did.
    fn take(
        &mut self,
        candidate: &'b Candidate<'a>,
        cap: usize,
        giveaway: bool,
        config: &DatasetsConfig,
    ) -> bool {
        let city = candidate.city;
        let of_division = self.divisions.entry(city.division).or_default();
        if *of_division >= cap
            || (candidate.giveaway.is_some() && !giveaway)
            || !self.cities.insert(city.city)
        {
            return false;
        }
        *of_division += 1;
        let mut exceptions = Vec::new();
        if *of_division > config.number(&super::SETTINGS, "cities_per_division") {
            exceptions.push(format!(
                "city {of_division} of division {}: no other division has a city left",
                city.division
            ));
        }
        if let Some(language) = candidate.giveaway {
            exceptions.push(format!(
                "its name gives the division away in {}: the pool has no other city",
                language.code
            ));
        }
        self.chosen.push(Selected {
            candidate,
            exceptions,
        });
        true
    }
}
