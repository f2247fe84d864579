//! The datasets that clika knows, and what every stage needs to know about each.
//!
//! A dataset is a folder in `sets/` with a static [`Dataset`], and its name in the two lists of `sets/mod.rs`.

use crate::facts::FactsDataset;
use crate::sets::DATASETS;
use crate::texts::TextsDataset;
use clika_base::SectionSpec;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

/// A dataset, and all that is known about it before it is built.
pub struct Dataset {
    /// Its name on the command line, in paths and in files: `xgeo`.
    pub name: &'static str,
    /// Its name in texts: `xGeo`.
    pub title: &'static str,
    /// What it is about, for its card: "cities and the …".
    pub content: &'static str,
    /// What it measures.
    pub knowledge: Knowledge,
    /// How it comes about.
    pub kind: DatasetKind,
    /// How it lies in the authors' release; `None` for a dataset of ours.
    pub release: Option<ReleaseFiles>,
}

/// The paper's three groups of knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Common sense: xCSQA and xCOPA.
    Basic,
    /// Facts about the world: xGeo and xPeo.
    Factual,
    /// Made-up worlds.
    Fictional,
}

/// How a dataset comes about.
pub enum DatasetKind {
    /// Questions on entities of Wikidata.
    Facts(FactsDataset),
    /// Texts that are the same in every language.
    Texts(TextsDataset),
    /// A made-up world, which is taught and asked about.
    World,
}

/// How a dataset lies in the authors' release.
#[derive(Debug)]
pub struct ReleaseFiles {
    /// The folder: `x_geo`.
    pub folder: &'static str,
    /// The file of questions in the folder of a language, `{code}` for the language's code: `{code}_geo_data.jsonl`.
    pub file: &'static str,
    /// What a line looks like.
    pub lines: ReleaseLines,
    /// Which items are not independent.
    pub clusters: ReleaseClusters,
}

/// What a line of the release looks like.
#[derive(Clone, Copy, Debug)]
pub enum ReleaseLines {
    /// An object with `id`, `questions`, `answers`, `label` and `original_lang`; the function reads what an English
    /// question asks.
    Facts(fn(&str) -> Option<AskedFact>),
    /// A line of XCOPA.
    Copa,
    /// A line of CSQA.
    Csqa,
    /// The files of worlds.
    World,
}

/// Which items of the release are not independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseClusters {
    /// Every item stands alone.
    Each,
    /// Item i of the first half and item i of the second are on one entity.
    Halves,
    /// Items with the same right choice in English.
    Answers,
}

/// What an English question of the release asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFact {
    /// The relation, as in the rows of ours.
    pub relation: &'static str,
    /// The entity's name.
    pub entity: Option<String>,
    /// The country's name.
    pub country: Option<String>,
}

impl ReleaseFiles {
    /// The file of questions of a language.
    pub fn file_of(&self, code: &str) -> String {
        self.file.replace("{code}", code)
    }
}

impl Dataset {
    /// Every dataset, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        DATASETS.iter().copied()
    }

    /// A dataset by its name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|it| it.name == name)
    }

    /// The dataset as a task, if it is one of multiple-choice items.
    pub fn task(&'static self) -> Option<Task> {
        match self.kind {
            DatasetKind::Facts(_) | DatasetKind::Texts(_) => Some(Task(self)),
            DatasetKind::World => None,
        }
    }

    /// Its table in a language's file; `None` for a dataset without one.
    pub fn section(&self) -> Option<&'static SectionSpec> {
        match &self.kind {
            DatasetKind::Facts(facts) => Some(facts.section),
            DatasetKind::Texts(texts) => texts.section,
            // Its words are part of every language's file.
            DatasetKind::World => None,
        }
    }
}

impl PartialEq for &'static Dataset {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The tables that datasets have in languages' files, each once.
pub fn language_sections() -> Vec<&'static SectionSpec> {
    let mut sections: Vec<&SectionSpec> = Vec::new();
    for section in Dataset::all().filter_map(Dataset::section) {
        if !sections.iter().any(|it| it.name == section.name) {
            sections.push(section);
        }
    }
    sections
}

/// A dataset of multiple-choice items: xGeo, xPeo, xCOPA, xCSQA, a mini set. What is on disk is a folder: the data of a
/// task or of a made-up world.
#[derive(Clone, Copy)]
pub struct Task(&'static Dataset);

impl Task {
    /// Every task, in the registry's order.
    pub fn all() -> impl Iterator<Item = Self> {
        Dataset::all().filter_map(Dataset::task)
    }

    /// A task by its name: `xgeo`.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|it| it.name() == name)
    }

    /// The dataset.
    pub fn dataset(self) -> &'static Dataset {
        self.0
    }

    /// The task's name on the command line and in paths: `xgeo`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The number of choices of each item.
    pub fn choices(self) -> usize {
        match &self.0.kind {
            DatasetKind::Facts(facts) => facts.choices,
            DatasetKind::Texts(texts) => texts.choices,
            DatasetKind::World => 0,
        }
    }

    /// What the task is built from, if it asks about entities of Wikidata.
    pub fn facts(self) -> Option<&'static FactsDataset> {
        match &self.0.kind {
            DatasetKind::Facts(facts) => Some(facts),
            _ => None,
        }
    }

    /// What the task is built from, if it is one of texts.
    pub fn texts(self) -> Option<&'static TextsDataset> {
        match &self.0.kind {
            DatasetKind::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// Whether an item is a premise, and its question asks for the cause or the effect.
    pub fn has_premise(self) -> bool {
        self.texts().is_some_and(|texts| texts.section.is_some())
    }

    fn position(self) -> usize {
        let found = Self::all().position(|it| it.name() == self.name());
        found.unwrap_or(usize::MAX)
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Task {}

/// In the registry's order.
impl Ord for Task {
    fn cmp(&self, other: &Self) -> Ordering {
        self.position().cmp(&other.position())
    }
}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Task {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.name())
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(|it| format!("`{it}`")).collect();
            let known = known.join(", ");
            serde::de::Error::custom(format!("unknown variant `{name}`, expected one of {known}"))
        })
    }
}
