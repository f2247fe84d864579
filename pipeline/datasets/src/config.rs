use crate::{DatasetError, FictionalConfig, Task};
use clika_base::types::{FilePosition, LanguageCode};
use clika_base::{Section, SectionSpec, ToProjectPath, named_enum, parse_toml_with};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Fictional worlds.
    pub fictional: FictionalConfig,
    /// The settings of datasets of facts, by the name of their table.
    #[serde(skip)]
    pub sections: BTreeMap<&'static str, Section>,
}

impl DatasetsConfig {
    /// The settings of a dataset, which an experiment that was read has.
    pub(crate) fn section(&self, spec: &SectionSpec) -> &Section {
        let section = self.sections.get(spec.name);
        section.expect("an experiment has the settings of every dataset of facts")
    }

    /// A number among the settings of a dataset.
    pub(crate) fn number(&self, spec: &SectionSpec, key: &str) -> usize {
        self.section(spec).number(key)
    }

    /// Languages among the settings of a dataset.
    pub(crate) fn languages(&self, spec: &SectionSpec, key: &str) -> &[LanguageCode] {
        self.section(spec).languages(key)
    }
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
        Hard = ("hard", "Divisions of the same country, countries of the same part of the world, years that are near and plausible"),
        /// As in the paper: divisions of the language's pool, years of the whole pool, at random.
        Paper = ("paper", "At random from the whole pool, as in the paper"),
    }
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
    pub fn read(file: &(impl ToProjectPath + ?Sized)) -> Result<Self, DatasetError> {
        let file = file.to_project_path();
        let path = &file.shown();
        let text = file.text().map_err(|source| DatasetError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let invalid = |problem: String, offset: usize| DatasetError::Experiment {
            problem,
            position: FilePosition::at(path, &text, offset),
        };
        let facts = || Task::all().filter_map(|task| Some((task, task.facts()?)));
        let specs: Vec<_> = facts().map(|(_, facts)| facts.settings).collect();
        let (experiment, mut sections): (Self, _) =
            parse_toml_with(&text, &specs, Some("datasets"))
                .map_err(|error| invalid(error.problem, error.span.start))?;
        for spec in &specs {
            match (sections.contains_key(spec.name), Section::default_of(spec)) {
                (true, _) => {}
                (false, Some(default)) => drop(sections.insert(spec.name, default)),
                (false, None) => {
                    let table = text.find("[datasets]").unwrap_or(0);
                    return Err(invalid(
                        format!("missing table `[datasets.{}]`", spec.name),
                        table,
                    ));
                }
            }
        }
        let datasets = DatasetsConfig {
            sections,
            ..experiment.datasets
        };
        let experiment = Self {
            datasets,
            ..experiment
        };
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
        if let Some((task, _)) = facts().find(|(it, _)| it.choices() != datasets.choices) {
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
