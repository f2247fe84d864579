//! Evaluations that have ended: accuracy with intervals, and models compared on the same items.

use crate::commands::Failure;
use clika_base::types::Progress;
use clika_report::LabelledFolder;
use clika_scores::predictions::Collection;
use clika_scores::report::{
    ComparedRun, Comparison, Paper, Score, Uncertainty, compare, reproduce,
};
use std::path::Path;

/// What was asked of datasets.
#[derive(Default)]
pub(super) struct Evaluations {
    /// Accuracy of each model on each dataset and language.
    pub(super) scores: Vec<Score>,
    /// Every two models on the same items.
    pub(super) comparisons: Vec<Comparison>,
}

impl Evaluations {
    /// Reads the folders of all jobs as one.
    pub(super) fn read(
        folders: &[LabelledFolder],
        paper: &Paper,
        uncertainty: &Uncertainty,
        progress: &dyn Progress,
    ) -> Result<Self, Failure> {
        if folders.is_empty() {
            return Ok(Self::default());
        }
        let paths: Vec<&Path> = folders.iter().map(|it| it.path.as_path()).collect();
        let collection = Collection::read_all(&paths)?;
        // The paper's tables are the report's to show.
        let none = Paper {
            tables: Vec::new(),
            ..paper.clone()
        };
        let reproduction = reproduce(&collection, &none, uncertainty, progress);
        let mut scores = reproduction.scores;
        scores.retain(|it| it.metric == "accuracy");
        let models: Vec<&str> = collection.models().into_iter().collect();
        let mut comparisons = Vec::new();
        for (number, a) in models.iter().enumerate() {
            for b in &models[number + 1..] {
                let run = |model| ComparedRun::new(&collection, model);
                comparisons.push(compare(run(a), run(b), uncertainty)?);
            }
        }
        Ok(Self {
            scores,
            comparisons,
        })
    }
}
