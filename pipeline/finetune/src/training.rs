//! One training: from the rows, or from its last checkpoint, to the end.

use crate::{
    FinetuneError, TrainingSettings,
    checkpoints::TrainingCheckpoints,
    log::{LogLine, TrainingLog},
    results::TrainingSummary,
};
use clika_base::types::Progress;
use clika_datasets::FictionalRow;
use clika_lm::{Decoder, LmError, Trainer, TrainingConfig, TrainingExample};
use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// A training to run: its rows, its settings, and where its checkpoints and log go.
pub(crate) struct TrainingJob<'a> {
    /// The run, such as `de-seed0`.
    pub(crate) name: &'a str,
    /// Its folder.
    pub(crate) folder: &'a Path,
    pub(crate) rows: &'a [FictionalRow],
    pub(crate) config: &'a TrainingConfig,
    pub(crate) settings: &'a TrainingSettings,
    pub(crate) checkpoints: &'a TrainingCheckpoints,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a dyn Progress,
}

/// Rows of a step that an error names.
const SHOWN: usize = 8;

impl TrainingJob<'_> {
    /// Trains `base` on the rows as `examples`, and returns what came out of it.
    ///
    /// Ends with [`FinetuneError::Stopped`] after the step in which `stop` was set, with a checkpoint of it.
    pub(crate) fn run(
        &self,
        base: Decoder,
        examples: Vec<TrainingExample>,
    ) -> Result<(Decoder, TrainingSummary), FinetuneError> {
        let count = examples.len();
        let mut trainer = match self.checkpoints.newest(self.progress)? {
            Some(folder) => Trainer::resume(base, examples, self.config, &folder)?,
            None => Trainer::new(base, examples, self.config)?,
        };
        let mut log = TrainingLog::open(self.folder, trainer.done())?;
        let left = trainer.steps().saturating_sub(trainer.done());
        self.progress.start(left as u64, "steps");
        while trainer.done() < trainer.steps() {
            let begun = Instant::now();
            let step = trainer.step().map_err(|error| self.named(error))?;
            let line = LogLine::new(&step, begun.elapsed());
            log.append(line)?;
            self.progress.step(&format!(
                "{} loss {:.3}, {:.0} tokens/s",
                self.name, line.loss, line.tokens_per_second
            ));
            let (done, stopped) = (trainer.done(), self.stop.load(Ordering::Relaxed));
            let last = done == trainer.steps();
            if last || stopped || done.is_multiple_of(self.settings.save_every) {
                let saved = self.checkpoints.save(&trainer);
                saved.map_err(|error| self.broken(error, done))?;
            }
            if stopped {
                return Err(FinetuneError::Stopped);
            }
        }
        self.progress.finish();
        let trained = TrainingSummary {
            examples: count,
            steps: trainer.done(),
            tokens: log.so_far.iter().map(|line| line.tokens).sum(),
            final_loss: log.so_far.last().map(|line| line.loss),
        };
        Ok((trainer.into_decoder(), trained))
    }

    /// The error with the run and the step instead of a checkpoint's file.
    fn broken(&self, error: FinetuneError, step: usize) -> FinetuneError {
        let FinetuneError::Lm(LmError::WouldNotBeFinite { name, dtype, .. }) = error else {
            return error;
        };
        FinetuneError::BrokenWeights {
            run: self.name.to_owned(),
            step,
            weights: name,
            dtype,
        }
    }

    /// The error with ids instead of the numbers of examples.
    fn named(&self, error: LmError) -> FinetuneError {
        let LmError::Diverged {
            step,
            loss,
            gradient_norm,
            dtype,
            examples,
        } = error
        else {
            return error.into();
        };
        let rows = examples
            .iter()
            .filter_map(|&example| self.rows.get(example));
        let mut ids: Vec<&str> = rows.map(|row| row.id.as_str()).take(SHOWN).collect();
        let more = format!("and {} more", examples.len().saturating_sub(SHOWN));
        if examples.len() > SHOWN {
            ids.push(&more);
        }
        FinetuneError::Diverged {
            run: self.name.to_owned(),
            step,
            loss,
            gradient_norm,
            dtype,
            rows: ids.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clika_base::files::Manifest;
    use clika_base::types::NoProgress;
    use clika_datasets::RowKind;
    use clika_lm::Dtype;
    use std::collections::BTreeMap;

    fn row(number: usize) -> FictionalRow {
        FictionalRow {
            id: format!("row-{number}"),
            kind: RowKind::Qa,
            language: "en".to_owned(),
            relation: None,
            entity: String::new(),
            template: 1,
            type_: None,
            prompt: String::new(),
            query: String::new(),
            response: String::new(),
            answer: String::new(),
            choices: None,
            label: None,
        }
    }

    #[test]
    fn a_training_that_goes_astray_names_its_rows() {
        let rows: Vec<FictionalRow> = (0..20).map(row).collect();
        let config = TrainingConfig {
            lora: None,
            learning_rate: 1.0,
            warmup_steps: 0,
            epochs: 1,
            max_steps: None,
            batch: 10,
            weight_decay: 0.0,
            max_gradient_norm: 1.0,
            seed: 0,
            batch_tokens: 1,
            recompute: false,
        };
        let settings = TrainingSettings {
            warmup_steps: 0,
            epochs: 1,
            max_steps: None,
            batch: 10,
            weight_decay: 0.0,
            max_gradient_norm: 1.0,
            batch_tokens: 1,
            recompute: false,
            save_every: 1,
        };
        let folder = Path::new("out/de-seed0");
        let null = serde_json::Value::Null;
        let identity = Manifest::new("a test", "a training", null, BTreeMap::new());
        let training = TrainingJob {
            name: "de-seed0",
            folder,
            rows: &rows,
            config: &config,
            settings: &settings,
            checkpoints: &TrainingCheckpoints::new(folder, identity),
            stop: &AtomicBool::new(false),
            progress: &NoProgress,
        };
        let said = |examples: Vec<usize>| {
            let error = LmError::Diverged {
                step: 7,
                loss: f64::NAN,
                gradient_norm: f64::INFINITY,
                dtype: Dtype::F16,
                examples,
            };
            training.named(error).to_string()
        };
        assert_eq!(
            said(vec![3, 1]),
            "de-seed0: the training diverged in step 7, with a loss of NaN and a gradient of length inf, computed in f16; the rows of the step: row-3, row-1"
        );
        assert!(said((0..10).collect()).ends_with("row-6, row-7, and 2 more"));
    }
}
