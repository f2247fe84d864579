//! Trainings that have ended, and how their seeds differ.

use super::setting;
use clika_finetune::{AnswerMethod, FinetuneError, RecordedRun, ScoreEstimate};
use clika_grid::{Cell, GridFolder};
use serde::Serialize;
use std::collections::BTreeMap;

/// A cell with everything that was answered.
pub(super) struct TrainingCell<'a> {
    pub(super) cell: &'a Cell,
    pub(super) run: RecordedRun,
}

/// The scores of a cell by one way of reading answers.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TrainingRow {
    pub(super) cell: String,
    pub(super) setting: String,
    /// The language pair: `de`, `cognate-de`, `alias`.
    pub(super) pair: String,
    pub(super) seed: Option<u64>,
    pub(super) mode: AnswerMethod,
    /// Whether the model knows what it has to know for the scores to mean anything.
    pub(super) gate: bool,
    pub(super) places: usize,
    pub(super) target_accuracy: ScoreEstimate,
    pub(super) xrr: ScoreEstimate,
    pub(super) xrr_corrected: ScoreEstimate,
}

/// XRR over the seeds of one setting and language pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct SeedSpread {
    pub(super) setting: String,
    pub(super) pair: String,
    pub(super) mode: AnswerMethod,
    pub(super) seeds: usize,
    /// Seeds whose gate passed and whose XRR is defined; the others are not in the mean.
    pub(super) counted: usize,
    pub(super) mean: Option<f64>,
    /// The sample's standard deviation; `None` for fewer than two.
    pub(super) deviation: Option<f64>,
}

impl<'a> TrainingCell<'a> {
    pub(super) fn read(
        grid: &GridFolder,
        cell: &'a Cell,
        level: f64,
    ) -> Result<Self, FinetuneError> {
        let run = RecordedRun::read(&grid.path().join(&cell.out), level)?;
        Ok(Self { cell, run })
    }

    pub(super) fn rows(&self) -> Vec<TrainingRow> {
        let modes = self.run.result.modes.iter();
        modes
            .map(|mode| TrainingRow {
                cell: self.cell.cell.clone(),
                setting: setting(self.cell),
                pair: self.run.result.pair.clone(),
                seed: self.cell.seed,
                mode: mode.mode,
                gate: mode.gate.passed,
                places: mode.conductivity.places,
                target_accuracy: mode.conductivity.target_accuracy,
                xrr: mode.conductivity.xrr,
                xrr_corrected: mode.conductivity.xrr_corrected,
            })
            .collect()
    }
}

/// The spread over seeds of every setting and pair that has several.
pub(super) fn spreads(cells: &[TrainingCell<'_>]) -> Vec<SeedSpread> {
    let mut groups: BTreeMap<(String, String, AnswerMethod), Vec<Option<f64>>> = BTreeMap::new();
    for row in cells.iter().flat_map(TrainingCell::rows) {
        let value = row.xrr.value.filter(|_| row.gate);
        let group = groups.entry((row.setting, row.pair, row.mode)).or_default();
        group.push(value);
    }
    let several = groups.into_iter().filter(|(_, values)| values.len() > 1);
    several
        .map(|((setting, pair, mode), values)| {
            let known: Vec<f64> = values.iter().copied().flatten().collect();
            let (mean, deviation) = moments(&known);
            SeedSpread {
                setting,
                pair,
                mode,
                seeds: values.len(),
                counted: known.len(),
                mean,
                deviation,
            }
        })
        .collect()
}

/// Mean and the sample's standard deviation.
fn moments(values: &[f64]) -> (Option<f64>, Option<f64>) {
    if values.is_empty() {
        return (None, None);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
    (Some(mean), deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_none_is_none_and_one_value_has_no_deviation() {
        assert_eq!(moments(&[]), (None, None));
        assert_eq!(moments(&[0.25]), (Some(0.25), None));
        // (1, 2, 3, 6): mean 3, squares 4 + 1 + 0 + 9 = 14, 14 / 3.
        let (mean, deviation) = moments(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(mean, Some(3.0));
        assert!((deviation.unwrap() - (14.0f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
