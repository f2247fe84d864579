//! What a run's model is asked, and what its answers are worth.

use crate::{
    AnswerModes, AnswerSettings, Beside, BesideResult, Conductivity, FinetuneError, Gate,
    ModeResult, Overlap, Recall, RunResult,
    answers::{Answered, Mode, Split, right},
    asking::Asker,
    examples::longest_answer,
    results::Trained,
    run::Run,
};
use clika_datasets::FictionalRow;
use clika_lm::Decoder;

impl Run<'_> {
    /// Asks gate, test and further tests in every mode; returns the scores and all answers.
    pub(crate) fn score(
        &self,
        decoder: &Decoder,
        training: Option<Trained>,
        recall: Vec<Answered>,
    ) -> Result<(RunResult, Vec<Answered>), FinetuneError> {
        let (arm, config) = (self.arm, self.experiment.config);
        let chance = arm.chance()?;
        let model = self.experiment.model;
        let beside = arm.beside.iter().flat_map(|beside| &beside.rows);
        let rows = arm.splits.gate.iter().chain(&arm.splits.test).chain(beside);
        // A right answer has to have room.
        let longest = longest_answer(model, &config.answers.space, rows)?;
        let settings = AnswerSettings {
            max_new_tokens: config.answers.max_new_tokens.max(longest),
            ..config.answers.clone()
        };
        let asker = Asker {
            model,
            decoder,
            settings: &settings,
            stop: self.stop,
            progress: self.progress,
        };
        let name = self.name();
        let ask = |mode, split: &Split, rows: &[&FictionalRow], what: &str| {
            asker.ask(mode, split, rows, &format!("{name} {what}"))
        };
        let translations = ask(
            Mode::Free,
            &Split::Gate,
            &arm.translations(),
            "translations",
        )?;
        let mut answers = [recall.as_slice(), &translations].concat();
        let questions = [arm.source_questions(), arm.target_questions()].concat();
        let test: Vec<&FictionalRow> = arm.splits.test.iter().collect();
        let mut modes = Vec::new();
        for &mode in config.answers.modes.each() {
            let known = ask(mode, &Split::Gate, &questions, "gate")?;
            let tested = ask(mode, &Split::Test, &test, "test")?;
            let in_source = |answer: &&Answered| answer.language == arm.source.as_str();
            let source: Vec<Answered> = known.iter().filter(in_source).cloned().collect();
            let conductivity =
                |target: &[Answered]| Conductivity::new(&source, target, chance, &config.intervals);
            let mut result = ModeResult {
                mode,
                gate: Gate::new(
                    config.gate.threshold,
                    &arm.source,
                    &arm.target,
                    &translations,
                    &known,
                ),
                conductivity: conductivity(&tested),
                beside: Vec::new(),
            };
            answers.extend(known.iter().cloned());
            answers.extend(tested);
            for Beside { name, rows } in &arm.beside {
                let rows: Vec<&FictionalRow> = rows.iter().collect();
                let tested = ask(mode, &Split::Beside(name.clone()), &rows, name)?;
                result.beside.push(BesideResult {
                    name: name.clone(),
                    conductivity: conductivity(&tested),
                });
                answers.extend(tested);
            }
            modes.push(result);
        }
        let result = RunResult {
            arm: arm.name.clone(),
            source: arm.source.clone(),
            target: arm.target.clone(),
            control: arm.control.name().map(str::to_owned),
            seed: self.seed,
            training,
            recall: Recall {
                right: right(&recall),
                rows: recall.len(),
                chance,
            },
            overlap: Overlap::new(arm.translations(), &arm.target),
            max_new_tokens: settings.max_new_tokens,
            modes,
        };
        Ok((result, answers))
    }
}

impl AnswerModes {
    /// One after the other.
    const fn each(self) -> &'static [Mode] {
        match self {
            Self::Ranking => &[Mode::Ranking],
            Self::Free => &[Mode::Free],
            Self::Both => &[Mode::Ranking, Mode::Free],
        }
    }
}
