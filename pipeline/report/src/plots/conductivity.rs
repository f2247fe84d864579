//! What crosses in fine-tuning runs: by language, by pair of languages, and by the likeness of names.

use super::{Plot, limits};
use crate::{
    figures::{
        Caption, Cell as HeatCell, Estimate, Heatmap, IntervalGroup, IntervalRow, Intervals,
        Likeness, LikenessPoint, LikenessSeries, Reference, heatmap, intervals, likeness,
    },
    sources::Sources,
    tables::{Cell, Column, Estimate as Score, Table, modes, seed},
};
use clika_finetune::{AnswerMethod, AnswerMethodResult, RunResult, ScoreEstimate};
use std::collections::{BTreeMap, BTreeSet};

const BOTH: [AnswerMethod; 2] = [AnswerMethod::Ranking, AnswerMethod::Free];

/// XRR of every run and control, with the gate's verdict.
pub(super) fn by_language(sources: &Sources) -> Option<Plot> {
    let (id, title) = ("conductivity-by-language", "What crosses, by language");
    let heads = [
        Column::text("model"),
        Column::text("answers"),
        Column::text("world"),
        Column::text("seed"),
        Column::number("chance-corrected XRR"),
        Column::text("gate"),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut groups: Vec<IntervalGroup> = Vec::new();
    for method in BOTH {
        for (name, run, mode) in modes(sources).filter(|(_, _, mode)| mode.mode == method) {
            let tests = mode.control_tests.iter();
            let tests = tests.map(|it| (format!("{} {}", run.pair, it.name), &it.conductivity));
            let own = (run.pair.clone(), &mode.conductivity);
            for (world, scores) in [own].into_iter().chain(tests) {
                let failed = !mode.gate.passed;
                let score = &scores.xrr_corrected;
                let group = format!("{name}, by {}", method.name());
                let row = IntervalRow {
                    label: match run.seed {
                        Some(seed) => format!("{world}, seed {seed}"),
                        None => world.clone(),
                    },
                    value: estimate(score),
                    failed,
                };
                match groups.iter_mut().find(|it| it.name == group) {
                    Some(found) => found.rows.push(row),
                    None => groups.push(IntervalGroup {
                        name: group,
                        rows: vec![row],
                    }),
                }
                numbers.rows.push(vec![
                    Cell::text(name),
                    Cell::text(method.name()),
                    Cell::text(world),
                    Cell::text(seed(run)),
                    Cell::Estimate(table_score(score, failed)),
                    Cell::text(if failed { "failed" } else { "passed" }),
                ]);
            }
        }
    }
    if groups.is_empty() {
        return None;
    }
    let caption = "Chance-corrected XRR with intervals over places: of the facts taught in the source language only and known \
                   there, the share that is also answered in the target language, on the scale from chance (0) to all (1). Struck \
                   out where the gate failed."
        .to_owned();
    let drawing = Intervals {
        caption: described(id, title, &caption),
        value_name: "chance-corrected XRR".to_owned(),
        range: None,
        reference: Some(Reference {
            value: 0.0,
            label: "chance".to_owned(),
        }),
        groups,
    };
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: intervals(&drawing),
        numbers,
        limits: limits::of_runs(sources),
    })
}

/// XRR by source and target language, the mean over seeds and models; ranking where there is some.
pub(super) fn by_pair(sources: &Sources) -> Option<Plot> {
    let (id, title) = (
        "conductivity-by-pair",
        "What crosses, from source to target",
    );
    // Scores of runs, and whether their gates passed, by source and target.
    type Scores = Vec<(Option<f64>, bool)>;
    let mut pairs: BTreeMap<(&str, &str), Scores> = BTreeMap::new();
    for (_, run, mode) in modes(sources) {
        let is_first = run
            .modes
            .first()
            .is_some_and(|first| first.mode == mode.mode);
        if run.control.is_none() && is_first {
            let of_pair = pairs
                .entry((run.source.as_str(), run.target.as_str()))
                .or_default();
            of_pair.push((mode.conductivity.xrr.value, mode.gate.passed));
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let rows: BTreeSet<&str> = pairs.keys().map(|(source, _)| *source).collect();
    let columns: BTreeSet<&str> = pairs.keys().map(|(_, target)| *target).collect();
    let (rows, columns) = (sources.in_order(rows), sources.in_order(columns));
    let heads = [
        Column::text("source"),
        Column::text("target"),
        Column::number("XRR"),
        Column::number("runs"),
        Column::commands(),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut cells = Vec::new();
    for source in &rows {
        let mut line = Vec::new();
        for target in &columns {
            let found = pairs.get(&(*source, *target));
            let values: Option<Vec<f64>> =
                found.and_then(|it| it.iter().map(|(value, _)| *value).collect());
            let mean = values.map(|values| values.iter().sum::<f64>() / values.len() as f64);
            let failed = found.is_some_and(|it| it.iter().any(|(_, passed)| !passed));
            line.push(HeatCell {
                value: mean,
                failed,
            });
            numbers.rows.push(vec![
                Cell::text(*source),
                Cell::text(*target),
                match found {
                    Some(_) => Cell::Estimate(Score { value: mean, digits: 3, failed, ..Score::default() }),
                    None => Cell::NotRun,
                },
                Cell::count(found.map_or(0, Vec::len)),
                Cell::command(found.is_none().then(|| {
                    format!("clika datasets fictional --source {source} --targets {target} && clika finetune --model FOLDER_OR_HUB_ID --world artifacts/datasets/fictional")
                })),
            ]);
        }
        cells.push(line);
    }
    let caption = "XRR from the language in which a world is taught (row) to the one in which it is asked about (column): the mean \
                   over models and seeds, without controls. Struck out where a gate failed."
        .to_owned();
    let drawing = Heatmap {
        caption: described(id, title, &caption),
        row_title: "taught in".to_owned(),
        column_title: "asked in".to_owned(),
        value_name: "XRR".to_owned(),
        rows: rows.iter().map(|it| (*it).to_owned()).collect(),
        columns: columns.iter().map(|it| (*it).to_owned()).collect(),
        cells,
        range: (0.0, 1.0),
        digits: 2,
    };
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: heatmap(&drawing),
        numbers,
        limits: limits::of_runs(sources),
    })
}

/// XRR against the likeness of names, with the controls as its ends.
pub(super) fn by_likeness(sources: &Sources) -> Option<Plot> {
    let (id, title) = (
        "conductivity-by-likeness",
        "What crosses, by the likeness of names",
    );
    let heads = [
        Column::text("model"),
        Column::text("answers"),
        Column::text("world"),
        Column::text("seed"),
        Column::number("likeness"),
        Column::number("chance-corrected XRR"),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut series: Vec<LikenessSeries> = Vec::new();
    // One way of answering: two would put two points on each likeness.
    let first = |run: &RunResult, mode: &AnswerMethodResult| {
        run.modes
            .first()
            .is_some_and(|first| first.mode == mode.mode)
    };
    for (name, run, mode) in modes(sources).filter(|(_, run, mode)| first(run, mode)) {
        let Some(similarity) = run.overlap.places.similarity else {
            continue;
        };
        let failed = !mode.gate.passed;
        let score = &mode.conductivity.xrr_corrected;
        let point = LikenessPoint {
            label: run.pair.clone(),
            control: run.control.is_some(),
            likeness: Some(similarity),
            value: estimate(score),
            failed,
        };
        let of_series = format!("{name}, by {}", mode.mode.name());
        match series.iter_mut().find(|it| it.name == of_series) {
            Some(found) => found.points.push(point),
            None => series.push(LikenessSeries {
                name: of_series,
                points: vec![point],
            }),
        }
        numbers.rows.push(vec![
            Cell::text(name),
            Cell::text(mode.mode.name()),
            Cell::text(run.pair.as_str()),
            Cell::text(seed(run)),
            Cell::Number(Some(similarity), 2),
            Cell::Estimate(table_score(score, failed)),
        ]);
    }
    if series.is_empty() {
        return None;
    }
    let caption = "Chance-corrected XRR against how alike a world's names are in its two languages (1 − edit distance / length, the \
                   mean over places). The controls are the ends: alias with unrelated names, cognate with equal ones. Hollow and \
                   struck out where the gate failed."
        .to_owned();
    let drawing = Likeness {
        caption: described(id, title, &caption),
        x_name: "likeness of names".to_owned(),
        y_name: "chance-corrected XRR".to_owned(),
        y_range: None,
        reference: Some(Reference {
            value: 0.0,
            label: "chance".to_owned(),
        }),
        series,
    };
    let mut limits = limits::of_runs(sources);
    limits.push(
        "Likeness counts letters. Names in another script share none, although their sounds may be alike.".to_owned(),
    );
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: likeness(&drawing),
        numbers,
        limits,
    })
}

fn described(id: &str, title: &str, caption: &str) -> Caption {
    Caption {
        prefix: id.to_owned(),
        title: title.to_owned(),
        description: caption.to_owned(),
    }
}

fn estimate(score: &ScoreEstimate) -> Option<Estimate> {
    Some(Estimate {
        value: score.value?,
        interval: score.low.zip(score.high),
    })
}

fn table_score(score: &ScoreEstimate, failed: bool) -> Score {
    Score {
        failed,
        ..Score::new(score.value, score.low, score.high, 3)
    }
}
