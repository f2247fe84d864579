//! An experiment as it lies on disk, for reports.

use crate::{
    AnswerRecord, ExperimentResults, FinetuneError, LogLine, RunResult,
    log::{self, LOG},
    run::{ANSWERS, RESULTS},
    similarity,
};
use clika_base::files::{ArtifactError, Manifest, recover_folder};
use clika_base::types::FilePosition;
use clika_datasets::RowKind;
use serde::de::DeserializeOwned;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// An experiment that has ended, with everything that was asked and answered.
#[derive(Clone, Debug)]
pub struct RecordedExperiment {
    /// The results over all runs.
    pub results: ExperimentResults,
    /// The runs, in the results' order.
    pub runs: Vec<RecordedRun>,
    /// What wrote it, and from what.
    pub manifest: Option<Manifest>,
}

/// A language pair with a seed.
#[derive(Clone, Debug)]
pub struct RecordedRun {
    /// Its result.
    pub result: RunResult,
    /// Every answer, before and after training.
    pub answers: Vec<AnswerRecord>,
    /// A line for each step; empty for an adapter that was given.
    pub log: Vec<LogLine>,
}

impl RecordedExperiment {
    /// Whether a folder holds an experiment that has ended.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(RESULTS).is_file() && folder.join("report.md").is_file()
    }

    /// Reads the folder that `clika finetune` has written.
    ///
    /// # Errors
    /// A file that is missing or that clika did not write, with its line.
    pub fn read(folder: &Path) -> Result<Self, FinetuneError> {
        recover_folder(folder)?;
        let path = folder.join(RESULTS);
        let results: ExperimentResults = json(&path)?;
        let level = results.config.intervals.level;
        let mut runs = Vec::new();
        for result in results.runs.iter().cloned() {
            let folder = folder.join(result.folder());
            runs.push(RecordedRun::with(result, &folder, level)?);
        }
        Ok(Self {
            results,
            runs,
            manifest: Manifest::read(folder)?,
        })
    }
}

impl RecordedRun {
    /// Reads the folder of a run that has ended, also where its experiment has not. `level` is the confidence of intervals that
    /// are made anew of a file of clika 0.2.0.
    ///
    /// # Errors
    /// A file that is missing or that clika did not write, with its line.
    pub fn read(folder: &Path, level: f64) -> Result<Self, FinetuneError> {
        Self::with(json(&folder.join(RESULTS))?, folder, level)
    }

    fn with(result: RunResult, folder: &Path, level: f64) -> Result<Self, FinetuneError> {
        Ok(Self {
            answers: answers(&folder.join(ANSWERS))?,
            log: log::read(&folder.join(LOG))?,
            result: result.with_methods(level),
        })
    }

    /// The names of a place or continent by language, as its translations give them. Records of clika 0.2.0 have that in the
    /// source language only where translations into it were asked for.
    pub fn names(&self) -> BTreeMap<&str, BTreeMap<&str, &str>> {
        let languages = [self.result.source.as_str(), self.result.target.as_str()];
        let mut names: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        for answer in self
            .answers
            .iter()
            .filter(|it| it.kind == RowKind::Translation)
        {
            let of = names.entry(&answer.entity).or_default();
            of.entry(&answer.language).or_insert(&answer.gold);
            let other = languages.into_iter().find(|it| *it != answer.language);
            if let (Some(other), Some(query)) = (other, &answer.query) {
                of.entry(other).or_insert(query);
            }
        }
        names
    }

    /// How alike an entity's two names are, as in [`NameSimilarity`](crate::NameSimilarity); `None` where one is not known.
    pub fn likeness(&self, names: &BTreeMap<&str, &str>) -> Option<f64> {
        let name = |language: &str| names.get(language);
        let (source, target) = (self.result.source.as_str(), self.result.target.as_str());
        Some(similarity(name(source)?, name(target)?))
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, FinetuneError> {
    let bytes = fs::read(path).map_err(ArtifactError::read(path))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(path, error.line(), &error))
}

fn answers(path: &Path) -> Result<Vec<AnswerRecord>, FinetuneError> {
    let text = fs::read_to_string(path).map_err(ArtifactError::read(path))?;
    let lines = text.lines().enumerate();
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| wrong(path, number + 1, &error))
        })
        .collect()
}

fn wrong(path: &Path, line: usize, error: &serde_json::Error) -> FinetuneError {
    let path: PathBuf = path.to_owned();
    FinetuneError::Recorded {
        problem: error.to_string(),
        position: FilePosition { path, line },
    }
}
