//! What a run's model is asked, and what its answers are worth.

use crate::{
    AnswerMethodResult, AnswerMethods, AnswerSettings, Conductivity, ControlTest,
    ControlTestResult, FinetuneError, Gate, NameOverlap, Recall, RunResult, WrittenAnswer,
    answer_record::{AnswerMethod, AnswerRecord, Split, right},
    examples::{longest_answer, row_prompt},
    results::TrainingSummary,
    row_evaluator::RowEvaluator,
    run::ExperimentRun,
};
use clika_datasets::FictionalRow;
use clika_lm::Decoder;

impl ExperimentRun<'_> {
    /// Asks gate, test and further tests in every mode; returns the scores and all answers. `fingerprint` names the weights
    /// of `decoder`.
    pub(crate) fn score(
        &self,
        decoder: &Decoder,
        fingerprint: &str,
        training: Option<TrainingSummary>,
        recall: Vec<AnswerRecord>,
    ) -> Result<(RunResult, Vec<AnswerRecord>), FinetuneError> {
        let (pair, config) = (self.pair, self.experiment.config);
        let chance = pair.chance()?;
        let model = self.experiment.model;
        let settings = self.settings()?;
        let evaluator = RowEvaluator {
            model,
            decoder,
            fingerprint,
            settings: &settings,
            cache: self.kept,
            stop: self.stop,
            progress: self.progress,
        };
        let translations = self.ask(
            &evaluator,
            AnswerMethod::Free,
            &Split::Gate,
            &pair.translations(),
            "translations",
        )?;
        let mut answers = [recall.as_slice(), &translations].concat();
        let mut modes = Vec::new();
        for &mode in config.answers.modes.each() {
            let result = self.score_method(&evaluator, mode, &translations, &mut answers)?;
            modes.push(result);
        }
        let result = RunResult {
            pair: pair.name.clone(),
            source: pair.source.clone(),
            target: pair.target.clone(),
            control: pair.control.path_name().map(str::to_owned),
            seed: self.seed,
            training,
            recall: Recall {
                right: right(&recall),
                rows: recall.len(),
                chance,
            },
            overlap: NameOverlap::new(pair.translations(), &pair.target),
            max_new_tokens: settings.max_new_tokens,
            modes,
            written: self.written(&answers),
        };
        Ok((result, answers))
    }

    /// What the model wrote about the first tested place, in the source language and in the target language.
    fn written(&self, answers: &[AnswerRecord]) -> Vec<WrittenAnswer> {
        let pair = self.pair;
        let Some(place) = pair.splits.test.first() else {
            return Vec::new();
        };
        let source = pair.source_questions().into_iter();
        let source = source.filter(|row| row.entity == place.entity).take(1);
        let asked = |row: &FictionalRow| {
            let mut written = answers.iter().filter(|answer| {
                answer.mode == AnswerMethod::Free
                    && matches!(answer.split, Split::Gate | Split::Test)
            });
            let answer = written.find(|it| it.id == row.id && it.language == row.language)?;
            Some(WrittenAnswer {
                question: row_prompt(row),
                answer: answer.answer.trim().to_owned(),
                gold: answer.gold.clone(),
                right: answer.right,
            })
        };
        source.chain([place]).filter_map(asked).collect()
    }

    /// The settings of answers, with room for every right answer.
    fn settings(&self) -> Result<AnswerSettings, FinetuneError> {
        let (pair, answers) = (self.pair, &self.experiment.config.answers);
        let control_tests = pair
            .control_tests
            .iter()
            .flat_map(|control_tests| &control_tests.rows);
        let rows = pair
            .splits
            .gate
            .iter()
            .chain(&pair.splits.test)
            .chain(control_tests);
        let longest = longest_answer(self.experiment.model, &answers.space, rows)?;
        Ok(AnswerSettings {
            max_new_tokens: answers.max_new_tokens.max(longest),
            ..answers.clone()
        })
    }

    fn ask(
        &self,
        evaluator: &RowEvaluator<'_>,
        method: AnswerMethod,
        split: &Split,
        rows: &[&FictionalRow],
        what: &str,
    ) -> Result<Vec<AnswerRecord>, FinetuneError> {
        evaluator.ask(method, split, rows, &format!("{} {what}", self.name()))
    }

    /// Asks gate, test and further tests in a mode; adds the answers to `answers`.
    fn score_method(
        &self,
        evaluator: &RowEvaluator<'_>,
        mode: AnswerMethod,
        translations: &[AnswerRecord],
        answers: &mut Vec<AnswerRecord>,
    ) -> Result<AnswerMethodResult, FinetuneError> {
        let (pair, config) = (self.pair, self.experiment.config);
        let chance = pair.chance()?;
        let questions = [pair.source_questions(), pair.target_questions()].concat();
        let test: Vec<&FictionalRow> = pair.splits.test.iter().collect();
        let known = self.ask(evaluator, mode, &Split::Gate, &questions, "gate")?;
        let tested = self.ask(evaluator, mode, &Split::Test, &test, "test")?;
        let in_source = |answer: &&AnswerRecord| answer.language == pair.source.as_str();
        let source: Vec<AnswerRecord> = known.iter().filter(in_source).cloned().collect();
        let conductivity =
            |target: &[AnswerRecord]| Conductivity::new(&source, target, chance, &config.intervals);
        let mut result = AnswerMethodResult {
            mode,
            gate: Gate::new(
                config.gate.threshold,
                &pair.source,
                &pair.target,
                translations,
                &known,
            ),
            conductivity: conductivity(&tested),
            control_tests: Vec::new(),
        };
        answers.extend(known);
        answers.extend(tested);
        for ControlTest { name, rows } in &pair.control_tests {
            let rows: Vec<&FictionalRow> = rows.iter().collect();
            let split = Split::ControlTest(name.clone());
            let tested = self.ask(evaluator, mode, &split, &rows, name)?;
            result.control_tests.push(ControlTestResult {
                name: name.clone(),
                conductivity: conductivity(&tested),
            });
            answers.extend(tested);
        }
        Ok(result)
    }
}

impl AnswerMethods {
    /// One after the other.
    const fn each(self) -> &'static [AnswerMethod] {
        match self {
            Self::Ranking => &[AnswerMethod::Ranking],
            Self::Free => &[AnswerMethod::Free],
            Self::Both => &[AnswerMethod::Ranking, AnswerMethod::Free],
        }
    }
}
