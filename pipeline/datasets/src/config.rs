use crate::DatasetError;
use clika_core::{LanguageCode, Place};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An experiment file that builds datasets: `pipeline/experiments/datasets.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// What to build.
    pub datasets: DatasetsConfig,
    /// Where a fresh snapshot comes from.
    pub endpoint: EndpointConfig,
}

/// Everything that decides a dataset's content, next to templates, queries and snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetsConfig {
    /// Decides every draw.
    pub seed: u64,
    /// How wrong choices are found.
    pub distractors: DistractorPolicy,
    /// Choices of an item, the right one included.
    pub choices: usize,
    /// The xGeo task.
    pub xgeo: GeoConfig,
    /// The xPeo task.
    pub xpeo: PeopleConfig,
}

/// How wrong choices are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DistractorPolicy {
    /// As in the paper: divisions of the language's pool, years of the whole pool, at random.
    Paper,
    /// Divisions of the same country; years that are close and leave a plausible age.
    Hard,
}

/// The xGeo task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeoConfig {
    /// Cities, and so items, of every origin language.
    pub cities_per_language: usize,
    /// Cities of one division while other divisions have some left.
    pub cities_per_division: usize,
    /// Cities of each country that are taken before the rest are ranked together.
    pub cities_per_country: usize,
}

/// The xPeo task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleConfig {
    /// People of every origin language; each gives two items.
    pub people_per_language: usize,
    /// Languages that no people are taken from.
    pub languages_without_people: Vec<LanguageCode>,
}

/// A SPARQL endpoint, as the experiment file writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// The address.
    pub url: String,
    /// A mail address or a page of who runs this; empty for none.
    pub contact: String,
    /// Seconds of query time to use in a minute.
    pub budget_seconds_per_minute: u64,
    /// How long one query may take.
    pub timeout_seconds: u64,
    /// How often a query is tried.
    pub attempts: usize,
    /// The wait before the second attempt; it doubles from there.
    pub first_wait_seconds: u64,
    /// How long kept answers are used.
    pub cache_hours: u64,
}

impl Experiment {
    /// Reads and checks an experiment file.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = std::fs::read_to_string(path).map_err(|source| DatasetError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let invalid = |problem: String, offset: usize| DatasetError::Experiment {
            problem,
            place: Place::at(path, &text, offset),
        };
        let experiment: Self = toml::from_str(&text).map_err(|error| {
            invalid(
                error.message().trim_end().to_owned(),
                error.span().map_or(0, |span| span.start),
            )
        })?;
        for (key, value, least) in [
            ("choices", experiment.datasets.choices, 2),
            (
                "cities_per_language",
                experiment.datasets.xgeo.cities_per_language,
                1,
            ),
            (
                "cities_per_division",
                experiment.datasets.xgeo.cities_per_division,
                1,
            ),
            (
                "people_per_language",
                experiment.datasets.xpeo.people_per_language,
                1,
            ),
        ] {
            if value < least {
                return Err(invalid(
                    format!("`{key}` is {value}; the least that makes sense is {least}"),
                    text.find(key).unwrap_or(0),
                ));
            }
        }
        Ok(experiment)
    }
}
