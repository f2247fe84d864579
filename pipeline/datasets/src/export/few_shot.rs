//! Exemplars in an export.

use crate::export::{ExportError, ExportedDataset, datasets::language};
use crate::parquet::{encode_frame, file_name};
use crate::{LanguageItems, ShotPlan, Shots};
use clika_base::templates::{AnswerForm, PromptTemplate};
use clika_base::types::LanguageCode;
use polars::prelude::*;
use std::{collections::BTreeMap, io::Cursor};

/// The exemplars of a dataset whose choices have letters.
pub(crate) struct Exemplars {
    pub(crate) plan: ShotPlan,
    items: BTreeMap<LanguageCode, LanguageItems>,
}

/// A test that is asked after exemplars.
pub(crate) struct FewShotTest {
    /// How many items it has.
    pub(crate) rows: usize,
    /// Its file, without what is set aside.
    pub(crate) bytes: Vec<u8>,
    /// The exemplars as they stand in the prompt.
    pub(crate) text: String,
}

impl Exemplars {
    /// Checks a dataset, and draws its exemplars: those of a run that asks all items. `None` without `shots`, and where
    /// choices have no letters.
    pub(crate) fn of(
        dataset: &ExportedDataset,
        shots: Option<Shots>,
    ) -> Result<Option<Self>, ExportError> {
        let Some(task) = dataset.task() else {
            return Ok(None);
        };
        // Scores of languages that ask other items do not meet in one group.
        let items = dataset.0.all_items(task)?;
        let Some(shots) = shots else {
            return Ok(None);
        };
        let plan = shots.plan(dataset.name(), &items, None)?;
        Ok(Some(Self { plan, items }))
    }

    /// What becomes of the test of a config, whose file is `bytes`.
    pub(crate) fn test(
        &self,
        dataset: &ExportedDataset,
        config: &str,
        bytes: &[u8],
        prompt: &PromptTemplate,
    ) -> Result<FewShotTest, ExportError> {
        let broken = |error: PolarsError| {
            let file = file_name(config, "test");
            dataset.0.no_rows(&file, error.to_string())
        };
        let (rows, bytes) = self.asked(bytes).map_err(broken)?;
        let items = self.items.get(&language(config)?);
        let questions = items.map_or(&[][..], |items| &items.questions);
        let text = self.plan.text(questions, prompt, AnswerForm::Letter)?;
        Ok(FewShotTest { rows, bytes, text })
    }

    /// The rows of a file that are asked: how many, and a file of them.
    fn asked(&self, bytes: &[u8]) -> PolarsResult<(usize, Vec<u8>)> {
        let frame = ParquetReader::new(Cursor::new(bytes)).finish()?;
        let ids = frame.column("id")?.str()?.iter();
        let asked: BooleanChunked = ids
            .map(|id| Some(id.is_none_or(|id| self.plan.asks(id))))
            .collect();
        let mut frame = frame.filter(&asked)?;
        Ok((frame.height(), encode_frame(&mut frame)?))
    }
}
