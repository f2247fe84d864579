//! The paper as data: `reference/paper/*.toml`.

use crate::report::ReportError;
use clika_base::types::{FilePosition, LanguageCode};
use clika_base::{ProjectPath, ToProjectPath, parse_toml};
use clika_datasets::{Knowledge, Task};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// Everything the paper prints as a number, and the names to find it by.
#[derive(Clone, Debug)]
pub struct Paper {
    /// The tables, by number.
    pub tables: Vec<PaperTable>,
    /// The models of the tables.
    pub models: Vec<PaperModel>,
    /// The languages, and what RA divides by.
    pub reference: PaperReference,
}

/// A table as the paper prints it.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "a table of the paper", deny_unknown_fields)]
pub struct PaperTable {
    /// The table's number.
    pub number: u32,
    /// What it measures.
    pub metric: Metric,
    /// On which knowledge.
    pub knowledge: TaskGroup,
    /// Whether it shows levels or changes.
    pub value: ValueKind,
    /// How its numbers are scaled.
    pub unit: Unit,
    /// The language of the case study; empty where there is none.
    pub case: String,
    /// Languages that the column "others" leaves out, by the caption.
    pub others_exclude: Vec<LanguageCode>,
    /// The rows, in printed order.
    pub rows: Vec<PaperRow>,
}

/// A row of a printed table.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "a row of a table", deny_unknown_fields)]
pub struct PaperRow {
    /// The model as printed.
    pub model: String,
    /// What else tells rows apart, such as the tuning strategy; may be empty.
    pub variant: String,
    /// The division of the table that the row stands in, from 1.
    pub block: u32,
    /// The columns of yes and no.
    pub marks: BTreeMap<String, bool>,
    /// Printed numbers by column: a language or `others`.
    #[serde(deserialize_with = "numbers")]
    pub cells: BTreeMap<String, String>,
    /// Printed ratios to the English number by column.
    #[serde(deserialize_with = "numbers")]
    pub ratios: BTreeMap<String, String>,
}

/// A model of the paper's tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "a model of the paper", deny_unknown_fields)]
pub struct PaperModel {
    /// The name used here.
    pub name: String,
    /// Every spelling in the tables.
    pub printed: Vec<String>,
    /// The release's name; empty where the release has no predictions of it. See [`PaperModel::predictions_name`].
    pub release: String,
    /// The model it was tuned from; empty for a foundation model.
    pub foundation: String,
    /// What kind of model it is.
    pub role: ModelRole,
}

/// The paper's languages, and what RA divides by.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "languages and reference accuracies", deny_unknown_fields)]
pub struct PaperReference {
    /// The languages that "others" averages, but for those that a table leaves out.
    pub languages: Vec<LanguageCode>,
    /// The reference model's accuracy in English, in 0 to 1, as the authors round it.
    pub reference_accuracy: BTreeMap<Task, f64>,
    /// The number of choices.
    pub choices: BTreeMap<Task, usize>,
}

/// What a table measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Re-scaled accuracy.
    Ra,
    /// Consistency with English.
    EnCo,
    /// Cross-retrieval ratio.
    Xrr,
}

/// The paper's groups of tasks: basic, factual and fictional knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskGroup {
    /// xCSQA and xCOPA.
    Basic,
    /// xGeo and xPeo.
    Factual,
    /// The invented worlds, which need fine-tuning runs.
    Fictional,
}

/// Whether a table shows levels or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// A model's score.
    Level,
    /// A tuned model's score minus its foundation model's.
    Change,
}

/// How numbers are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// 50.36 for a half.
    Percent,
    /// .5036 for a half.
    Fraction,
}

/// What kind of model it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelRole {
    /// Pretrained only.
    Foundation,
    /// Instruction-tuned.
    Tuned,
    /// Behind an API.
    Api,
}

impl TaskGroup {
    /// The paper's tasks whose scores are averaged; none for knowledge that needs fine-tuning runs.
    pub fn tasks(self) -> Vec<Task> {
        let is_own = |task: &Task| {
            let dataset = task.dataset();
            dataset.release.is_some() && dataset.knowledge == self.knowledge()
        };
        Task::all().filter(is_own).collect()
    }

    const fn knowledge(self) -> Knowledge {
        match self {
            Self::Basic => Knowledge::Basic,
            Self::Factual => Knowledge::Factual,
            Self::Fictional => Knowledge::Fictional,
        }
    }

    /// The group's name: `basic`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Factual => "factual",
            Self::Fictional => "fictional",
        }
    }
}

impl Unit {
    /// What a score in 0 to 1 is multiplied by to be printed.
    pub const fn scale(self) -> f64 {
        match self {
            Self::Percent => 100.0,
            Self::Fraction => 1.0,
        }
    }
}

impl PaperModel {
    /// What predictions of the model are called: its name in the release, or where that has none, the name used here.
    pub fn predictions_name(&self) -> &str {
        if self.release.is_empty() {
            &self.name
        } else {
            &self.release
        }
    }
}

impl Paper {
    /// Reads the folder. Every table has to name models that `models.toml` has.
    pub fn load(folder: &(impl ToProjectPath + ?Sized)) -> Result<Self, ReportError> {
        let folder = folder.to_project_path();
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Models {
            models: Vec<PaperModel>,
        }
        let Models { models } = parse(&folder.join("models.toml"))?;
        let reference: PaperReference = parse(&folder.join("reference.toml"))?;
        let mut tables = Vec::new();
        let entries = folder.entries().map_err(|source| ReportError::Unreadable {
            path: folder.shown(),
            source,
        })?;
        for file in entries {
            let name = file.file_name();
            if name.starts_with("table") && name.ends_with(".toml") {
                let table: PaperTable = parse(&file)?;
                for row in &table.rows {
                    if !models
                        .iter()
                        .any(|model| model.printed.contains(&row.model))
                    {
                        return Err(ReportError::Paper {
                            problem: format!(
                                "no model of models.toml is printed as `{}`",
                                row.model
                            ),
                            position: FilePosition {
                                path: file.shown(),
                                line: 1,
                            },
                        });
                    }
                }
                tables.push(table);
            }
        }
        tables.sort_by_key(|table| table.number);
        Ok(Self {
            tables,
            models,
            reference,
        })
    }

    /// The model that a table prints under a name.
    pub fn model(&self, printed: &str) -> Option<&PaperModel> {
        self.models
            .iter()
            .find(|model| model.printed.iter().any(|name| name == printed))
    }
}

/// Texts that are numbers. Each is checked on its own, so that an error points at its line.
fn numbers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct ParsedNumber(String);
    impl TryFrom<String> for ParsedNumber {
        type Error = String;
        fn try_from(text: String) -> Result<Self, String> {
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Self(text)),
                Ok(_) | Err(_) => Err(format!("`{text}` is not a number")),
            }
        }
    }
    let numbers = BTreeMap::<String, ParsedNumber>::deserialize(deserializer)?;
    let texts = numbers
        .into_iter()
        .map(|(column, ParsedNumber(text))| (column, text));
    Ok(texts.collect())
}

fn parse<T: DeserializeOwned>(file: &ProjectPath) -> Result<T, ReportError> {
    let path = file.shown();
    let text = file.text().map_err(|source| ReportError::Unreadable {
        path: path.clone(),
        source,
    })?;
    parse_toml(&text).map_err(|error| ReportError::Paper {
        position: FilePosition::at(&path, &text, error.span.start),
        problem: error.problem,
    })
}
