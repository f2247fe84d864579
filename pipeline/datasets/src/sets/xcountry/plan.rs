//! Which cities are asked about, and the wrong countries.

use super::{COUNTRY, DATASET, SETTINGS, regions};
use crate::facts::{BuildInputs, Catalogue, Choice, DatasetPlan, Item, PlaceNames};
use crate::wikidata::City;
use crate::{
    BuildReport, DatasetError, DatasetsConfig, DistractorPolicy, Exception, draw,
    languages::size_classes,
};
use clika_base::types::{Language, Qid};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Cities of which it is disputed in what country they lie: Jerusalem.
const DISPUTED: [Qid; 1] = [Qid::new(1218)];

/// Cities whose name a well-known place in another country has that the snapshot lacks: a country would be a wrong choice and
/// right. London, Ontario; Laval in France; El Mansourah in Algeria; Brest in Belarus; towns of the United States.
const NAMESAKES: [(Qid, Qid); 14] = [
    (Qid::new(84), CANADA),
    (Qid::new(141_810), Qid::new(142)),
    (Qid::new(223_587), Qid::new(262)),
    (Qid::new(12_193), Qid::new(184)),
    (Qid::new(84), UNITED_STATES),
    (Qid::new(90), UNITED_STATES),
    (Qid::new(220), UNITED_STATES),
    (Qid::new(641), UNITED_STATES),
    (Qid::new(1_715), UNITED_STATES),
    (Qid::new(1_930), UNITED_STATES),
    (Qid::new(2_044), UNITED_STATES),
    (Qid::new(2_256), UNITED_STATES),
    (Qid::new(2_634), UNITED_STATES),
    (Qid::new(18_125), UNITED_STATES),
];
const CANADA: Qid = Qid::new(16);
const UNITED_STATES: Qid = Qid::new(30);

/// Selects cities and draws their wrong choices.
pub(super) fn plan(
    sources: &BuildInputs,
    languages: &[Language],
    config: &DatasetsConfig,
) -> Result<DatasetPlan, DatasetError> {
    if languages.iter().all(|it| it.countries.is_empty()) {
        return Err(DatasetError::NoCountry {
            dataset: DATASET.name,
        });
    }
    let classes = size_classes(languages);
    let cities = sources
        .snapshot
        .cities(&sources.query("cities.rq")?, classes.iter().copied())?;
    let countries: BTreeSet<Qid> = classes.into_iter().map(|(country, _)| country).collect();
    let entities = countries.iter().copied();
    let entities = entities.chain(cities.iter().map(|city| city.city));
    let catalogue = Catalogue {
        languages,
        labels: sources
            .snapshot
            .labels(&sources.query("labels.rq")?, &entities.collect())?,
    };
    let of_cities = cities.iter().map(|it| it.city).collect();
    catalogue.check_countries(DATASET.name, &countries, &[("cities", of_cities)])?;
    let names = CountryNames::new(&catalogue, &countries);

    let mut report = BuildReport::default();
    let mut selected: Vec<(&Language, &City)> = Vec::new();
    let mut drawn = BTreeSet::new();
    for language in languages {
        if language.countries.is_empty() {
            report.exceptions.push(Exception::of_language(
                language,
                "has no country: it is asked about the cities of the others, and has none of its own",
            ));
            continue;
        }
        let own = cities.iter().filter(|city| {
            language.countries.contains(&city.country) && !drawn.contains(&city.city)
        });
        let (pool, left_out) = pool(language, own, &catalogue, &names);
        report.candidates.insert(language.code.clone(), pool.len());
        report
            .ranking
            .insert(language.code.clone(), "population".to_owned());
        let chosen = select(language, &pool, config);
        let needed = config.number(&SETTINGS, "cities_per_language");
        if chosen.len() < needed {
            return Err(DatasetError::TooFew {
                dataset: DATASET.name,
                language: language.code.clone(),
                what: "cities",
                found: chosen.len(),
                needed,
                left_out: Exception::summary(&left_out),
            });
        }
        report.left_out.extend(left_out);
        drawn.extend(chosen.iter().map(|city| city.city));
        selected.extend(chosen.into_iter().map(|city| (language, city)));
    }

    let groups = groups(sources, &selected, config)?;
    let named = NamedCities::new(&cities, &catalogue);
    let mut items = Vec::new();
    for (language, city) in selected {
        let group = groups.iter().find(|group| group.contains(&city.country));
        let group: Vec<Qid> = group.into_iter().flatten().copied().collect();
        let wrong = wrong_countries(city, group, &named, &catalogue, config)?;
        items.push(item(language, city, wrong));
    }
    Ok(DatasetPlan {
        items,
        languages: Vec::new(),
        labels: catalogue.labels,
        report,
    })
}

/// The groups that wrong choices are drawn from: of countries that are right for some city, since others would give themselves
/// away.
fn groups(
    sources: &BuildInputs,
    selected: &[(&Language, &City)],
    config: &DatasetsConfig,
) -> Result<Vec<BTreeSet<Qid>>, DatasetError> {
    let right: BTreeSet<Qid> = selected.iter().map(|(_, city)| city.country).collect();
    if config.distractors == DistractorPolicy::Paper {
        return Ok(vec![right]);
    }
    let codes = sources.query("country_codes.rq")?;
    let codes = sources.snapshot.texts(&codes, right.iter().copied())?;
    let of_country = |country: Qid| {
        let code = codes.get(&country).cloned().unwrap_or_default();
        (country, code)
    };
    let codes = right.into_iter().map(of_country).collect();
    regions::groups(&codes, config.choices)
}

/// The item on a city; the right country stands first.
fn item(language: &Language, city: &City, wrong: Vec<Qid>) -> Item {
    let choices = [city.country].into_iter().chain(wrong);
    Item {
        id: format!("xcountry-{}", city.city),
        relation: COUNTRY,
        origin_language: language.code.clone(),
        entity: city.city,
        sex: None,
        country: city.country,
        cluster_id: city.division,
        choices: choices.map(Choice::Entity).collect(),
        label: 0,
    }
}

/// The names of all countries, one entry a language, in the order of the catalogue's languages.
struct CountryNames(Vec<PlaceNames>);

impl CountryNames {
    fn new(catalogue: &Catalogue<'_>, countries: &BTreeSet<Qid>) -> Self {
        let of_language = |language: &Language| {
            let countries = countries.iter();
            PlaceNames::new(countries.filter_map(|&it| catalogue.label(it, language)))
        };
        Self(catalogue.languages.iter().map(of_language).collect())
    }

    /// The first language in which the city's name gives its country away: "Mexico City".
    fn given_away<'a>(&self, city: &City, catalogue: &'a Catalogue<'_>) -> Option<&'a Language> {
        let mut languages = catalogue.languages.iter().zip(&self.0);
        let found = languages.find(|(language, names)| {
            let labels = catalogue
                .label(city.city, language)
                .zip(catalogue.label(city.country, language));
            labels.is_some_and(|(city, country)| names.gives_away(city, country))
        });
        found.map(|(language, _)| language)
    }
}

/// The language's cities, the largest first, and those that cannot be used.
fn pool<'a>(
    language: &Language,
    cities: impl Iterator<Item = &'a City>,
    catalogue: &Catalogue<'_>,
    names: &CountryNames,
) -> (Vec<&'a City>, Vec<Exception>) {
    let (mut pool, mut left_out) = (Vec::new(), Vec::new());
    for city in cities {
        let problem = if let Some(code) = catalogue.missing(city.city) {
            Some(format!("city {} has no label in {code}", city.city))
        } else if DISPUTED.contains(&city.city) {
            Some("in what country it lies is disputed".to_owned())
        } else {
            let language = names.given_away(city, catalogue);
            language.map(|it| format!("its name in {} gives the country away", it.code))
        };
        match problem {
            Some(reason) => left_out.push(catalogue.exception(language, city.city, reason)),
            None => pool.push(city),
        }
    }
    pool.sort_by_key(|city| (Reverse((city.population, city.sitelinks)), city.city));
    (pool, left_out)
}

/// Chooses cities: the largest of each country first, then by size.
fn select<'a>(language: &Language, pool: &[&'a City], config: &DatasetsConfig) -> Vec<&'a City> {
    let wanted = config.number(&SETTINGS, "cities_per_language");
    let of_country = config.number(&SETTINGS, "cities_per_country");
    let first = language.countries.iter().flat_map(|&country| {
        let of_this = pool.iter().filter(move |city| city.country == country);
        of_this.take(of_country)
    });
    let mut chosen: Vec<&City> = Vec::new();
    for &city in first.chain(pool) {
        if chosen.len() < wanted && !chosen.iter().any(|it| it.city == city.city) {
            chosen.push(city);
        }
    }
    chosen
}

/// The countries that have a city of a name, by language and name.
struct NamedCities<'a>(BTreeMap<(usize, &'a str), BTreeSet<Qid>>);

impl<'a> NamedCities<'a> {
    fn new(cities: &[City], catalogue: &'a Catalogue<'_>) -> Self {
        let mut named = BTreeMap::<_, BTreeSet<Qid>>::new();
        for (language, of_language) in catalogue.languages.iter().enumerate() {
            for city in cities {
                if let Some(name) = catalogue.label(city.city, of_language) {
                    let countries = named.entry((language, name)).or_default();
                    countries.insert(city.country);
                }
            }
        }
        Self(named)
    }

    /// The countries that have a city which reads the same in some language, the city's own among them.
    fn countries_of(&self, city: &City, catalogue: &Catalogue<'_>) -> BTreeSet<Qid> {
        let languages = catalogue.languages.iter().enumerate();
        let found = languages.filter_map(|(language, of_language)| {
            let name = catalogue.label(city.city, of_language)?;
            self.0.get(&(language, name))
        });
        found.flatten().copied().collect()
    }
}

/// Countries of the group that the city does not lie in, nor another city that reads the same.
fn wrong_countries(
    city: &City,
    group: Vec<Qid>,
    named: &NamedCities<'_>,
    catalogue: &Catalogue<'_>,
    config: &DatasetsConfig,
) -> Result<Vec<Qid>, DatasetError> {
    let namesakes = named.countries_of(city, catalogue);
    let wanted = config.choices - 1;
    let mut choices: Vec<Qid> = Vec::new();
    let purpose = city.city.to_string();
    for country in draw::shuffle(group, config.seed, &["xcountry", &purpose, "countries"]) {
        let differs = |&other: &Qid| country != other && !catalogue.read_the_same(country, other);
        let is_usable = !namesakes.contains(&country)
            && !NAMESAKES.contains(&(city.city, country))
            && choices.iter().chain([&city.country]).all(differs);
        if choices.len() < wanted && is_usable {
            choices.push(country);
        }
    }
    if choices.len() < wanted {
        return Err(DatasetError::TooFewChoices {
            dataset: DATASET.name,
            item: format!("city {}", city.city),
            found: choices.len(),
            needed: wanted,
        });
    }
    Ok(choices)
}
