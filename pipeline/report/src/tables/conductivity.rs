//! Fine-tuning runs: what crossed, and whether the training worked.

use super::table::{Cell, Column, Estimate, Table};
use crate::sources::Sources;
use clika_finetune::{AnswerMethodResult, Conductivity, Prerequisite, RunResult, ScoreEstimate};

/// XRR of every run, in all forms; `None` without runs.
pub(crate) fn conductivity(sources: &Sources) -> Option<Table> {
    let heads = vec![
        Column::text("model"),
        Column::text("world"),
        Column::text("seed"),
        Column::text("answers"),
        Column::number("right in the source"),
        Column::number("right in both"),
        Column::number("places"),
        Column::number("target right"),
        Column::number("XRR"),
        Column::number("chance-corrected"),
        Column::number("equal names"),
        Column::number("likeness"),
    ];
    let mut table = Table::new("conductivity", "Conductivity: what crosses", heads);
    table.lead = "Of the places taught in the source language only. XRR: of those that the model knows in the source language, \
                  the share that it also answers in the target language, minus chance, at least 0; chance-corrected: from \
                  chance (0) to all (1). * The interval lies above chance. Struck out where the gate failed."
        .to_owned();
    for (name, run, mode) in modes(sources) {
        let tests = mode.control_tests.iter();
        let tests = tests.map(|it| (format!("{} {}", run.pair, it.name), &it.conductivity));
        for (world, scores) in [(run.pair.clone(), &mode.conductivity)]
            .into_iter()
            .chain(tests)
        {
            let mut cells = vec![
                Cell::text(name),
                Cell::text(world),
                Cell::text(seed(run)),
                Cell::text(mode.mode.name()),
            ];
            let Conductivity {
                n_source,
                n_both,
                places,
                ..
            } = *scores;
            cells.extend([n_source, n_both, places].map(Cell::count));
            cells.extend([
                estimate(&scores.target_accuracy, scores.chance, mode),
                estimate(&scores.xrr, 0.0, mode),
                estimate(&scores.xrr_corrected, 0.0, mode),
                Cell::Number(run.overlap.places.equal, 2),
                Cell::Number(run.overlap.places.similarity, 2),
            ]);
            table.rows.push(cells);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// The gate of every run; `None` without runs.
pub(crate) fn gates(sources: &Sources) -> Option<Table> {
    let heads = vec![
        Column::text("model"),
        Column::text("world"),
        Column::text("seed"),
        Column::text("answers"),
        Column::number("known before"),
        Column::number("translation"),
        Column::number("source, taught in both"),
        Column::number("source, to cross"),
        Column::number("target, taught in both"),
        Column::text("gate"),
    ];
    let mut table = Table::new(
        "gates",
        "Gates: what has to be known before anything can cross",
        heads,
    );
    for (name, run, mode) in modes(sources) {
        let share = |what: Prerequisite| {
            let checks = mode.gate.checks.iter().filter(|it| it.what == what);
            // The worse of two directions decides.
            let shares: Option<Vec<f64>> = checks.map(|it| it.share).collect();
            Cell::Number(shares.and_then(|it| it.into_iter().reduce(f64::min)), 3)
        };
        let verdict = if mode.gate.passed { "passed" } else { "failed" };
        table.rows.push(vec![
            Cell::text(name),
            Cell::text(run.pair.as_str()),
            Cell::text(seed(run)),
            Cell::text(mode.mode.name()),
            Cell::Number(run.recall.share(), 3),
            share(Prerequisite::Translation),
            share(Prerequisite::SourceTaught),
            share(Prerequisite::SourceTested),
            share(Prerequisite::TargetTaught),
            Cell::text(verdict),
        ]);
        let threshold = mode.gate.threshold;
        table.lead = format!(
            "Shares of right answers; the gate asks for more than {threshold} of each. Of translations, the worse direction. \
             Known before: what the base answered before training; chance is {}.",
            run.recall.chance
        );
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Every run with every way of answering, under its experiment's name.
pub(crate) fn modes(
    sources: &Sources,
) -> impl Iterator<Item = (&str, &RunResult, &AnswerMethodResult)> {
    sources.experiments.iter().flat_map(|it| {
        let runs = it.recorded.runs.iter().map(|run| &run.result);
        runs.flat_map(move |run| {
            run.modes
                .iter()
                .map(move |mode| (it.name.as_str(), run, mode))
        })
    })
}

/// A run's seed; a dash for an adapter that was given.
pub(crate) fn seed(run: &RunResult) -> String {
    run.seed
        .map_or_else(|| "–".to_owned(), |seed| seed.to_string())
}

fn estimate(it: &ScoreEstimate, chance: f64, mode: &AnswerMethodResult) -> Cell {
    let failed = !mode.gate.passed;
    let above = it.low.is_some_and(|low| low > chance) && !failed;
    Cell::Estimate(Estimate {
        failed,
        mark: if above { "*" } else { "" },
        ..Estimate::new(it.value, it.low, it.high, 3)
    })
}
