use crate::{DatasetError, FictionalConfig};
use clika_base::types::{FilePosition, LanguageCode, Task};
use clika_base::{named_enum, parse_toml};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// An experiment file that builds datasets: `experiments/datasets.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentFile {
    /// What to build.
    pub datasets: DatasetsConfig,
    /// Where a fresh snapshot comes from.
    pub endpoint: EndpointConfig,
    /// How xCOPA and xCSQA are translated.
    pub translation: TranslationConfig,
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
    /// Fictional worlds.
    pub fictional: FictionalConfig,
}

/// How xCOPA and xCSQA are translated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationConfig {
    /// The service that translates into each language.
    pub engines: BTreeMap<LanguageCode, TranslationEngine>,
    /// The address of LibreTranslate.
    pub libretranslate_url: String,
    /// The endpoint of the LLM.
    pub llm_endpoint: String,
    /// The model at that endpoint.
    pub llm_model: String,
}

named_enum! {
    /// A service that translates.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum TranslationEngine {
        /// DeepL's API.
        Deepl = ("deepl", "DeepL; DEEPL_AUTH_KEY"),
        /// Google Cloud Translation v3.
        Google = ("google", "Google Cloud Translation v3; GOOGLE_TRANSLATE_TOKEN and GOOGLE_CLOUD_PROJECT"),
        /// A LibreTranslate server.
        Libretranslate = ("libretranslate", "A LibreTranslate server; LIBRETRANSLATE_API_KEY if it wants one"),
        /// A language model behind an OpenAI-compatible endpoint.
        Llm = ("llm", "A language model; OPENAI_API_KEY for OpenAI, CLIKA_API_KEY for others"),
    }
}

named_enum! {
    /// How wrong choices are found.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum DistractorPolicy {
        /// Divisions of the same country; years that are close and leave a plausible age.
        Hard = ("hard", "Same country; years that are near and plausible"),
        /// As in the paper: divisions of the language's pool, years of the whole pool, at random.
        Paper = ("paper", "At random from the whole pool, as in the paper"),
    }
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

impl ExperimentFile {
    /// Reads and checks an experiment file.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = std::fs::read_to_string(path).map_err(|source| DatasetError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let invalid = |problem: String, offset: usize| DatasetError::Experiment {
            problem,
            position: FilePosition::at(path, &text, offset),
        };
        let experiment: Self =
            parse_toml(&text).map_err(|error| invalid(error.problem, error.span.start))?;
        // The key at the beginning of a line: comments name keys too.
        let line = |key: &str| {
            text.find(&format!("\n{key} "))
                .map_or(0, |newline| newline + 1)
        };
        if let Some((key, problem)) = experiment.datasets.fictional.problem() {
            return Err(invalid(problem, line(key)));
        }
        let (datasets, endpoint) = (&experiment.datasets, &experiment.endpoint);
        for (key, value, allowed) in [
            ("choices", datasets.choices as u64, 2..=26),
            (
                "cities_per_language",
                datasets.xgeo.cities_per_language as u64,
                1..=10_000,
            ),
            (
                "cities_per_division",
                datasets.xgeo.cities_per_division as u64,
                1..=10_000,
            ),
            (
                "cities_per_country",
                datasets.xgeo.cities_per_country as u64,
                0..=10_000,
            ),
            (
                "people_per_language",
                datasets.xpeo.people_per_language as u64,
                1..=10_000,
            ),
            (
                "budget_seconds_per_minute",
                endpoint.budget_seconds_per_minute,
                1..=60,
            ),
            ("timeout_seconds", endpoint.timeout_seconds, 1..=3_600),
            ("attempts", endpoint.attempts as u64, 1..=100),
            ("first_wait_seconds", endpoint.first_wait_seconds, 0..=600),
            ("cache_hours", endpoint.cache_hours, 0..=8_760),
        ] {
            if !allowed.contains(&value) {
                let problem = format!(
                    "`{key}` is {value}; it must be between {} and {}",
                    allowed.start(),
                    allowed.end()
                );
                return Err(invalid(problem, line(key)));
            }
        }
        // Another number could be built, but not evaluated.
        if let Some(task) = Task::FACTS
            .into_iter()
            .find(|it| it.choices() != datasets.choices)
        {
            let problem = format!(
                "`choices` is {}; {task} is evaluated with {} choices, as in the paper",
                datasets.choices,
                task.choices()
            );
            return Err(invalid(problem, line("choices")));
        }
        Ok(experiment)
    }
}
