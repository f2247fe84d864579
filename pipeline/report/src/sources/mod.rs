//! What a report is made from: folders of answers, fine-tuning runs and datasets, as they are read.

mod labelled;
mod questions;
mod read;

pub use labelled::LabelledFolder;
pub(crate) use questions::Questions;
pub use read::experiments_in;

use crate::{LanguageFamily, ReportError};
use clika_audit::Audit;
use clika_base::files::Manifest;
use clika_base::types::{Language, LanguageCode, WritingDirection};
use clika_finetune::RecordedExperiment;
use clika_scores::predictions::Collection;
use clika_scores::report::{Comparison, INTERVAL_RULE, Paper, Reproduction, Uncertainty};
use std::collections::BTreeSet;

/// What to read for a report.
pub struct Inputs<'a> {
    /// Folders of recorded answers.
    pub predictions: &'a [LabelledFolder],
    /// Folders of `clika finetune`; the label is the model's name.
    pub experiments: &'a [LabelledFolder],
    /// Folders of datasets, for the questions' texts and the audit.
    pub datasets: &'a [LabelledFolder],
    /// Pairs of models to compare, by the names that the report gives them: before and after a training.
    pub compared: &'a [(String, String)],
    /// Whether the datasets are audited; it takes longer than everything else.
    pub audit: bool,
    /// How intervals are made.
    pub uncertainty: Uncertainty,
    /// The printed tables.
    pub paper: Paper,
    /// Every language that there is a file for.
    pub languages: Vec<Language>,
    /// Which languages are related.
    pub families: Vec<LanguageFamily>,
}

/// Everything that a report shows.
pub(crate) struct Sources {
    pub(crate) answers: Vec<AnswerSource>,
    pub(crate) experiments: Vec<ExperimentSource>,
    pub(crate) audits: Vec<AuditSource>,
    pub(crate) comparisons: Vec<ComparedModels>,
    /// The manifests of the datasets that were read.
    pub(crate) datasets: Vec<Manifest>,
    pub(crate) questions: Questions,
    pub(crate) uncertainty: Uncertainty,
    pub(crate) paper: Paper,
    pub(crate) languages: Vec<Language>,
    pub(crate) families: Vec<LanguageFamily>,
}

/// Recorded answers with their scores: of all folders without a name, or of those of one name.
pub(crate) struct AnswerSource {
    /// The name that was given with the folders.
    pub(crate) label: Option<String>,
    pub(crate) collection: Collection,
    pub(crate) reproduction: Reproduction,
}

/// A folder of fine-tuning runs.
pub(crate) struct ExperimentSource {
    /// The model.
    pub(crate) name: String,
    pub(crate) recorded: RecordedExperiment,
}

/// Two models on the same items.
pub(crate) struct ComparedModels {
    /// Each by the number of its source and its name there.
    pub(crate) models: [(usize, String); 2],
    pub(crate) comparison: Comparison,
}

/// A folder of datasets and what its audit found.
pub(crate) struct AuditSource {
    pub(crate) name: String,
    pub(crate) audit: Audit,
}

/// A language as the page shows it.
pub(crate) struct LanguageName<'a> {
    pub(crate) english: &'a str,
    pub(crate) own: &'a str,
    pub(crate) direction: WritingDirection,
}

impl Sources {
    /// Every model with its source and the name that it is shown under.
    pub(crate) fn models(&self) -> impl Iterator<Item = (&AnswerSource, &str, String)> {
        self.answers.iter().flat_map(|source| {
            let models = source.collection.models().into_iter();
            models.map(move |model| (source, model, source.shown(model)))
        })
    }

    /// The source with a model's answers.
    pub(crate) fn answers_of(&self, model: &str) -> Option<&AnswerSource> {
        self.answers
            .iter()
            .find(|it| it.collection.models().contains(model))
    }

    /// The languages of all answers: English, then the paper's in its order, then others.
    pub(crate) fn answered_languages(&self) -> Vec<&str> {
        let collections = self.answers.iter().map(|it| &it.collection);
        let all: BTreeSet<&str> = collections
            .flat_map(|it| it.languages().into_iter().map(LanguageCode::as_str))
            .collect();
        self.in_order(all)
    }

    /// Languages in the paper's order, then others by code.
    pub(crate) fn in_order<'a>(&self, codes: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let order = &self.paper.reference.languages;
        let place = |code: &str| order.iter().position(|it| it.as_str() == code);
        let mut codes: Vec<&str> = codes.into_iter().collect();
        codes.sort_by_key(|code| (place(code).unwrap_or(order.len()), *code));
        codes
    }

    /// A language's names; its code where there is no file for it.
    pub(crate) fn language<'a>(&'a self, code: &'a str) -> LanguageName<'a> {
        let found = self.languages.iter().find(|it| it.code.as_str() == code);
        match found {
            Some(language) => LanguageName {
                english: &language.english_name,
                own: &language.name,
                direction: language.direction,
            },
            None => LanguageName {
                english: code,
                own: code,
                direction: WritingDirection::Ltr,
            },
        }
    }

    /// A language's English name; `None` for an empty code.
    pub(crate) fn english_name<'a>(&'a self, code: &'a str) -> Option<&'a str> {
        (!code.is_empty()).then(|| self.language(code).english)
    }

    /// The intervals in words: `95 % intervals`.
    pub(crate) fn interval_words(&self) -> String {
        format!("{:.0} % intervals", 100.0 * self.uncertainty.level)
    }

    /// How intervals are made, in a sentence.
    pub(crate) fn interval_rule(&self) -> String {
        format!(
            "Intervals of {:.0} %: {INTERVAL_RULE}; {} resamples, seed {}.",
            100.0 * self.uncertainty.level,
            self.uncertainty.resamples,
            self.uncertainty.seed
        )
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.experiments.is_empty() && self.audits.is_empty()
    }
}

impl AnswerSource {
    /// The name that a model is shown under.
    pub(crate) fn shown(&self, model: &str) -> String {
        match &self.label {
            Some(label) => format!("{label}: {model}"),
            None => model.to_owned(),
        }
    }
}

impl Inputs<'_> {
    /// Reads everything.
    ///
    /// # Errors
    /// The first file that cannot be read, two runs of one name, or a comparison of a model that is not there.
    pub(crate) fn read(
        self,
        knowledge: &dyn Fn() -> Result<clika_audit::BackgroundFacts, clika_audit::AuditError>,
        progress: &dyn clika_base::types::Progress,
    ) -> Result<Sources, ReportError> {
        read::read(self, knowledge, progress)
    }
}
